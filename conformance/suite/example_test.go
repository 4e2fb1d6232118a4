package suite_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tidings-hub/tidings/conformance/suite"
)

// A server that answers everything with a page is no hub.
func ExampleRun() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hello")
	}))
	defer server.Close()
	var rules []suite.Rule
	for _, r := range suite.Rules() {
		if r.ID == "1.2/content-type" || r.ID == "2/page" {
			rules = append(rules, r)
		}
	}
	results, err := suite.Run(context.Background(), suite.Config{
		URL: server.URL + "/.well-known/mercure", Protocols: []suite.Protocol{suite.HTTP1},
		Dialects: []suite.Dialect{suite.Modern},
	}, rules)
	if err != nil {
		fmt.Println(err)
	}
	for _, r := range results {
		fmt.Println(r.Outcome, r.Rule, r.Why)
	}
	// Output:
	// fail 1.2 the stream is text/event-stream Content-Type is "text/plain; charset=utf-8"
	// pass 2 there is a page at the root of the hub's origin
}
