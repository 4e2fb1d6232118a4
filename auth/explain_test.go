package auth_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/auth"
)

// allChecks are the checks that an explanation of a good token lists.
var allChecks = []auth.Check{
	auth.CheckSize, auth.CheckMalformed, auth.CheckCritical, auth.CheckType, auth.CheckLegacyOff, auth.CheckIssuer, auth.CheckAlgorithm,
	auth.CheckSignature, auth.CheckAudience, auth.CheckExpired, auth.CheckNotYetValid, auth.CheckClaims, auth.CheckDetails, auth.CheckRevoked,
}

func TestExplain(t *testing.T) {
	tests := []struct {
		name   string
		raw    string
		failed auth.Check // 0 if none does
		at     int        // its place
	}{
		{"good", forge(t, secret, goodHeader(), goodClaims()), 0, 0},
		{"good, 0.x", forge(t, legacy, members{"alg": "HS256"}, goodLegacy()), 0, 0},
		{"nothing", "", auth.CheckMalformed, 1},
		{"another issuer", forge(t, secret, goodHeader(), goodClaims().with(members{"iss": "x"})), auth.CheckIssuer, 5},
		{"key that does not fit", forge(t, secret, goodHeader().with(members{"kid": 1}), goodClaims()), auth.CheckKey, 7},
		{
			"too many details", forge(t, secret, goodHeader(), goodClaims().with(members{"authorization_details": repeated(101, detail("publish", "a"))})),
			auth.CheckLimits, 12,
		},
	}
	v := newVerifier(t, goodOptions())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := v.Explain(t.Context(), tt.raw)
			if len(e.Checks) != len(allChecks) {
				t.Fatalf("%d checks, want %d", len(e.Checks), len(allChecks))
			}
			for i, c := range e.Checks {
				want := auth.CheckResult{Check: allChecks[i], Result: auth.Passed}
				switch {
				case tt.failed != 0 && i == tt.at:
					want = auth.CheckResult{Check: tt.failed, Result: auth.Failed}
				case tt.failed != 0 && i > tt.at:
					want.Result = auth.NotReached
				}
				if c.Check != want.Check || c.Result != want.Result || (c.Reason == "") != (c.Result == auth.NotReached) {
					t.Errorf("check %d is %+v, want %+v with a reason if it was reached", i, c, want)
				}
			}
			token, err := v.Verify(t.Context(), tt.raw)
			if (err == nil) != (e.Token != nil) || (err == nil) != (e.Failed() == nil) {
				t.Errorf("Verify: %v, Explain: %+v", err, e)
			}
			if err == nil && token.Hash != e.Token.Hash {
				t.Errorf("Verify: %+v, Explain: %+v", token, e.Token)
			}
			if failed := e.Failed(); failed != nil && "auth: "+failed.Check.String()+": "+failed.Reason != err.Error() {
				t.Errorf("Verify: %v, Explain: %+v", err, failed)
			}
			text, err := json.Marshal(e)
			if err != nil || tt.failed != 0 && !strings.Contains(string(text), `"result":"failed"`) {
				t.Errorf("as JSON: %s, %v", text, err)
			}
		})
	}
	e := v.Explain(t.Context(), tests[3].raw)
	if !strings.Contains(string(e.Claims), `"iss":"x"`) || !strings.Contains(string(e.Header), `"typ":"at+jwt"`) {
		t.Errorf("header %s, claims %s", e.Header, e.Claims)
	}
}
