package protocol_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

const friend = "https://app.example"

func serveFriend(t *testing.T, m mode) *server {
	t.Helper()
	return serve(t, m, hub.Options{}, protocol.Options{
		Authorizer:  protocol.AllowAll(),
		AllowOrigin: func(origin string) bool { return origin == friend },
	})
}

func wantHeaders(t *testing.T, resp *http.Response, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := resp.Header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

func TestForeignPageReads(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serveFriend(t, m)
		allowed := map[string]string{
			"Access-Control-Allow-Origin":      friend,
			"Access-Control-Allow-Credentials": "true",
			"Access-Control-Expose-Headers": "Link, Mercure-Last-Event-ID, Last-Event-ID, Accept-Query, ETag, Idempotency-Replayed, Retry-After, " +
				"WWW-Authenticate, X-Request-Id",
			"Vary": "Origin",
		}
		r := s.subscribe(t, "topic=a", "Origin", friend)
		wantHeaders(t, r.response, allowed)
		resp := s.request(t, http.MethodGet, "", "", "Origin", friend)
		wantHeaders(t, resp, allowed) // so that the page can read what is wrong
		wantProblem(t, resp, http.StatusBadRequest, "topic")

		for _, origin := range []string{"https://other.example", "null", friend + ".other.example", "HTTPS://APP.EXAMPLE"} {
			r := s.subscribe(t, "topic=a", "Origin", origin)
			wantHeaders(t, r.response, map[string]string{
				"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "",
				"Access-Control-Expose-Headers": "", "Vary": "Origin",
			})
		}
		r = s.subscribe(t, "topic=a")
		wantHeaders(t, r.response, map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"})
	})
}

func TestPreflight(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serveFriend(t, m)
		resp := s.request(t, http.MethodOptions, "", "", "Origin", friend,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,last-event-id")
		if resp.StatusCode != http.StatusNoContent {
			t.Errorf("%s", resp.Status)
		}
		wantHeaders(t, resp, map[string]string{
			"Access-Control-Allow-Origin":      friend,
			"Access-Control-Allow-Credentials": "true",
			"Access-Control-Allow-Methods":     "GET, HEAD, OPTIONS, POST, QUERY",
			"Access-Control-Max-Age":           "7200",
			"Vary":                             "Origin",
		})
		headers := strings.Split(resp.Header.Get("Access-Control-Allow-Headers"), ", ")
		for _, name := range []string{"Authorization", "Last-Event-ID", "Content-Type", "Cache-Control"} {
			if !slices.Contains(headers, name) {
				t.Errorf("header %s is not allowed: %v", name, headers)
			}
		}
		resp = s.request(t, http.MethodOptions, "", "", "Origin", "https://other.example", "Access-Control-Request-Method", "GET")
		wantProblem(t, resp, http.StatusForbidden, "Origin", "https://other.example")
		wantHeaders(t, resp, map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Methods": ""})
	})
}

// TestForeignPagePublishes: a browser sends a form across origins without asking first, so the hub must refuse.
func TestForeignPagePublishes(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		for _, withList := range []bool{true, false} {
			s := serveFriend(t, m)
			if !withList {
				s = open(t, m)
			}
			r := s.subscribe(t, "topic=a")
			u, err := url.Parse(s.url)
			if err != nil {
				t.Fatal(err)
			}
			tests := []struct {
				name    string
				header  []string
				allowed bool
			}{
				{"no browser", nil, true},
				{"own page", []string{"Origin", u.Scheme + "://" + u.Host}, true},
				{"own page, modern", []string{"Origin", u.Scheme + "://" + u.Host, "Sec-Fetch-Site", "same-origin"}, true},
				{"listed page", []string{"Origin", friend}, withList},
				{"listed page, modern", []string{"Origin", friend, "Sec-Fetch-Site", "cross-site"}, withList},
				{"foreign page", []string{"Origin", "https://other.example"}, false},
				{"foreign page, modern", []string{"Origin", "https://other.example", "Sec-Fetch-Site", "cross-site"}, false},
				{"foreign page of the same site", []string{"Origin", "https://other.example", "Sec-Fetch-Site", "same-site"}, false},
				{"sandboxed page", []string{"Origin", "null"}, false},
				{"origin is withheld", []string{"Sec-Fetch-Site", "cross-site"}, false},
			}
			for _, tt := range tests {
				if tt.allowed {
					s.post(t, "topic=a&data="+url.QueryEscape(tt.name), tt.header...)
					r.want(tt.name)
					continue
				}
				resp := s.request(t, http.MethodPost, "", "topic=a&data=forged", tt.header...)
				wantProblem(t, resp, http.StatusForbidden, "Origin", "not allowed")
			}
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "the end"})
			r.want("the end") // and nothing that was forged
		}
	})
}
