package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// TestForbiddenCharacters: line ends, NULs and what hides in text are refused wherever they stand, and never come
// back in a header.
func TestForbiddenCharacters(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		token := bearer(a.token(all, all))
		for _, c := range []string{"\r", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\u0085", "\u200b", "\u202e", "\ufeff", "\xff", "\xc0\x80"} {
			bad := url.QueryEscape("a" + c + "X-Forged: 1")
			for _, query := range []string{
				"match=" + bad, "match_exact=" + bad, "match_urlpattern=" + bad, "topic=" + bad, "topic=%7Bx%7D" + bad, "topic=ok&topic=" + bad,
			} {
				field := strings.SplitN(strings.SplitN(query, "=", 2)[0], "_", 2)[0]
				wantProblem(t, a.request(t, http.MethodGet, query, ""), 400, field)
			}
			for _, form := range []string{"topic=" + bad, "topic=a&topic=" + bad, "topic=a&id=" + bad, "topic=a&type=" + bad} {
				a.log.take()
				resp := a.request(t, http.MethodPost, "", form, token...)
				a.wantRefused(resp, 400, "", "")
			}
			// A cursor is no more than one that nobody knows.
			r := a.subscribe(t, "topic=a&last_event_id="+bad)
			if got := r.answer(); got != "earliest" {
				t.Errorf("cursor %q: the head says %q", "a"+c, got)
			}
			if r.response.Header.Get("X-Forged") != "" {
				t.Errorf("cursor %q made a header", "a"+c)
			}
			r.leave()
		}
	})
}

// TestSmuggling: what decides is said once, and two ways to say it do not differ silently.
func TestSmuggling(t *testing.T) {
	tests := []struct {
		name, query string
		field       string
	}{
		{"two cursors of one name", "topic=a&last_event_id=1&last_event_id=2", "last_event_id"},
		{"two spellings", "topic=a&lastEventID=1&Last-Event-ID=2", "last_event_id"},
		{"escaped spelling", "topic=a&lastEventID=1&last%5Fevent%5Fid=2", "last_event_id"},
		{"both dialects", "topic=a&match=b", "match"},
		{"both dialects, the other behind much else", "match=a&" + strings.Repeat("x=y&", 1000) + "topic=b", "topic"},
		{"escaped matcher", "topic=a&%4dATCH=b", "MATCH"},
		{"matcher with a bracket", "match=a&match%5B%5D=b", "match[]"},
		{"matcher with a NUL", "match=a&match%00=b", "match\x00"},
		{"two kinds of replay", "topic=a&replay=1&replay=latest", "replay"},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				wantProblem(t, s.request(t, http.MethodGet, tt.query, ""), 400, tt.field)
			})
		}
		// Parameters are separated by "&" only, and names are compared to the byte.
		for _, query := range []string{"topic=a;match=b", "topic=a&%20match=b", "topic=a&last_event_id%00=1&last_event_id=2", "topic=a&ma\u200btch=b"} {
			s.subscribe(t, query).leave()
		}
	})
}

// TestTwoCursorHeaders cannot go through the helper, which sets one.
func TestTwoCursorHeaders(t *testing.T) {
	handler, err := protocol.Handler(newHub(t, hub.Options{}), protocol.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for values, status := range map[[2]string]int{{"1", "2"}: 400, {"1", "1"}: 200, {"", "1"}: 200} {
		r := httptest.NewRequest(http.MethodHead, protocol.DefaultPath+"?topic=a&last_event_id=3", nil)
		r.Header["Last-Event-Id"] = values[:]
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != status {
			t.Errorf("%q: status %d, want %d", values, w.Code, status)
		}
	}
}

// TestManyMatchers: ten thousand patterns are counted, not compiled.
func TestManyMatchers(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		var form strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&form, "match_urlpattern=/%d/:id(a%%2B)&", i)
		}
		begun := time.Now()
		resp := s.request(t, "QUERY", "", form.String(), "Content-Type", "application/x-www-form-urlencoded")
		p := wantProblem(t, resp, 400, "match", "10000")
		if p.Limit != "Matchers" || p.Max != 100 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		if took := time.Since(begun); took > patience/6 { // compiling them takes minutes under the race detector
			t.Errorf("it took %v", took)
		}
	})
}

// TestPatternBombs: what could take forever is refused, or matched in linear time.
func TestPatternBombs(t *testing.T) {
	bombs := []string{
		`/x/:id((?:a+)+b)`,
		`/x/:id((a|a)*b)`,
		`/x/:id((?:(?:(?:a{1,100}){1,100}){1,100}))`,
		`/x/:id((?:a?){1000}a{1000})`,
		`/` + strings.Repeat("*a", 1500),
		`/` + strings.Repeat(":a/", 1000),
		`/x/:id((?=a)a)`,
		strings.Repeat("{", 4000),
		strings.Repeat("(", 4000),
		"https://" + strings.Repeat("*.", 1000) + "example/*",
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		victim := "/x/" + strings.Repeat("a", 4000)
		for i, bomb := range bombs {
			for _, param := range []string{"match_urlpattern", "topic"} {
				resp := s.request(t, http.MethodGet, "replay=latest&"+param+"="+url.QueryEscape(bomb), "")
				if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusBadRequest {
					t.Errorf("%s no. %d: %s", param, i, resp.Status)
				}
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = s.hub.Publish(context.Background(), eventlog.Update{Topics: []string{victim}, Data: "x"}, topic.All())
		}()
		wait(t, done, "publishing to where the bombs are")
		r := s.subscribe(t, "match="+victim+"&last_event_id=earliest")
		r.want("x")
	})
}

// TestPatternsTooCostlyTogether: a stream does not get a hundred patterns each of which is as costly as one may be.
func TestPatternsTooCostlyTogether(t *testing.T) {
	tests := []struct {
		param, field string
		value        func(i int) string
	}{
		{"topic", "topic", func(i int) string { return fmt.Sprint("/x/", strings.Repeat("{+a}", 100), i) }},
		{"match_urlpattern", "match", func(i int) string { return fmt.Sprintf("/x/:id((?:a|b|[a-z]){1,200}%d)", i) }},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			query := func(n int) string {
				values := url.Values{}
				for i := range n {
					values.Add(tt.param, tt.value(i))
				}
				return values.Encode()
			}
			wantProblem(t, s.request(t, http.MethodGet, query(100), ""), 400, tt.field, "too costly", "together")
			s.subscribe(t, query(2)).leave()
		}
	})
}

// TestNarrowedToken: a replay is judged by the token that asks for it, not by what was true when it was published.
func TestNarrowedToken(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		wide := a.subscribe(t, "match=a&match=b", bearer(a.token(nil, []string{"a", "b"}))...)
		for _, form := range []string{"topic=a&data=a1", "topic=a&data=a2&private", "topic=b&data=b1&private", "topic=a&topic=b&data=ab&private"} {
			a.post(t, form, bearer(a.token(all, nil))...)
		}
		first := wide.next()
		wide.want("a2", "b1", "ab")
		for _, query := range []string{
			"last_event_id=" + url.QueryEscape(first.ID), "last_event_id=earliest", "last_event_id=unknown", "replay=10", "replay=latest",
		} {
			for _, token := range []string{a.token(nil, []string{"b"}), a.legacy(nil, []string{"b"})} {
				narrow := a.subscribe(t, "match=a&match=b&match=end&"+query, bearer(token)...)
				var got []string
				a.post(t, "topic=end&data=end", bearer(a.token(all, nil))...)
				for e := narrow.next(); e.Data != "end"; e = narrow.next() {
					if e.Data != "a1" {
						got = append(got, e.Data)
					}
				}
				for _, data := range got {
					if data == "a2" {
						t.Errorf("%s: a private update reached a reader whose token was narrowed: %q", query, got)
					}
				}
				if !strings.Contains(strings.Join(got, " "), "ab") {
					t.Errorf("%s: got %q", query, got)
				}
				narrow.leave()
			}
		}
	})
}

// TestForeignIdentityToken: a token of a trusted issuer that was not made for this hub grants nothing, whatever it says.
func TestForeignIdentityToken(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		legacyByIssuer := a.sign(a.modern, auth.Claims{
			Dialect: auth.Legacy, Issuer: issuer, Audience: []string{"some client"}, Expires: time.Now().Add(time.Hour),
			Publish: all, Subscribe: all,
		})
		a.wantRefused(a.request(t, http.MethodPost, "", "topic=a", bearer(legacyByIssuer)...), 401, "invalid_token", "issuer", legacyByIssuer)
		foreign := a.token(all, all, func(c *auth.Claims) { c.Audience = []string{"https://other.example"} })
		a.wantRefused(a.request(t, http.MethodGet, "topic=a", "", bearer(foreign)...), 401, "invalid_token", "audience", foreign)
		long := strings.Repeat("a", 900_000)
		if resp, err := a.do(t.Context(), http.MethodPost, "", "topic=a", bearer(long)...); err == nil {
			resp.Body.Close()
			if resp.StatusCode < 400 {
				t.Errorf("a token of 900 kB: %s", resp.Status)
			}
		}
	})
}

// TestRedactQuery: no spelling of a parameter hides a token from the log's censor.
func TestRedactQuery(t *testing.T) {
	tests := []struct{ query, want string }{
		{"", ""},
		{"topic=a", "topic=a"},
		{"authorization=s", "authorization=REDACTED"},
		{"topic=a&authorization=s&b=c", "topic=a&authorization=REDACTED&b=c"},
		{"authorization=s&authorization=t", "authorization=REDACTED&authorization=REDACTED"},
		{"%61uthorization=s", "%61uthorization=REDACTED"},
		{"Authorization=s", "Authorization=REDACTED"},
		{"access_token=s=t", "access_token=REDACTED"},
		{"authorization", "authorization"},
		{"&&authorizations=x", "&&authorizations=x"},
	}
	for _, tt := range tests {
		if got := protocol.RedactQuery(tt.query); got != tt.want {
			t.Errorf("RedactQuery(%q) = %q, want %q", tt.query, got, tt.want)
		}
	}
}
