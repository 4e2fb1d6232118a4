package auth_test

import (
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// TestRememberedTokens holds that a token that was accepted is judged anew in everything that can have changed, and
// that nothing but the same token profits from it.
func TestRememberedTokens(t *testing.T) {
	for name, entries := range map[string]int{"remembered": 0, "not remembered": -1, "one remembered": 1} {
		t.Run(name, func(t *testing.T) {
			clock := now
			revocations := auth.NewRevocations(0, nil)
			pair := generated(t)
			path := file(t, pair.Public)
			o := goodOptions()
			o.CacheEntries, o.Revoked, o.Now = entries, revocations.Revoked, func() time.Time { return clock }
			o.Issuers = append(o.Issuers, auth.Issuer{ID: providerID, Keys: []auth.Key{{PEMFile: path}}})
			v := newVerifier(t, o)
			first := forge(t, secret, goodHeader(), goodClaims())
			second := forge(t, otherKey(t, pair), members{"alg": "ES256", "typ": "at+jwt"},
				goodClaims().with(members{"iss": providerID, "sub": "user", "exp": now.Add(2 * time.Hour).Unix()}))
			old := forge(t, legacy, members{"alg": "HS256"}, goodLegacy())
			for range 3 {
				a, b := accepted(t, v, first), accepted(t, v, first)
				if remembered := a == b; remembered != (entries >= 0) {
					t.Errorf("the same facts: %v", remembered)
				}
				if got := accepted(t, v, second); got.Subject != "user" {
					t.Errorf("the facts are those of another: %+v", got)
				}
				accepted(t, v, old)
				refused(t, v, first[:len(first)-3]+"AAA", auth.CheckSignature, "")
			}
			clock = now.Add(time.Hour)
			refused(t, v, first, auth.CheckExpired, "0s ago")
			accepted(t, v, second)
			accepted(t, v, old)
			if err := revocations.Add(auth.Revocation{Subject: "user"}); err != nil {
				t.Fatal(err)
			}
			refused(t, v, second, auth.CheckRevoked, "user")
			if _, err := revocations.Remove(auth.Revocation{Subject: "user"}); err != nil {
				t.Fatal(err)
			}
			accepted(t, v, second)
			replace(t, path, generated(t).Public)
			clock = clock.Add(time.Second)
			refused(t, v, second, auth.CheckSignature, "another key")
			accepted(t, v, old)
		})
	}
}
