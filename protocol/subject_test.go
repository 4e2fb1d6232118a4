package protocol_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// TestMaxPerSubject: one subject's streams are counted, whatever its tokens, until they have ended; others are not
// concerned, nor is who has no token.
func TestMaxPerSubject(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		refused := make(chan hub.RefuseReason, 10)
		s := serve(t, m, hub.Options{Observer: hub.Observer{
			Refused: func(why hub.RefuseReason) {
				select {
				case refused <- why:
				default: // enough of them
				}
			},
		}}, protocol.Options{
			MaxPerSubject: 2,
			Authorizer: protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
				name, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
				if !found {
					return protocol.Access{}, nil
				}
				return protocol.Access{Token: &auth.Token{Subject: name}, Scope: name}, nil
			}),
		})
		open := func(subject string) *http.Response {
			if subject == "" {
				return s.request(t, http.MethodGet, "topic=a", "")
			}
			return s.request(t, http.MethodGet, "topic=a", "", "Authorization", "Bearer "+subject)
		}
		first := open("ann")
		for _, subject := range []string{"ann", "bob", "bob", "", "", ""} {
			if resp := open(subject); resp.StatusCode != http.StatusOK {
				t.Fatalf("%q: %s", subject, resp.Status)
			}
		}
		resp := open("ann")
		if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
			t.Errorf("the third stream of one subject: %s, %v", resp.Status, resp.Header)
		}
		if why := wait(t, refused, "the refusal"); why != hub.RefusedSubject {
			t.Errorf("refused because of %v", why)
		}
		first.Body.Close()
		for resp.StatusCode != http.StatusOK { // the hub has to notice first
			resp = open("ann")
		}
	})
}

// TestMaxPerSubjectWithoutSubject: tokens that have no subject are no subject together, whatever else they share. One of
// them is counted like a subject.
func TestMaxPerSubjectWithoutSubject(t *testing.T) {
	tokens := map[string]protocol.Access{}
	for i, name := range []string{"first", "second", "third"} {
		token := &auth.Token{Issuer: "https://app.example", ClientID: "the application"}
		token.Hash[0] = byte(i + 1)
		tokens[name] = protocol.Access{Token: token, Scope: "the application's"}
	}
	for _, name := range []string{"ann", "bob"} { // an Authorizer may leave the scope out
		tokens[name] = protocol.Access{Token: &auth.Token{Subject: name}}
	}
	for _, issuer := range []string{"one", "two"} {
		tokens["ann of "+issuer] = protocol.Access{Token: &auth.Token{Issuer: issuer, Subject: "ann"}}
	}
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			MaxPerSubject: 1,
			Authorizer: protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
				return tokens[r.Header.Get("X-Token")], nil
			}),
		})
		for name := range tokens {
			if resp := s.request(t, http.MethodGet, "topic=a", "", "X-Token", name); resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %s, although nobody has a stream with it", name, resp.Status)
			}
		}
		for name := range tokens {
			if resp := s.request(t, http.MethodGet, "topic=a", "", "X-Token", name); resp.StatusCode != http.StatusTooManyRequests {
				t.Errorf("%s: %s for a second stream", name, resp.Status)
			}
		}
	})
}
