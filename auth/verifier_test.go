package auth_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

// TestChecks holds each check by a token that is good except for one thing.
func TestChecks(t *testing.T) {
	header, claims, old := goodHeader(), goodClaims(), goodLegacy()
	plain := members{"alg": "HS256"}
	date := func(d time.Duration) int64 { return now.Add(d).Unix() }
	tests := []struct {
		name   string
		key    any
		header any
		claims any
		check  auth.Check
		why    string
	}{
		{"header is no object", secret, "[]", claims, auth.CheckMalformed, "the header: it is not an object"},
		{"header is cut", secret, `{"alg":"HS256"`, claims, auth.CheckMalformed, "the header"},
		{"claims are no object", secret, header, `"a"`, auth.CheckMalformed, "the claims: it is not an object"},
		{"claims are nothing", secret, header, "", auth.CheckMalformed, "the claims"},
		{"claims are null", secret, header, "null", auth.CheckMalformed, "the claims: it is not an object"},
		{"something behind the claims", secret, header, string(object(t, claims)) + "{}", auth.CheckMalformed, "something behind it"},
		{
			"a claim twice", secret, header, `{"iss":"https://evil.example",` + string(object(t, claims))[1:],
			auth.CheckMalformed, `the name "iss" occurs twice`,
		},
		{
			"a claim twice, once escaped", secret, header, `{"\u0069ss":"https://evil.example",` + string(object(t, claims))[1:],
			auth.CheckMalformed, `the name "iss" occurs twice`,
		},
		{
			"a member twice, deep inside", secret, header,
			claims.raw(t, `"d":[[{"a":1,"a":2}]]`),
			auth.CheckMalformed, `the name "a" occurs twice`,
		},
		{"claims that are not UTF-8", secret, header, "{\"iss\":\"\xff\"}", auth.CheckMalformed, "not UTF-8"},
		{"claims too deep", secret, header, `{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", auth.CheckMalformed, "deep"},
		{"alg twice in the header", secret, `{"alg":"none","alg":"HS256","typ":"at+jwt"}`, claims, auth.CheckMalformed, "twice"},

		{"critical extension", secret, header.with(members{"crit": []any{"exp"}, "exp": 1}), claims, auth.CheckCritical, "crit"},
		{"empty list of critical extensions", secret, header.with(members{"crit": []any{}}), claims, auth.CheckCritical, "crit"},
		{"b64 without crit", secret, header.with(members{"b64": false}), claims, auth.CheckCritical, "b64"},

		{"no type", secret, plain, claims, auth.CheckType, "no typ"},
		{"type JWT", secret, header.with(members{"typ": "JWT"}), claims, auth.CheckType, `typ is "JWT"`},
		{"type of an ID token", secret, header.with(members{"typ": "id+jwt"}), claims, auth.CheckType, `"id+jwt"`},
		{"type with a blank", secret, header.with(members{"typ": "at+jwt "}), claims, auth.CheckType, `"at+jwt "`},
		{"type is a list", secret, header.with(members{"typ": []any{"at+jwt"}}), claims, auth.CheckType, "not a string"},
		{"type is null", secret, `{"alg":"HS256","typ":null}`, claims, auth.CheckType, "not a string"},

		{"no issuer", secret, header, claims.with(members{"iss": nil}), auth.CheckIssuer, "no issuer"},
		{"empty issuer", secret, header, claims.with(members{"iss": ""}), auth.CheckIssuer, "no issuer"},
		{"issuer is a list", secret, header, claims.with(members{"iss": []any{issuer}}), auth.CheckIssuer, "not a string"},
		{"another issuer", secret, header, claims.with(members{"iss": issuer + "/"}), auth.CheckIssuer, "not trusted"},
		{"issuer in other case", secret, header, claims.with(members{"iss": strings.ToUpper(issuer)}), auth.CheckIssuer, "not trusted"},
		{"issuer under another name", secret, header, claims.with(members{"iss": nil, "ISS": issuer}), auth.CheckIssuer, "no issuer"},

		{"no algorithm", secret, members{"typ": "at+jwt"}, claims, auth.CheckAlgorithm, "no algorithm"},
		{"algorithm is a number", secret, header.with(members{"alg": 256}), claims, auth.CheckAlgorithm, "not a string"},
		{"algorithm that is not allowed", secret, header.with(members{"alg": "HS512"}), claims, auth.CheckAlgorithm, `"HS512" is not allowed`},
		{"kid is a number", secret, header.with(members{"kid": 1}), claims, auth.CheckKey, "kid is not a string"},
		{"another key", legacy, header, claims, auth.CheckSignature, "another key"},
		{"no signature", nil, header, claims, auth.CheckSignature, "another key"},

		{"no audience", secret, header, claims.with(members{"aud": nil}), auth.CheckAudience, "no audience"},
		{"empty audience", secret, header, claims.with(members{"aud": []any{}}), auth.CheckAudience, "no audience"},
		{"another audience", secret, header, claims.with(members{"aud": resource + "/"}), auth.CheckAudience, "it is for"},
		{"other audiences", secret, header, claims.with(members{"aud": []any{"a", "b"}}), auth.CheckAudience, `"a", "b"`},
		{"audience of numbers", secret, header, claims.with(members{"aud": []any{resource, 1}}), auth.CheckAudience, "neither"},
		{"audience is an object", secret, header, claims.with(members{"aud": members{}}), auth.CheckAudience, "neither"},

		{"no end", secret, header, claims.with(members{"exp": nil}), auth.CheckExpired, "no end"},
		{"ended", secret, header, claims.with(members{"exp": date(-time.Hour)}), auth.CheckExpired, "1h0m0s ago"},
		{"ends now", secret, header, claims.with(members{"exp": date(0)}), auth.CheckExpired, "0s ago"},
		{"ended within the leeway", secret, header, claims.with(members{"exp": date(-time.Second)}), auth.CheckExpired, "1s ago"},
		{"ends within this second", secret, header, claims.raw(t, `"exp":`+jsonNumber(date(0))+".9"), auth.CheckExpired, "0s ago"},
		{"end is a string", secret, header, claims.with(members{"exp": "4102444800"}), auth.CheckExpired, "not a number"},
		{"end is null", secret, header, claims.raw(t, `"exp":null`), auth.CheckExpired, "not a number"},
		{"end beyond all dates", secret, header, claims.raw(t, `"exp":1e300`), auth.CheckExpired, "no date"},
		{"end beyond all numbers", secret, header, claims.raw(t, `"exp":1e999`), auth.CheckExpired, "not a number"},
		{"end before all dates", secret, header, claims.with(members{"exp": -1}), auth.CheckExpired, "no date"},

		{"begins beyond the leeway", secret, header, claims.with(members{"nbf": date(31 * time.Second)}), auth.CheckNotYetValid, "in 31s (nbf)"},
		{"begin is a string", secret, header, claims.with(members{"nbf": "0"}), auth.CheckNotYetValid, "nbf is not a number"},
		{"issued beyond the leeway", secret, header, claims.with(members{"iat": date(time.Minute)}), auth.CheckNotYetValid, "(iat)"},
		{"issue is true", secret, header, claims.with(members{"iat": true}), auth.CheckNotYetValid, "iat is not a number"},

		{"subject is a number", secret, header, claims.with(members{"sub": 17}), auth.CheckClaims, "sub is not a string"},
		{"client is a list", secret, header, claims.with(members{"client_id": []any{}}), auth.CheckClaims, "client_id is not a string"},
		{"id is null", secret, header, claims.raw(t, `"jti":null`), auth.CheckClaims, "jti is not a string"},

		{"0.x: another key", secret, plain, old, auth.CheckSignature, "another key"},
		{"0.x: audience of another", legacy, plain, old.with(members{"aud": "https://other.example"}), auth.CheckAudience, "it is for"},
		{"0.x: empty audience", legacy, plain, old.with(members{"aud": []any{}}), auth.CheckAudience, "no audience"},
		{"0.x: ended", legacy, plain, old.with(members{"exp": date(-time.Second)}), auth.CheckExpired, "ago"},
		{"0.x: end is a string", legacy, plain, old.with(members{"exp": "soon"}), auth.CheckExpired, "not a number"},
		{"0.x: end is null", legacy, plain, old.raw(t, `"exp":null`), auth.CheckExpired, "not a number"},
		{"0.x: not yet", legacy, plain, old.with(members{"nbf": date(time.Hour)}), auth.CheckNotYetValid, "nbf"},
		{"0.x: issuer of others", legacy, plain, old.with(members{"iss": issuer}), auth.CheckIssuer, "no key for tokens of protocol 0.x"},
		{"0.x: issuer is a number", legacy, plain, old.with(members{"iss": 1}), auth.CheckIssuer, "not a string"},
	}
	v := newVerifier(t, goodOptions())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, v, forge(t, tt.key, tt.header, tt.claims), tt.check, tt.why)
		})
	}
}

// raw returns m with a member that is written as it is; it replaces the one of its name.
func (m members) raw(t testing.TB, member string) string {
	t.Helper()
	name, _, _ := strings.Cut(strings.TrimPrefix(member, `"`), `"`)
	text := string(object(t, m.with(members{name: nil})))
	return "{" + member + "," + text[1:]
}

func jsonNumber(n int64) string { return strconv.FormatInt(n, 10) }

// TestCompactForm holds the form of a token by strings that are none.
func TestCompactForm(t *testing.T) {
	good := forge(t, secret, goodHeader(), goodClaims())
	parts := strings.Split(good, ".")
	last := parts[2][len(parts[2])-1]
	tests := []struct {
		name  string
		raw   string
		check auth.Check
		why   string
	}{
		{"nothing", "", auth.CheckMalformed, "one part"},
		{"a word", "token", auth.CheckMalformed, "one part"},
		{"dots", "..", auth.CheckMalformed, "header"},
		{"two parts", parts[0] + "." + parts[1], auth.CheckMalformed, "2 parts"},
		{"four parts", good + ".", auth.CheckMalformed, "4 parts"},
		{"encrypted", good + "..", auth.CheckMalformed, "encrypted"},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], auth.CheckMalformed, "base64url"},
		{"the other base64", "+/" + good, auth.CheckMalformed, "base64url"},
		{"blank before", " " + good, auth.CheckMalformed, "base64url"},
		{"line break behind", good + "\n", auth.CheckMalformed, "line break"},
		{"line break inside", good[:10] + "\r\n" + good[10:], auth.CheckMalformed, "line break"},
		{"NUL", good[:10] + "\x00" + good[10:], auth.CheckMalformed, "base64url"},
		{"another spelling of the signature", good[:len(good)-1] + string(last+1), auth.CheckMalformed, "the signature"},
		{"signature without its end", good[:len(good)-3], auth.CheckSignature, ""},
		{"claims changed", parts[0] + "." + encode([]byte(`{"iss":"`+issuer+`"}`)) + "." + parts[2], auth.CheckSignature, ""},
		{"a byte too long", good + strings.Repeat("A", 64<<10+1-len(good)), auth.CheckSize, "65537 bytes"},
	}
	v := newVerifier(t, goodOptions())
	accepted(t, v, good)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, v, tt.raw, tt.check, tt.why)
		})
	}
}

// TestAccepted holds what a token need not say, and what it may.
func TestAccepted(t *testing.T) {
	header, claims, old := goodHeader(), goodClaims(), goodLegacy()
	plain := members{"alg": "HS256"}
	tests := []struct {
		name   string
		key    any
		header any
		claims any
	}{
		{"as it is", secret, header, claims},
		{"long type", secret, header.with(members{"typ": "application/at+jwt"}), claims},
		{"type in capitals", secret, header.with(members{"typ": "AT+JWT"}), claims},
		{"several audiences", secret, header, claims.with(members{"aud": []any{"x", resource}})},
		{"ends in a second", secret, header, claims.with(members{"exp": now.Add(time.Second).Unix()})},
		{"begins within the leeway", secret, header, claims.with(members{"nbf": now.Add(30 * time.Second).Unix()})},
		{"issued within the leeway", secret, header, claims.with(members{"iat": now.Add(30 * time.Second).Unix()})},
		{"unknown kid", secret, header.with(members{"kid": "nobody's"}), claims},
		{"unknown members", secret, header.with(members{"x": 1}), claims.with(members{"y": []any{nil}})},
		{"no rights", secret, header, claims.with(members{"authorization_details": nil})},
		{"0.x", legacy, plain, old},
		{"0.x with type", legacy, plain.with(members{"typ": "JWT"}), old},
		{"0.x with audience", legacy, plain, old.with(members{"aud": []any{"x", resource}})},
		{"0.x with issuer", legacy, plain, old.with(members{"iss": "https://application.example"})},
		{"0.x with end", legacy, plain, old.with(members{"exp": now.Add(time.Second).Unix()})},
	}
	v := newVerifier(t, goodOptions())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			accepted(t, v, forge(t, tt.key, tt.header, tt.claims))
		})
	}
}

// compareTokens compares tokens to the last field.
func compareTokens() cmp.Option {
	return cmp.Options{
		cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b topic.Matcher) bool { return a.Kind() == b.Kind() && a.Value() == b.Value() }),
	}
}

func TestToken(t *testing.T) {
	v := newVerifier(t, goodOptions())
	payload := members{"name": "<x>"}
	raw := forge(t, secret, goodHeader(), goodClaims().with(members{
		"sub": "user", "client_id": "client", "jti": "1",
		"nbf": now.Unix(), "iat": now.Add(-time.Minute).Unix(),
		"authorization_details": []any{
			members{"type": "payments"},
			members{
				"type": auth.DetailType, "actions": []any{"publish", "subscribe", "delete"}, "payload": payload,
				"topics": []any{members{"match": "a", "match_type": "exact"}, members{"match": "/b/:c", "match_type": "urlpattern"}},
			},
			members{"type": auth.DetailType, "actions": []any{"delete"}, "topics": []any{members{"match": "nothing"}}},
			members{
				"type": auth.DetailType, "actions": []any{"subscribe", "subscribe"},
				"topics": []any{members{"match": "*", "match_type": "urlpattern", "more": 1}},
			},
		},
		// Means nothing in a modern token.
		"mercure": members{"publish": []any{"*"}},
	}))
	ab := topic.Matchers{topic.Exact("a"), topic.Exact("pattern /b/:c")}
	want := &auth.Token{
		Dialect: auth.Modern,
		Grant:   topic.Grant{Publish: ab, Subscribe: append(ab[:2:2], topic.Any())},
		Details: []auth.Detail{
			{Publish: true, Subscribe: true, Topics: ab, Payload: object(t, payload)},
			{Topics: topic.Matchers{topic.Exact("nothing")}},
			{Subscribe: true, Topics: topic.Matchers{topic.Any()}},
		},
		Issuer: issuer, Subject: "user", ClientID: "client", ID: "1",
		Expires: now.Add(time.Hour), NotBefore: now, IssuedAt: now.Add(-time.Minute),
		Hash: auth.Hash(raw),
	}
	if diff := cmp.Diff(want, accepted(t, v, raw), compareTokens()); diff != "" {
		t.Errorf("modern token (-want +got):\n%s", diff)
	}

	raw = forge(t, legacy, members{"alg": "HS256", "typ": "JWT"}, goodLegacy().with(members{
		"sub": "user",
		// The second spelling of the claim wins, and what modern tokens carry means nothing.
		"https://mercure.rocks/": members{"publish": []any{"b", "c"}, "subscribe": nil, "payload": []any{1}},
		"authorization_details":  []any{detail("publish", "*")},
	}))
	want = &auth.Token{
		Dialect:       auth.Legacy,
		Grant:         topic.Grant{Publish: topic.Matchers{topic.Exact("b"), topic.Exact("c")}},
		LegacyPayload: []byte("[1]"),
		Subject:       "user",
		Hash:          auth.Hash(raw),
	}
	if diff := cmp.Diff(want, accepted(t, v, raw), compareTokens()); diff != "" {
		t.Errorf("legacy token (-want +got):\n%s", diff)
	}
}

func TestPayloadFor(t *testing.T) {
	one, two := []byte(`{"n":1}`), []byte(`{"n":2}`)
	token := &auth.Token{Dialect: auth.Modern, Details: []auth.Detail{
		{Publish: true, Topics: topic.Matchers{topic.Any()}, Payload: []byte(`{"n":0}`)},
		{Subscribe: true, Topics: topic.Matchers{topic.Exact("none")}},
		{Subscribe: true, Topics: topic.Matchers{topic.Exact("a"), topic.Exact("b")}, Payload: one},
		{Subscribe: true, Topics: topic.Matchers{topic.Any()}, Payload: two},
	}}
	tests := []struct {
		name    string
		token   *auth.Token
		matcher string
		want    string
	}{
		{"first that selects it", token, "b", string(one)},
		{"the wildcard is the default", token, "c", string(two)},
		{"the wildcard itself", token, "*", string(two)},
		{"the first has none", token, "none", ""},
		{"none selects it", &auth.Token{Dialect: auth.Modern, Details: token.Details[:3]}, "c", ""},
		{"legacy", &auth.Token{Dialect: auth.Legacy, LegacyPayload: one}, "c", string(one)},
		{"legacy without", &auth.Token{Dialect: auth.Legacy}, "c", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(tt.token.PayloadFor(tt.matcher)); got != tt.want {
				t.Errorf("PayloadFor(%q) = %s, want %s", tt.matcher, got, tt.want)
			}
		})
	}
}
