package protocol_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// What the hub of an authority trusts.
const (
	issuer    = "https://app.example"
	publicURL = "https://hub.example/.well-known/mercure"
	secret    = "a secret of forty bytes for these tests!"
	oldSecret = "another secret of forty bytes, for 0.x !"
)

// authority makes tokens, and runs a hub that trusts them.
type authority struct {
	*server
	t           testing.TB
	modern, old *auth.Signer
	log         *records
}

// serveTokens serves a hub that takes tokens of both dialects and lets anonymous subscribers in, unless configure says
// otherwise.
func serveTokens(t testing.TB, m mode, configure ...func(*protocol.Options, *protocol.Tokens)) *authority {
	t.Helper()
	a := &authority{t: t, modern: newSigner(t, secret), old: newSigner(t, oldSecret), log: new(records)}
	compiler, err := protocol.NewCompiler(publicURL)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(auth.Options{
		Issuers:    []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(secret)}}}},
		Resource:   publicURL,
		LegacyKeys: []auth.LegacyKey{{Key: auth.Key{Secret: []byte(oldSecret)}}},
		Matcher:    protocol.TokenMatcher(compiler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(verifier.Close)
	tokens := protocol.Tokens{Verifier: verifier, Anonymous: true}
	o := protocol.Options{
		PublicURL: publicURL, Compiler: compiler,
		AllowOrigin: func(origin string) bool { return origin == friend },
		Logger:      slog.New(a.log),
	}
	for _, c := range configure {
		c(&o, &tokens)
	}
	o.Authorizer = tokens
	a.server = serve(t, m, hub.Options{}, o)
	return a
}

func newSigner(t testing.TB, secret string) *auth.Signer {
	t.Helper()
	s, err := auth.NewSigner(auth.SigningKey{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// token returns a token of protocol 1.0 after changes.
func (a *authority) token(publish, subscribe []string, change ...func(*auth.Claims)) string {
	a.t.Helper()
	c := auth.Claims{Issuer: issuer, Audience: []string{publicURL}, Subject: "ada", Expires: time.Now().Add(time.Hour)}
	for action, topics := range map[string][]string{"publish": publish, "subscribe": subscribe} {
		if len(topics) == 0 {
			continue
		}
		d := auth.ClaimDetail{Actions: []string{action}}
		for _, topic := range topics {
			kind := ""
			if strings.Contains(topic, ":id") {
				kind = "urlpattern"
			}
			d.Topics = append(d.Topics, auth.ClaimTopic{Match: topic, MatchType: kind})
		}
		c.Details = append(c.Details, d)
	}
	return a.sign(a.modern, c, change...)
}

// legacy returns a token of protocol 0.x.
func (a *authority) legacy(publish, subscribe []string, change ...func(*auth.Claims)) string {
	a.t.Helper()
	return a.sign(a.old, auth.Claims{Dialect: auth.Legacy, Publish: publish, Subscribe: subscribe}, change...)
}

func (a *authority) sign(s *auth.Signer, c auth.Claims, change ...func(*auth.Claims)) string {
	a.t.Helper()
	for _, f := range change {
		f(&c)
	}
	token, err := s.Sign(c)
	if err != nil {
		a.t.Fatal(err)
	}
	return token
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func cookie(name, token string, more ...string) []string {
	return append([]string{"Cookie", name + "=" + token}, more...)
}

// all is the list of the wildcard.
var all = []string{"*"}

// past makes a token end long ago.
func past(c *auth.Claims) { c.Expires = time.Now().Add(-time.Hour) }

// wantRefused checks a refusal: its status, its challenge without the address of the metadata, and that it was logged
// once, with the check that failed and the request's id, and without the token.
func (a *authority) wantRefused(resp *http.Response, status int, challenge, check string, tokens ...string) {
	a.t.Helper()
	t := a.t.(*testing.T)
	var p problem
	if resp.Request.Method == http.MethodHead {
		if resp.StatusCode != status {
			t.Errorf("HEAD: %s, want %d", resp.Status, status)
		}
		p.RequestID = resp.Header.Get("X-Request-Id")
	} else {
		p = readProblem(t, resp, status)
	}
	const metadata = `resource_metadata="https://hub.example/.well-known/oauth-protected-resource/.well-known/mercure"`
	want := ""
	switch challenge {
	case "":
	case "Bearer":
		want = "Bearer " + metadata
	default:
		want = `Bearer error="` + challenge + `", ` + metadata
	}
	if got := resp.Header.Get("WWW-Authenticate"); got != want {
		t.Errorf("WWW-Authenticate %q, want %q", got, want)
	}
	records := a.log.take()
	if len(records) != 1 {
		t.Fatalf("%d records in the log: %v", len(records), records)
	}
	got := records[0]
	if p.RequestID == "" || got["request"] != p.RequestID {
		t.Errorf("request id %q in the answer, %q in the log", p.RequestID, got["request"])
	}
	if got["check"] != check {
		t.Errorf("logged check %q, want %q: %v", got["check"], check, got)
	}
	for name, value := range got {
		for _, token := range tokens {
			if token != "" && strings.Contains(value, token) {
				t.Errorf("the log shows the token as %s", name)
			}
		}
	}
}

// records is a [slog.Handler] that keeps what it is told.
type records struct {
	mu   sync.Mutex
	list []map[string]string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) WithGroup(string) slog.Handler            { return r }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	one := map[string]string{"msg": record.Message, "level": record.Level.String()}
	record.Attrs(func(a slog.Attr) bool {
		one[a.Key] = a.Value.String()
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, one)
	return nil
}

// take returns what was logged since it was called last.
func (r *records) take() []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.list
	r.list = nil
	return list
}

// claimsOf returns the claims of a token of protocol 1.0 that may publish everything.
func claimsOf(audience, issuer string) auth.Claims {
	return auth.Claims{
		Issuer: issuer, Audience: []string{audience}, Expires: time.Now().Add(time.Hour),
		Details: []auth.ClaimDetail{{Actions: []string{"publish"}, Topics: []auth.ClaimTopic{{Match: "*"}}}},
	}
}
