package suite_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/conformance/suite"
)

const (
	hubPath = "/.well-known/mercure"
	listed  = "https://app.example"
)

// transport is a way of serving.
type transport struct {
	name     string
	tls      bool
	protocol suite.Protocol
}

var transports = []transport{
	{"HTTP1", false, suite.HTTP1},
	{"HTTP2", true, suite.HTTP2},
	{"h2c", false, suite.HTTP2},
}

// start serves the fake hub, with mutate around it if not nil, and returns how to reach it.
func start(t *testing.T, over transport, mutate func(http.Handler) http.Handler) suite.Config {
	t.Helper()
	f := &fake{
		key: "!ChangeThisMercureHubJWTSecretKey!", issuer: "https://localhost",
		resource: "https://localhost" + hubPath, origin: listed, heartbeat: 50 * time.Millisecond,
		maxMatchers: 100, maxPattern: 4096, maxBody: 1 << 20, connections: 3, readers: map[*reader]bool{},
	}
	var h http.Handler = f
	if mutate != nil {
		h = mutate(f)
	}
	server := httptest.NewUnstartedServer(h)
	server.EnableHTTP2 = true
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetHTTP2(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	if over.tls {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	f.base = place{scheme: u.Scheme, authority: u.Host, path: hubPath}
	return suite.Config{
		URL: server.URL + hubPath, Insecure: true, Origin: listed, Protocols: []suite.Protocol{over.protocol},
		TooLarge: 2 << 20, TooManyTopics: 1001, TooLong: 128 << 10, Connections: 3, Heartbeat: 5 * time.Second,
		Timeout: 20 * time.Second,
	}
}

func TestAHubThatKeepsTheRulesPasses(t *testing.T) {
	for _, over := range transports {
		t.Run(over.name, func(t *testing.T) {
			results, err := suite.Run(t.Context(), start(t, over, nil), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Outcome != suite.Passed {
					t.Errorf("%s (%s, dialect %s): %s: %s", r.Rule, r.Rule.ID, r.Dialect, r.Outcome, r.Why)
				}
			}
		})
	}
}
