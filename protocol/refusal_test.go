package protocol_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/protocol"
)

// TestEveryRefusalIsLogged: once, at the level that its kind has, with the id that the answer has, and without the
// query.
func TestEveryRefusalIsLogged(t *testing.T) {
	tests := []struct {
		name, method, query, body string
		header                    []string
		status                    int
		level                     string
	}{
		{"bad parameter", "GET", "matchx=hidden", "", nil, 400, "DEBUG"},
		{"bad parameter, HEAD", "HEAD", "matchx=hidden", "", nil, 400, "DEBUG"},
		{"no token", "POST", "", "topic=a", nil, 401, "INFO"},
		{"bad token", "POST", "", "topic=a", bearer("hidden"), 401, "INFO"},
		{"bad token in the query", "GET", "topic=a&authorization=hidden", "", nil, 401, "INFO"},
		{"malformed presentation", "POST", "", "topic=a", []string{"Authorization", "Bearer hidden hidden"}, 400, "INFO"},
		{"method", "DELETE", "topic=a", "", nil, 405, "DEBUG"},
		{"foreign preflight", "OPTIONS", "", "", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, 403, "INFO"},
		{"foreign page", "POST", "", "topic=a", []string{"Origin", "https://evil.example"}, 403, "INFO"},
		{"type of a QUERY", "QUERY", "", "topic=a", []string{"Content-Type", "text/plain"}, 415, "DEBUG"},
	}
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				resp := a.request(t, tt.method, tt.query, tt.body, tt.header...)
				id := resp.Header.Get("X-Request-Id")
				if tt.method != http.MethodHead {
					id = readProblem(t, resp, tt.status).RequestID
				}
				logged := a.log.take()
				if len(logged) != 1 || resp.StatusCode != tt.status {
					t.Fatalf("%s, logged %v", resp.Status, logged)
				}
				got := logged[0]
				if id == "" || got["request"] != id || got["level"] != tt.level || got["method"] != tt.method ||
					got["path"] != protocol.DefaultPath || got["client"] != "127.0.0.1" || got["error"] == "" {
					t.Errorf("request %q is logged as %v", id, got)
				}
				for name, value := range got {
					if strings.Contains(value, "hidden") && !strings.Contains(tt.query, "matchx") {
						t.Errorf("the log shows the token as %s: %q", name, value)
					}
					if strings.Contains(value, "authorization=") || strings.Contains(value, "matchx=") {
						t.Errorf("the log shows the query as %s: %q", name, value)
					}
				}
			})
		}
		a.post(t, "topic=a", bearer(a.token(all, nil))...)
		a.subscribe(t, "topic=a")
		if logged := a.log.take(); len(logged) > 0 {
			t.Errorf("what is not refused is logged: %v", logged)
		}
		resp := a.request(t, http.MethodPost, "", `{"topic":"a"}`+"\nx\n"+`{"topic":"*"}`,
			append(bearer(a.token(all, nil)), "Content-Type", ndjson)...)
		if body := readAll(t, resp); resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s", resp.Status, body)
		}
		logged := a.log.take()
		if len(logged) != 1 || logged[0]["refused"] != "2" || logged[0]["lines"] != "3" || logged[0]["first"] != "2" {
			t.Errorf("refused lines are logged as %v", logged)
		}
	})
}

// TestInvalidTokensLookAlike: the answers to tokens that are wrong in different ways differ in the request's id only.
func TestInvalidTokensLookAlike(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		other := a.sign(a.old, claimsOf(publicURL, issuer))
		first := ""
		for _, token := range []string{
			"x.y.z", a.token(all, nil, past), other, a.token([]string{"/:id(", "b"}, nil), a.sign(a.modern, claimsOf("https://x.example", issuer)),
			a.sign(a.modern, claimsOf(publicURL, "https://x.example")),
		} {
			resp := a.request(t, http.MethodPost, "", "topic=a", bearer(token)...)
			p := readProblem(t, resp, http.StatusUnauthorized)
			got := p.Detail + resp.Header.Get("WWW-Authenticate")
			if first == "" {
				first = got
			}
			if got != first {
				t.Errorf("%s, then %s", first, got)
			}
		}
		checks := map[string]bool{}
		for _, record := range a.log.take() {
			checks[record["check"]] = true
		}
		if len(checks) < 5 {
			t.Errorf("but the log tells only %v apart", checks)
		}
	})
}
