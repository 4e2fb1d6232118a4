package protocol_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/protocol"
)

func TestLoopbackHost(t *testing.T) {
	tests := []struct {
		host string
		ok   bool
	}{
		{"localhost", true},
		{"localhost:8080", true},
		{"LocalHost:8080", true},
		{"localhost.:8080", true},
		{"app.localhost:8080", true},
		{"a.b.localhost", true},
		{"127.0.0.1", true},
		{"127.0.0.1:8080", true},
		{"127.1.2.3:8080", true},
		{"[::1]", true},
		{"[::1]:8080", true},
		{"[::ffff:127.0.0.1]:8080", true},
		{"example.com", false},
		{"example.com:8080", false},
		{"localhost.example.com", false},
		{"notlocalhost", false},
		{"127.0.0.1.example.com", false},
		{"128.0.0.1", false},
		{"0.0.0.0:8080", false},
		{"192.168.0.1", false},
		{"[::]:8080", false},
		{"[::2]:8080", false},
		{"[fe80::1]", false},
	}
	run(t, func(t *testing.T, m mode) {
		url, transport := listen(t, m, protocol.LoopbackHost(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "served")
		})))
		for _, tt := range tests {
			t.Run(tt.host, func(t *testing.T) {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = tt.host
				resp, err := transport.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				if tt.ok {
					if body := readAll(t, resp); body != "served" {
						t.Errorf("%s %s", resp.Status, body)
					}
					return
				}
				wantProblem(t, resp, http.StatusMisdirectedRequest, "Host", tt.host)
			})
		}
	})
}

func TestLoopbackOrigin(t *testing.T) {
	tests := []struct {
		origin string
		want   bool
	}{
		{"http://localhost", true},
		{"http://localhost:5173", true},
		{"https://localhost:8443", true},
		{"http://app.localhost:3000", true},
		{"http://127.0.0.1:8080", true},
		{"http://127.9.9.9", true},
		{"http://[::1]:8080", true},
		{"", false},
		{"null", false},
		{"localhost", false},
		{"//localhost", false},
		{"file://localhost", false},
		{"ftp://localhost", false},
		{"http://example.com", false},
		{"http://localhost.example.com", false},
		{"http://example.com:80/localhost", false},
		{"http://localhost/", false},
		{"http://localhost?x", false},
		{"http://user@localhost", false},
		{"http://example.com#@localhost", false},
		{"http://[::1", false},
		{"http://[fe80::1%25lo]", false},
	}
	for _, tt := range tests {
		if got := protocol.LoopbackOrigin(tt.origin); got != tt.want {
			t.Errorf("LoopbackOrigin(%q) = %v", tt.origin, got)
		}
	}
}

// TestRebinding: what keeps a rebound name out is the host, since its pages are of the hub's own origin.
func TestRebinding(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		h, err := protocol.Handler(s.hub, protocol.Options{Authorizer: protocol.AllowAll(), AllowOrigin: protocol.LoopbackOrigin})
		if err != nil {
			t.Fatal(err)
		}
		url, transport := listen(t, m, protocol.LoopbackHost(h))
		post := func(host, origin string) *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("topic=a"))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", origin)
			resp, err := transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		wantProblem(t, post("rebound.example", "http://rebound.example"), http.StatusMisdirectedRequest, "Host")
		wantProblem(t, post("localhost", "http://rebound.example"), http.StatusForbidden, "Origin")
		if resp := post("localhost", "http://localhost:5173"); resp.StatusCode != http.StatusOK {
			t.Errorf("%s", resp.Status)
		}
	})
}
