package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

func TestOptionsValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*auth.Options)
		want   string
	}{
		{"no keys at all", func(o *auth.Options) { o.Issuers, o.LegacyKeys = nil, nil }, "Issuers and Options.LegacyKeys are both empty"},
		{"nothing left", func(o *auth.Options) { o.Issuers, o.NoLegacy = nil, true }, "NoLegacy"},
		{"no resource", func(o *auth.Options) { o.Resource = "" }, "Resource is empty"},
		{"issuer without id", func(o *auth.Options) { o.Issuers[0].ID = "" }, "Issuers[0].ID is empty"},
		{"issuer twice", func(o *auth.Options) { o.Issuers = append(o.Issuers, o.Issuers[0]) }, "Issuers[1].ID"},
		{"issuer without keys", func(o *auth.Options) { o.Issuers[0].Keys = nil }, "Issuers[0].Keys is empty"},
		{"key that is none", func(o *auth.Options) { o.Issuers[0].Keys[0] = auth.Key{} }, "a key has 0 of"},
		{"key that is two", func(o *auth.Options) { o.Issuers[0].Keys[0].PEMFile = "x" }, "a key has 2 of"},
		{"set of keys for 0.x", func(o *auth.Options) { o.LegacyKeys[0].Key = auth.Key{JWKSURL: "https://issuer.example/"} }, "LegacyKeys[0] is a set"},
		{"file of keys for 0.x", func(o *auth.Options) { o.LegacyKeys[0].Key = auth.Key{JWKSFile: "x"} }, "LegacyKeys[0] is a set"},
		{"much leeway", func(o *auth.Options) { o.Leeway = 6 * time.Minute }, "Leeway"},
		{"huge tokens", func(o *auth.Options) { o.MaxTokenBytes = 1<<20 + 1 }, "MaxTokenBytes"},
		{"no details", func(o *auth.Options) { o.MaxDetails = -1 }, "MaxDetails"},
		{"no matchers", func(o *auth.Options) { o.MaxMatchers = -1 }, "MaxMatchers"},
		{"no bytes", func(o *auth.Options) { o.MatcherBytes = -1 }, "MatcherBytes"},
		{"refresh before", func(o *auth.Options) { o.KeysRefresh = -1 }, "KeysRefresh"},
		{"interval before", func(o *auth.Options) { o.KeysMinInterval = -1 }, "KeysMinInterval"},
		{"timeout before", func(o *auth.Options) { o.KeysTimeout = -1 }, "KeysTimeout"},
		{"stale at once", func(o *auth.Options) { o.KeysMaxStale = time.Minute }, "KeysMaxStale (1m0s) is less than Options.KeysRefresh (10m0s)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := goodOptions()
			tt.change(&o)
			isWrong(t, o, tt.want)
		})
	}
}

// TestLegacySwitches holds when legacy tokens are served.
func TestLegacySwitches(t *testing.T) {
	raw := forge(t, legacy, members{"alg": "HS256"}, goodLegacy())
	o := goodOptions()
	o.NoLegacy = true
	refused(t, newVerifier(t, o), raw, auth.CheckLegacyOff, "switched off")
	o = goodOptions()
	o.LegacyKeys = nil
	refused(t, newVerifier(t, o), raw, auth.CheckLegacyOff, "no key was given")
	o = goodOptions()
	o.Issuers, o.Resource = nil, ""
	v := newVerifier(t, o)
	accepted(t, v, raw)
	refused(t, v, forge(t, legacy, goodHeader(), goodClaims()), auth.CheckIssuer, "trusted are: none")
	refused(t, v, forge(t, legacy, members{"alg": "HS256"}, goodLegacy().with(members{"aud": resource})), auth.CheckAudience, "no name of its own")
}

// TestLegacyKeysAreBound holds that a legacy key that is bound to an issuer signs for that issuer only.
func TestLegacyKeysAreBound(t *testing.T) {
	const other = "another secret of more than 32 bytes"
	o := goodOptions()
	o.LegacyKeys = []auth.LegacyKey{
		{Key: auth.Key{Secret: []byte(secret)}, Issuer: issuer},
		{Key: auth.Key{Secret: []byte(legacy)}, Issuer: "https://old.example"},
		{Key: auth.Key{Secret: []byte(other)}},
	}
	v := newVerifier(t, o)
	sign := func(key string, iss any) string {
		return forge(t, key, members{"alg": "HS256"}, goodLegacy().with(members{"iss": iss}))
	}
	for _, key := range []string{secret, legacy, other} {
		accepted(t, v, sign(key, nil))
	}
	accepted(t, v, sign(secret, issuer))
	accepted(t, v, sign(legacy, "https://old.example"))
	accepted(t, v, sign(other, "https://old.example"))
	accepted(t, v, sign(other, "anyone"))
	refused(t, v, sign(other, issuer), auth.CheckSignature, issuer)
	refused(t, v, sign(legacy, issuer), auth.CheckSignature, issuer)
	refused(t, v, sign(secret, "https://old.example"), auth.CheckSignature, "old.example")
	refused(t, v, sign(legacy, ""), auth.CheckSignature, "")
}

func TestLeewayIsForTheBeginningOnly(t *testing.T) {
	o := goodOptions()
	o.Leeway = 5 * time.Minute
	lenient := newVerifier(t, o)
	o.Leeway = -1
	strict := newVerifier(t, o)
	late := forge(t, secret, goodHeader(), goodClaims().with(members{"nbf": now.Add(5 * time.Minute).Unix()}))
	accepted(t, lenient, late)
	refused(t, strict, late, auth.CheckNotYetValid, "nbf")
	refused(t, strict, forge(t, secret, goodHeader(), goodClaims().with(members{"iat": now.Unix() + 1})), auth.CheckNotYetValid, "iat")
	refused(t, lenient, forge(t, secret, goodHeader(), goodClaims().with(members{"exp": now.Unix()})), auth.CheckExpired, "")
}

// TestConformanceTokens accepts the two tokens that the public conformance suite signs, with the keys that its
// configuration gives a hub.
func TestConformanceTokens(t *testing.T) {
	const key, id, hub = "!ChangeThisMercureHubJWTSecretKey!", "https://localhost", "https://localhost/.well-known/mercure"
	v := newVerifier(t, auth.Options{
		Issuers:    []auth.Issuer{{ID: id, Keys: []auth.Key{{Secret: []byte(key)}}}},
		LegacyKeys: []auth.LegacyKey{{Key: auth.Key{Secret: []byte(key)}, Issuer: id}},
		Resource:   hub,
	})
	modern := forge(t, key, members{"alg": "HS256", "typ": "at+jwt"}, members{
		"aud": hub, "iss": id, "exp": 4102444800,
		"authorization_details": []any{members{
			"type": auth.DetailType, "actions": []any{"publish", "subscribe"}, "topics": []any{members{"match": "*"}},
		}},
	})
	old := forge(t, key, members{"alg": "HS256"}, members{"mercure": members{"publish": []any{"*"}, "subscribe": []any{"*"}}})
	for dialect, raw := range map[auth.Dialect]string{auth.Modern: modern, auth.Legacy: old} {
		token := accepted(t, v, raw)
		if token.Dialect != dialect || !token.Grant.MayPublish([]string{"a", "b"}) || !token.Grant.MayReceive([]string{"c"}) {
			t.Errorf("%v: %+v", dialect, token)
		}
	}
}

// Every check and dialect has a name of its own, which tools and logs show.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for c := auth.CheckSize; c <= auth.CheckDenied; c++ {
		name := c.String()
		if name == "unknown" || seen[name] || strings.ContainsAny(name, " \n") {
			t.Errorf("check %d is called %q", c, name)
		}
		seen[name] = true
	}
	for _, unknown := range []string{(auth.CheckDenied + 1).String(), auth.Dialect(0).String(), auth.Result(9).String()} {
		if unknown != "unknown" {
			t.Errorf("%q for what is not there", unknown)
		}
	}
	if auth.Modern.String() != "1.0" || auth.Legacy.String() != "0.x" || auth.NotReached.String() != "not reached" {
		t.Errorf("names are %v, %v, %v", auth.Modern, auth.Legacy, auth.NotReached)
	}
}
