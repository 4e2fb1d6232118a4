package demo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tidings-hub/tidings/demo"
	"github.com/tidings-hub/tidings/sse"
)

// The demo is a handler like any other.
func ExampleNew() {
	clocks, err := demo.New(demo.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer clocks.Close()
	server := httptest.NewServer(clocks.Handler())
	defer server.Close()

	response, err := http.Get(server.URL + "/clocks")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	seen := map[string]bool{}
	for event, err := range sse.Read(response.Body, sse.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if seen[event.Name()] = true; len(seen) == 3 {
			break
		}
	}
	fmt.Println(seen)
	// Output: map[est:true message:true pdt:true]
}
