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
