package protocol_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// TestPresentingTokens is about where a token may be, and which of several counts (protocol, section 1.5 and 1.14).
func TestPresentingTokens(t *testing.T) {
	const own = "https://hub.example"
	type request struct {
		query  string
		header []string
	}
	with := func(header ...string) request { return request{header: header} }
	tests := []struct {
		name      string
		request   func(a *authority, good, old, bad string) request
		status    int
		challenge string
		check     string
	}{
		{"header", func(_ *authority, good, _, _ string) request { return with(bearer(good)...) }, 200, "", ""},
		{"header, 0.x", func(_ *authority, _, old, _ string) request { return with(bearer(old)...) }, 200, "", ""},
		{"scheme in any case", func(_ *authority, good, _, _ string) request { return with("Authorization", "bEARER "+good) }, 200, "", ""},
		{"more blanks", func(_ *authority, good, _, _ string) request { return with("Authorization", "Bearer   "+good) }, 200, "", ""},
		{"bad token", func(_ *authority, _, _, bad string) request { return with(bearer(bad)...) }, 401, "invalid_token", "expired"},
		{"no token", func(*authority, string, string, string) request { return with() }, 401, "Bearer", ""},
		{"other scheme is no token", func(_ *authority, good, _, _ string) request { return with("Authorization", "Basic "+good) }, 401, "Bearer", ""},
		{"scheme without a token", func(*authority, string, string, string) request { return with("Authorization", "Bearer") }, 400, "invalid_request", ""},
		{"two words", func(_ *authority, good, _, _ string) request { return with("Authorization", "Bearer "+good+" x") }, 400, "invalid_request", ""},
		{"two tokens in one header", func(_ *authority, good, _, _ string) request {
			return with("Authorization", "Bearer "+good+", Bearer "+good)
		}, 400, "invalid_request", ""},
		{"characters that no token has", func(_ *authority, good, _, _ string) request {
			return with("Authorization", "Bearer "+good+"\xff")
		}, 400, "invalid_request", ""},
		{"rubbish", func(*authority, string, string, string) request { return with(bearer("a.b.c")...) }, 401, "invalid_token", "malformed"},

		{"cookie", func(_ *authority, good, _, _ string) request {
			return with(cookie(protocol.DefaultCookie, good, "Origin", own)...)
		}, 200, "", ""},
		{"cookie, 0.x", func(_ *authority, _, old, _ string) request {
			return with(cookie(protocol.DefaultLegacyCookie, old, "Origin", own)...)
		}, 200, "", ""},
		{"cookie, beside another scheme", func(_ *authority, good, _, _ string) request {
			return with(cookie(protocol.DefaultCookie, good, "Origin", own, "Authorization", "Basic eDp5")...)
		}, 200, "", ""},
		{"bad cookie", func(_ *authority, _, _, bad string) request {
			return with(cookie(protocol.DefaultCookie, bad, "Origin", own)...)
		}, 401, "invalid_token", "expired"},
		{"empty cookie is none", func(*authority, string, string, string) request {
			return with(cookie(protocol.DefaultCookie, "", "Origin", own)...)
		}, 401, "Bearer", ""},
		{"cookie of 1.0 with a token of 0.x", func(_ *authority, _, old, _ string) request {
			return with(cookie(protocol.DefaultCookie, old, "Origin", own)...)
		}, 401, "invalid_token", ""},
		{"cookie of 0.x with a token of 1.0", func(_ *authority, good, _, _ string) request {
			return with(cookie(protocol.DefaultLegacyCookie, good, "Origin", own)...)
		}, 401, "invalid_token", ""},
		{"the same cookie twice", func(_ *authority, good, _, _ string) request {
			return with("Cookie", protocol.DefaultCookie+"="+good+"; "+protocol.DefaultCookie+"="+good, "Origin", own)
		}, 200, "", ""},
		{"two cookies of a name", func(_ *authority, good, _, bad string) request {
			return with("Cookie", protocol.DefaultCookie+"="+good+"; "+protocol.DefaultCookie+"="+bad, "Origin", own)
		}, 400, "invalid_request", ""},
		{"the header beats a bad cookie", func(_ *authority, good, _, bad string) request {
			return with(cookie(protocol.DefaultCookie, bad, bearer(good)...)...)
		}, 200, "", ""},
		{"a bad header is not made good by the cookie", func(_ *authority, good, _, bad string) request {
			return with(cookie(protocol.DefaultCookie, good, append(bearer(bad), "Origin", own)...)...)
		}, 401, "invalid_token", "expired"},

		{"query, 0.x", func(_ *authority, _, old, _ string) request { return request{query: "authorization=" + old} }, 200, "", ""},
		{"query, escaped name", func(_ *authority, _, old, _ string) request { return request{query: "%61uthorization=" + old} }, 200, "", ""},
		{"query, 1.0", func(_ *authority, good, _, _ string) request { return request{query: "authorization=" + good} }, 400, "invalid_request", ""},
		{"other name in the query", func(_ *authority, good, _, _ string) request { return request{query: "access_token=" + good} }, 401, "Bearer", ""},
		{"two in the query", func(_ *authority, _, old, _ string) request {
			return request{query: "authorization=" + old + "&authorization=" + old}
		}, 400, "invalid_request", ""},
		{"empty in the query", func(*authority, string, string, string) request { return request{query: "authorization="} }, 400, "invalid_request", ""},
		{"the header beats the query", func(_ *authority, good, _, bad string) request {
			return request{query: "authorization=" + bad, header: bearer(good)}
		}, 200, "", ""},
		{"a bad header is not made good by the query", func(_ *authority, _, old, bad string) request {
			return request{query: "authorization=" + old, header: bearer(bad)}
		}, 401, "invalid_token", "expired"},
		{"the query beats the cookie", func(_ *authority, _, old, bad string) request {
			return request{query: "authorization=" + old, header: cookie(protocol.DefaultLegacyCookie, bad, "Origin", own)}
		}, 200, "", ""},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				a := serveTokens(t, m)
				good, old, bad := a.token(all, all), a.legacy(all, all), a.token(all, all, past)
				r := tt.request(a, good, old, bad)
				resp := a.request(t, http.MethodPost, r.query, "topic=a&data=x", r.header...)
				if tt.status == http.StatusOK {
					if body := readAll(t, resp); resp.StatusCode != http.StatusOK {
						t.Fatalf("%s %s", resp.Status, body)
					}
					return
				}
				a.wantRefused(resp, tt.status, tt.challenge, tt.check, good, old, bad)
			})
		}
	})
}

// TestTwoAuthorizationHeaders cannot go through the helper, which sets one.
func TestTwoAuthorizationHeaders(t *testing.T) {
	a := serveTokens(t, modeHTTP1)
	for _, values := range [][]string{
		{"Bearer " + a.token(all, all), "Bearer " + a.token(all, all)},
		{"Basic eDp5", "Bearer " + a.token(all, all)},
		{"Bearer " + a.token(all, all), ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.url, strings.NewReader("topic=a"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header["Authorization"] = values
		resp, err := a.transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		a.wantRefused(resp, 400, "invalid_request", "", values...)
		resp.Body.Close()
	}
}

func TestTokensSettings(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		t.Run("no query tokens", func(t *testing.T) {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) { tokens.NoQueryToken = true })
			token := a.legacy(all, all)
			resp := a.request(t, http.MethodGet, "topic=a&authorization="+token, "")
			a.wantRefused(resp, 400, "invalid_request", "", token)
		})
		t.Run("no cookies", func(t *testing.T) {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) { tokens.NoCookies = true })
			token := a.token(all, all)
			resp := a.request(t, http.MethodPost, "", "topic=a", cookie(protocol.DefaultCookie, token, "Origin", "https://hub.example")...)
			a.wantRefused(resp, 401, "Bearer", "", token)
		})
		t.Run("own names of cookies", func(t *testing.T) {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) { tokens.Cookie, tokens.LegacyCookie = "new", "old" })
			a.post(t, "topic=a", cookie("new", a.token(all, all), "Origin", "https://hub.example")...)
			a.post(t, "topic=a", cookie("old", a.legacy(all, all), "Origin", "https://hub.example")...)
			resp := a.request(t, http.MethodPost, "", "topic=a", cookie(protocol.DefaultCookie, a.token(all, all), "Origin", "https://hub.example")...)
			a.wantRefused(resp, 401, "Bearer", "")
		})
		t.Run("nobody anonymous", func(t *testing.T) {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) { tokens.Anonymous = false })
			for _, method := range []string{http.MethodGet, http.MethodHead, "QUERY"} {
				a.wantRefused(a.request(t, method, "topic=a", ""), 401, "Bearer", "")
			}
			r := a.subscribe(t, "topic=a", bearer(a.token(nil, []string{"x"}))...)
			a.post(t, "topic=a&data=public", bearer(a.token(all, nil))...)
			r.want("public")
		})
		t.Run("open publishing", func(t *testing.T) {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) { tokens.OpenPublish = true })
			r := a.subscribe(t, "topic=a")
			a.post(t, "topic=a&data=1")
			a.post(t, "topic=a&data=2", bearer(a.token([]string{"b"}, nil))...)
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=a", bearer(a.token(all, nil, past))...), 401, "invalid_token", "expired")
			r.want("1", "2")
		})
		t.Run("only 1.0", func(t *testing.T) {
			a := serveTokens(t, m, func(o *protocol.Options, _ *protocol.Tokens) { o.Dialect = protocol.OnlyModern })
			a.post(t, "topic=a", bearer(a.token(all, nil))...)
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=a", bearer(a.legacy(all, nil))...), 401, "invalid_token", "")
			wantProblem(t, a.request(t, http.MethodGet, "topic=a", ""), 400, "topic", "0.x")
			a.subscribe(t, "match=a")
		})
		t.Run("only 0.x", func(t *testing.T) {
			a := serveTokens(t, m, func(o *protocol.Options, _ *protocol.Tokens) { o.Dialect = protocol.OnlyLegacy })
			a.post(t, "topic=a", bearer(a.legacy(all, nil))...)
			resp := a.request(t, http.MethodPost, "", "topic=a", bearer(a.token(all, nil))...)
			wantProblem(t, resp, 401, "")
			if got := resp.Header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
				t.Errorf("WWW-Authenticate %q: hubs of 0.x have no metadata", got)
			}
			wantProblem(t, a.request(t, http.MethodGet, "match=a", ""), 400, "match", "1.0")
			a.subscribe(t, "topic=a")
		})
	})
	for _, tokens := range []protocol.Tokens{{Cookie: "a", LegacyCookie: "a"}, {Cookie: "a b"}, {LegacyCookie: "a;b"}} {
		if err := (protocol.Options{Authorizer: tokens}).Validate(); err == nil || !strings.Contains(err.Error(), "Cookie") {
			t.Errorf("%+v: %v", tokens, err)
		}
	}
}

// TestRightsOfTokens is about who may do what with a good token (section 1.4, 1.6, 1.7).
func TestRightsOfTokens(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		r := a.subscribe(t, "match=a&match=b", bearer(a.token(nil, []string{"b"}))...)
		old := a.subscribe(t, "topic=a&topic=b", bearer(a.legacy(nil, []string{"{id}"}))...)
		pattern := a.subscribe(t, "match=/x/1&match=b", bearer(a.token(nil, []string{"/x/:id"}))...)

		for name, token := range map[string]string{
			"one of two": a.token([]string{"a"}, all), "only subscribing": a.token(nil, all), "nothing": a.token(nil, nil),
			"0.x": a.legacy([]string{"a", "c{x}"}, all), "0.x, nothing": a.legacy(nil, all),
		} {
			resp := a.request(t, http.MethodPost, "", "topic=a&topic=b&data="+name, bearer(token)...)
			a.wantRefused(resp, 403, "insufficient_scope", "", token)
			// Whatever a token grants, these are malformed.
			for _, form := range []string{"topic=*", "topic=/.well-known/mercure/x", "topic=a&type=mercure", "data=x"} {
				a.wantRefused(a.request(t, http.MethodPost, "", form, bearer(token)...), 400, "", "")
			}
		}
		publisher := bearer(a.token([]string{"a", "b", "/x/:id"}, nil))
		a.post(t, "topic=a&data=secret+a&private=off", publisher...)
		a.post(t, "topic=a&topic=b&data=secret+both&private", publisher...)
		a.post(t, "topic=https://hub.example/x/1&topic=/x/1&data=secret+x&private", publisher...)
		a.post(t, "topic=b&data=public", publisher...)
		r.want("secret both", "public")
		old.want("secret a", "secret both", "public")
		pattern.want("secret x", "public")
	})
}

// TestCookiePublishing is about pages that publish by a cookie (section 1.5, CSRF).
func TestCookiePublishing(t *testing.T) {
	tests := []struct {
		name   string
		header []string
		ok     bool
	}{
		{"neither Origin nor Referer", nil, false},
		{"own page by the public URL", []string{"Origin", "https://hub.example"}, true},
		{"own page by the host", []string{"Origin", "HOST"}, true},
		{"listed page", []string{"Origin", friend}, true},
		{"foreign page", []string{"Origin", "https://evil.example"}, false},
		{"page of a name that begins so", []string{"Origin", "https://hub.example.evil.example"}, false},
		{"own host, other port", []string{"Origin", "https://hub.example:444"}, false},
		{"other scheme", []string{"Origin", "http://hub.example"}, false},
		{"sandboxed page", []string{"Origin", "null"}, false},
		{"own host of another protocol", []string{"Origin", "ftp://BARE"}, false},
		{"empty", []string{"Origin", ""}, false},
		{"Referer of an own page", []string{"Referer", "https://hub.example/a?b"}, true},
		{"Referer by the host", []string{"Referer", "HOST/a?b"}, true},
		{"Referer with the usual port", []string{"Referer", "https://hub.example:443/a"}, true},
		{"Referer of a listed page", []string{"Referer", friend + "/"}, true},
		{"foreign Referer", []string{"Referer", "https://evil.example/https://hub.example"}, false},
		{"Referer with the own host as user", []string{"Referer", "https://hub.example@evil.example/"}, false},
		{"Referer that is no URL", []string{"Referer", "https://[hub.example"}, false},
		{"Referer without a host", []string{"Referer", "/a"}, false},
		{"foreign Origin, own Referer", []string{"Origin", "https://evil.example", "Referer", "https://hub.example/"}, false},
	}
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				header := cookie(protocol.DefaultCookie, a.token(all, nil))
				_, bare, _ := strings.Cut(strings.TrimSuffix(a.url, protocol.DefaultPath), "://")
				for _, value := range tt.header {
					header = append(header, strings.Replace(value, "HOST", strings.TrimSuffix(a.url, protocol.DefaultPath), 1))
				}
				for i := range header {
					header[i] = strings.Replace(header[i], "BARE", bare, 1)
				}
				resp := a.request(t, http.MethodPost, "", "topic=a", header...)
				if body := readAll(t, resp); tt.ok != (resp.StatusCode == http.StatusOK) || !tt.ok && resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s %s", resp.Status, body)
				}
				if logged := a.log.take(); tt.ok != (len(logged) == 0) || !tt.ok && logged[0]["level"] != "INFO" {
					t.Errorf("logged %v", logged)
				}
			})
		}
	})
}

// TestPageInClear: over TLS, the page of the same host that came in clear is another's; without TLS nobody can tell.
func TestPageInClear(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		_, rest, _ := strings.Cut(a.url, "://")
		inClear := "http://" + strings.TrimSuffix(rest, protocol.DefaultPath)
		want := http.StatusOK
		if m == modeHTTP2 {
			want = http.StatusForbidden
		}
		resp := a.request(t, http.MethodPost, "", "topic=a", cookie(protocol.DefaultCookie, a.token(all, nil), "Origin", inClear)...)
		if body := readAll(t, resp); resp.StatusCode != want {
			t.Errorf("%s %s, want %d", resp.Status, body, want)
		}
	})
}

// TestTokenOfAForeignPage: with a token in the header no cookie matters, so neither does the page.
func TestTokenOfAForeignPage(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		resp := a.request(t, http.MethodPost, "", "topic=a", append(bearer(a.token(all, nil)), "Origin", "https://evil.example")...)
		if readAll(t, resp); resp.StatusCode != http.StatusOK || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s, %v", resp.Status, resp.Header)
		}
		resp = a.request(t, http.MethodPost, "", "topic=a", "Authorization", "Basic eDp5", "Origin", "https://evil.example")
		wantProblem(t, resp, 403, "Origin")
	})
}

// TestStreamEndsWithItsToken: also if nothing is sent, in both dialects.
func TestStreamEndsWithItsToken(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		soon := func(c *auth.Claims) { c.Expires = time.Now().Add(2 * time.Second) }
		lasting := a.subscribe(t, "topic=a")
		begun := time.Now()
		ending := map[*reader][]string{}
		for _, token := range []string{a.token(all, all, soon), a.legacy(all, all, soon)} {
			ending[a.subscribe(t, "topic=a", bearer(token)...)] = bearer(token)
		}
		for r, header := range ending {
			if e, err := r.decoder.Decode(); err == nil {
				t.Fatalf("got %+v", e)
			}
			if took := time.Since(begun); took > patience/2 {
				t.Errorf("it ended after %v", took)
			}
			// Between connecting and publishing it has ended.
			resp := a.request(t, http.MethodPost, "", "topic=a", header...)
			a.wantRefused(resp, 401, "invalid_token", "expired")
		}
		a.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		lasting.want("1")
	})
}

// TestAuthorizerOfTheApplication: what an Authorizer of one's own returns is judged as well.
func TestAuthorizerOfTheApplication(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var access protocol.Access
		var failure error
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) { return access, failure }),
		})
		refused := func(name string, status int, challenge string) {
			t.Helper()
			resp := s.request(t, http.MethodPost, "", "topic=a")
			wantProblem(t, resp, status, "")
			if got := resp.Header.Get("WWW-Authenticate"); got != challenge {
				t.Errorf("%s: WWW-Authenticate %q, want %q", name, got, challenge)
			}
		}
		refused("nobody", 401, "Bearer")
		access = protocol.Access{Grant: topic.All(), Expires: time.Now().Add(-time.Second)}
		refused("ended", 401, `Bearer error="invalid_token"`)
		access = protocol.Access{Grant: topic.All(), Token: &auth.Token{Expires: time.Now().Add(-time.Second)}, Expires: time.Now().Add(time.Hour)}
		refused("token ended", 401, `Bearer error="invalid_token"`)
		access = protocol.Access{Grant: topic.All(), ByCookie: true}
		resp := s.request(t, http.MethodPost, "", "topic=a")
		wantProblem(t, resp, 403, "Origin")
		failure = &auth.Error{Check: auth.CheckUnavailable, Reason: "for a test"}
		refused("unavailable", 503, "")
		failure = &protocol.PresentationError{Reason: "for a test"}
		refused("presentation", 400, `Bearer error="invalid_request"`)
		access, failure = protocol.Access{Grant: topic.All()}, nil
		s.post(t, "topic=a")
	})
}

// TestIdempotencyScopes: the same key of two publishers is two keys; that of one publisher with a new token is one.
func TestIdempotencyScopes(t *testing.T) {
	ada := func(c *auth.Claims) { c.Subject, c.ID = "ada", "new" }
	bob := func(c *auth.Claims) { c.Subject = "bob" }
	nobody := func(c *auth.Claims) { c.Subject = "" }
	client := func(c *auth.Claims) { c.Subject, c.ClientID = "", "shop" }
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		seen := map[string]string{}
		for _, p := range []struct{ who, token string }{
			{"ada", a.token(all, nil)},
			{"bob", a.token(all, nil, bob)},
			{"ada", a.token(all, nil, ada)},
			{"nobody", a.token(all, nil, nobody)},
			{"client", a.token(all, nil, client)},
			{"nobody", a.token(all, all, nobody)},
			{"0.x", a.legacy(all, nil)},
			{"0.x", a.legacy(all, all)},
			{"0.x, ada", a.legacy(all, nil, ada)},
		} {
			id := a.post(t, "topic=a", append(bearer(p.token), "Idempotency-Key", "k")...)
			if first := seen[p.who]; first != "" && first != id {
				t.Errorf("%s: %s after %s", p.who, id, first)
			}
			for who, other := range seen {
				if who != p.who && other == id {
					t.Errorf("%s got the id of %s", p.who, who)
				}
			}
			seen[p.who] = id
			resp := a.request(t, http.MethodPost, "", `{"topic":"a","key":"k"}`, append(bearer(p.token), "Content-Type", ndjson)...)
			if body := readAll(t, resp); !strings.Contains(body, id) || !strings.Contains(body, "replayed") {
				t.Errorf("%s: as a line: %s, want %s again", p.who, body, id)
			}
		}
	})
}

// TestTickets: without tokens, the application is asked.
func TestTickets(t *testing.T) {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		if err != nil || c.Value != "ada" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte(`{"expires_in": 600, "subject": "ada", "authorization_details": [
			{"type": "` + auth.DetailType + `", "actions": ["publish", "subscribe"], "topics": [{"match": "a"}]}]}`))
	}))
	t.Cleanup(application.Close)
	run(t, func(t *testing.T, m mode) {
		asker, err := auth.NewAsker(auth.AskerOptions{URL: application.URL})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(asker.Close)
		for _, withVerifier := range []bool{true, false} {
			a := serveTokens(t, m, func(_ *protocol.Options, tokens *protocol.Tokens) {
				tokens.Asker = asker
				if !withVerifier {
					tokens.Verifier = nil
				}
			})
			own := []string{"Cookie", "session=ada", "Origin", "https://hub.example"}
			r := a.subscribe(t, "match=a&match=b", own...)
			a.post(t, "topic=a&data=1&private", own...)
			r.want("1")
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=b", own...), 403, "insufficient_scope", "")
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=a", "Cookie", "session=bob", "Origin", friend), 401, "invalid_token", "denied")
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=a", "Cookie", "session=ada"), 403, "Bearer", "")
			a.wantRefused(a.request(t, http.MethodPost, "", "topic=a"), 401, "Bearer", "")
			a.subscribe(t, "match=a")
			if withVerifier {
				a.post(t, "topic=b", bearer(a.token(all, nil))...)
			}
		}
	})
}
