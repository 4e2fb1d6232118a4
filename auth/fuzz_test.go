package auth_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

// FuzzVerify gives the verifier whatever strings there are.
func FuzzVerify(f *testing.F) {
	good := forge(f, secret, goodHeader(), goodClaims())
	f.Add(good)
	f.Add(forge(f, legacy, members{"alg": "HS256"}, goodLegacy()))
	f.Add(forge(f, nil, `{"alg":"none","crit":[],"jwk":{"kty":"RSA"}}`, `{"mercure":{}}`))
	f.Add("..")
	f.Add(strings.Repeat(".", 100))
	v := newVerifier(f, goodOptions())
	f.Fuzz(func(t *testing.T, raw string) {
		token, err := v.Verify(t.Context(), raw)
		judged(t, token, err)
		if explained := v.Explain(t.Context(), raw); (explained.Token == nil) == (err == nil) {
			t.Errorf("Verify: %v, Explain: %+v", err, explained)
		}
	})
}

// FuzzClaims signs whatever claims there are, so that they get past the signature.
func FuzzClaims(f *testing.F) {
	f.Add(`{"alg":"HS256","typ":"at+jwt"}`, string(object(f, goodClaims())))
	f.Add(`{"alg":"HS256"}`, string(object(f, goodLegacy())))
	f.Add(`{"alg":"HS256","typ":"at+jwt"}`, `{"iss":"https://issuer.example","aud":["`+resource+`"],"exp":4e9,"authorization_details":[{"type":"`+
		auth.DetailType+`","actions":["publish"],"topics":[{"match":"*","match_type":"urlpattern"}],"payload":{}}]}`)
	f.Add(`{"alg":"HS256","jwk":{"kty":"OKP"},"kid":"a"}`, `{"mercure":{"publish":[{}]},"https://mercure.rocks/":null}`)
	o := goodOptions()
	o.LegacyKeys[0].Secret = []byte(secret)
	v := newVerifier(f, o)
	f.Fuzz(func(t *testing.T, header, claims string) {
		token, err := v.Verify(t.Context(), forge(t, secret, header, claims))
		judged(t, token, err)
		if err != nil {
			return
		}
		// encoding/json reads names in any case and takes the last of several; where a token was accepted, both readings
		// are of the same names.
		var plain map[string]any
		if err := json.Unmarshal([]byte(claims), &plain); err != nil {
			t.Fatalf("accepted %s, which is no object: %v", claims, err)
		}
		if token.Dialect == auth.Modern && (plain["iss"] != issuer || plain["exp"] == nil) {
			t.Errorf("accepted %s", claims)
		}
		if token.Dialect == auth.Legacy && plain["mercure"] == nil && plain["https://mercure.rocks/"] == nil {
			t.Errorf("accepted %s", claims)
		}
	})
}

// judged holds what is true of every answer of Verify.
func judged(t *testing.T, token *auth.Token, err error) {
	t.Helper()
	if err != nil {
		isOneRefusal(t, token, err)
		return
	}
	if token == nil || token.Dialect == 0 {
		t.Fatalf("accepted with %+v", token)
	}
	if token.Dialect == auth.Modern && (token.Issuer != issuer || !token.Expires.After(now)) {
		t.Errorf("accepted %+v", token)
	}
	if !token.Expires.IsZero() && !token.Expires.After(now) || token.NotBefore.After(now.Add(30*time.Second)) {
		t.Errorf("accepted %+v", token)
	}
	for _, ms := range []topic.Matchers{token.Grant.Publish, token.Grant.Subscribe} {
		if len(ms) > 100 {
			t.Errorf("%d matchers", len(ms))
		}
	}
}

func isOneRefusal(t *testing.T, token *auth.Token, err error) {
	t.Helper()
	refusal, ok := errors.AsType[*auth.Error](err)
	if !ok || token != nil || refusal.Check.String() == "unknown" || refusal.Reason == "" {
		t.Fatalf("%+v, %v", token, err)
	}
	if len(refusal.Reason) > 2000 || strings.ContainsAny(refusal.Reason, "\r\n\x00") {
		t.Errorf("the reason is %q", refusal.Reason)
	}
}

// FuzzRevocations holds that what was loaded is what is written again.
func FuzzRevocations(f *testing.F) {
	f.Add(`{"jti":"1","until":"2026-11-22T12:00:00Z"}` + "\n" + `{"sub":"user","iss":"x","issuedBefore":"2026-11-22T12:00:00.5Z"}`)
	f.Add(`{"token":"` + strings.Repeat("0a", 32) + `"}`)
	f.Fuzz(func(t *testing.T, text string) {
		clock := func() time.Time { return time.Time{} }
		first := auth.NewRevocations(0, clock)
		if first.Load(strings.NewReader(text)) != nil {
			if all := first.All(); len(all) > 0 {
				t.Fatalf("refused, and yet there are %+v", all)
			}
			return
		}
		var one, two strings.Builder
		if first.Snapshot(&one) != nil {
			return // a year that JSON has no way to write
		}
		second := auth.NewRevocations(0, clock)
		if err := second.Load(strings.NewReader(one.String())); err != nil {
			t.Fatalf("%v in\n%s", err, one.String())
		}
		if err := second.Snapshot(&two); err != nil || one.String() != two.String() {
			t.Fatalf("%v, \n%s\nis another than\n%s", err, two.String(), one.String())
		}
	})
}
