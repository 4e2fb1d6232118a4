package auth_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// attacked trusts an identity provider by a set of RSA keys, a self-made issuer by a secret, and another secret for
// legacy tokens.
func attacked(t *testing.T) (v *auth.Verifier, provider *auth.KeyPair, private any) {
	t.Helper()
	provider, private = pairOf(t, auth.RS256)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(provider.JWKS) }))
	t.Cleanup(site.Close)
	o := goodOptions()
	o.Issuers = append(o.Issuers, auth.Issuer{ID: providerID, Keys: []auth.Key{{JWKSURL: site.URL}}})
	return newVerifier(t, o), provider, private
}

const providerID = "https://login.example"

func TestAttacks(t *testing.T) {
	v, provider, private := attacked(t)
	other, err := auth.GenerateKeys(auth.ES256)
	if err != nil {
		t.Fatal(err)
	}
	_, ed := pairOf(t, auth.EdDSA)
	rs := members{"alg": "RS256", "typ": "at+jwt"}
	claims := goodClaims()
	theirs := claims.with(members{"iss": providerID})
	accepted(t, v, forge(t, private, rs, theirs)) // the attacks below differ from it

	tests := []struct {
		name   string
		key    any
		header members
		claims members
		check  auth.Check
	}{
		{"alg none, no signature", nil, goodHeader().with(members{"alg": "none"}), claims, auth.CheckAlgorithm},
		{"alg None", nil, goodHeader().with(members{"alg": "None"}), claims, auth.CheckAlgorithm},
		{"alg NONE with a signature", secret, goodHeader().with(members{"alg": "NONE"}), claims, auth.CheckAlgorithm},
		{"alg empty", nil, goodHeader().with(members{"alg": ""}), claims, auth.CheckAlgorithm},
		{"alg hs256", secret, goodHeader().with(members{"alg": "hs256"}), claims, auth.CheckAlgorithm},
		{"alg none in 0.x", nil, members{"alg": "none"}, goodLegacy(), auth.CheckAlgorithm},
		{"public key as HMAC secret", string(provider.Public), goodHeader(), theirs, auth.CheckAlgorithm},
		{"set of keys as HMAC secret", string(provider.JWKS), goodHeader(), theirs, auth.CheckAlgorithm},
		{"public key as HMAC secret, in 0.x", string(provider.Public), members{"alg": "HS256"}, goodLegacy(), auth.CheckSignature},
		{"RSA signature for an issuer of secrets", private, rs, claims, auth.CheckAlgorithm},
		{"EdDSA for an issuer of RSA keys", ed, rs.with(members{"alg": "EdDSA"}), theirs, auth.CheckKey},
		{"PSS by name only", private, rs.with(members{"alg": "PS256"}), theirs, auth.CheckKey},
		{"foreign issuer's secret", secret, goodHeader(), theirs, auth.CheckAlgorithm},
		{"foreign issuer's key", private, rs, claims, auth.CheckAlgorithm},
		{"foreign issuer's key by kid", private, rs.with(members{"kid": provider.KeyID}), claims, auth.CheckAlgorithm},
		{"key of 0.x for 1.0", legacy, goodHeader(), claims, auth.CheckSignature},
		{"key of 1.0 for 0.x", secret, members{"alg": "HS256"}, goodLegacy(), auth.CheckSignature},
		{
			"ID token of the provider with the claim mercure", private,
			members{"alg": "RS256", "typ": "JWT"},
			theirs.with(goodLegacy()).with(members{"aud": "the client"}), auth.CheckIssuer,
		},
		{
			"the same, for this hub and without an issuer", private,
			members{"alg": "RS256"},
			goodLegacy().with(members{"aud": resource}), auth.CheckAlgorithm,
		},
		{
			"both dialects in one, wrong audience", secret, goodHeader(),
			claims.with(goodLegacy()).with(members{"aud": "x"}), auth.CheckAudience,
		},
		{"0.x claims in a modern token of the key of 0.x", legacy, goodHeader(), goodLegacy(), auth.CheckIssuer},
		{"modern token without its type", legacy, members{"alg": "HS256"}, claims, auth.CheckType},
		{"0.x with the name of a modern issuer", legacy, members{"alg": "HS256"}, goodLegacy().with(members{"iss": providerID}), auth.CheckIssuer},
		{"own key in jwk", otherKey(t, other), rs.with(members{"alg": "ES256", "jwk": firstKey(t, other)}), theirs, auth.CheckKey},
		{"bad key in jwk", private, rs.with(members{"jwk": members{"kty": "RSA"}}), theirs, auth.CheckMalformed},
		{"a path for a kid", secret, goodHeader().with(members{"kid": "../../../../dev/null"}), claims.with(members{"iss": "x"}), auth.CheckIssuer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused(t, v, forge(t, tt.key, tt.header, tt.claims), tt.check, "")
		})
	}
}

func otherKey(t testing.TB, p *auth.KeyPair) any {
	t.Helper()
	key, err := parsePrivate(p.Private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// firstKey returns the public key of a pair as a JSON Web Key.
func firstKey(t *testing.T, p *auth.KeyPair) json.RawMessage {
	t.Helper()
	var jwks struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(p.JWKS, &jwks); err != nil {
		t.Fatal(err)
	}
	return jwks.Keys[0]
}

// Nothing that a header names is fetched or trusted.
func TestHeadersNameNoKeys(t *testing.T) {
	other, err := auth.GenerateKeys(auth.RS256)
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(other.JWKS)
	}))
	defer site.Close()
	v, _, private := attacked(t)
	theirs := goodClaims().with(members{"iss": providerID})
	for _, header := range []members{
		{"jku": site.URL},
		{"jku": site.URL, "kid": other.KeyID},
		{"x5u": site.URL},
		{"x5t": other.KeyID, "x5u": site.URL},
		{"kid": site.URL},
		{"jwk": firstKey(t, other)},
	} {
		header = header.with(members{"alg": "RS256", "typ": "at+jwt"})
		t.Run(string(object(t, header)), func(t *testing.T) {
			refused(t, v, forge(t, otherKey(t, other), header, theirs), auth.CheckSignature, "another key")
			accepted(t, v, forge(t, private, header, theirs)) // the header is not held against it
		})
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests were made to a URL that a token named", n)
	}
}

// A signature that the hub would take as right must not make another token of one that was revoked.
func TestRevokedTokenCannotBeRespelt(t *testing.T) {
	pair, private := pairOf(t, auth.ES256)
	revocations := auth.NewRevocations(0, nil)
	o := goodOptions()
	o.Issuers[0].Keys = []auth.Key{{PEM: pair.Public}}
	o.Revoked = revocations.Revoked
	v := newVerifier(t, o)
	raw := forge(t, private, members{"alg": "ES256", "typ": "at+jwt"}, goodClaims())
	token := accepted(t, v, raw)
	if err := revocations.Add(auth.Revocation{Token: hexOf(token.Hash)}); err != nil {
		t.Fatal(err)
	}
	refused(t, v, raw, auth.CheckRevoked, hexOf(token.Hash))

	// (r, n-s) is right wherever (r, s) is.
	dot := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[dot+1:])
	if err != nil {
		t.Fatal(err)
	}
	s := new(big.Int).SetBytes(signature[32:])
	s.Sub(orderP256(), s).FillBytes(signature[32:])
	respelt := raw[:dot+1] + encode(signature)
	if respelt == raw {
		t.Fatal("it is the same token")
	}
	refused(t, v, respelt, auth.CheckRevoked, hexOf(token.Hash))
}

// TestTokensThatAreTooMuch holds that size is looked at before anything else, and that refusing is quick.
func TestTokensThatAreTooMuch(t *testing.T) {
	v, _, _ := attacked(t)
	megabyte := strings.Repeat("A", 1<<20)
	deep := encode([]byte(strings.Repeat("[", 20_000)))
	wide := encode([]byte(`{"a":[` + strings.Repeat("1,", 20_000) + `1]}`))
	tests := []struct {
		name, raw string
		check     auth.Check
	}{
		{"a megabyte", megabyte, auth.CheckSize},
		{"a megabyte of dots", strings.Repeat(".", 1<<20), auth.CheckSize},
		{"a megabyte of claims", forge(t, secret, goodHeader(), goodClaims().with(members{"x": megabyte})), auth.CheckSize},
		{"64 KiB of dots", strings.Repeat(".", 64<<10), auth.CheckMalformed},
		{"40,000 brackets", deep + "." + deep + ".", auth.CheckMalformed},
		{"20,000 numbers", encode(object(t, goodHeader())) + "." + wide + ".", auth.CheckIssuer},
		{"long issuer", forge(t, secret, goodHeader(), goodClaims().with(members{"iss": strings.Repeat("\u00e9", 20_000)})), auth.CheckIssuer},
		{"many audiences", forge(t, secret, goodHeader(), goodClaims().with(members{"aud": repeated(5000, "x")})), auth.CheckAudience},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			started := time.Now()
			refused(t, v, tt.raw, tt.check, "")
			if took := time.Since(started); took > patience/3 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A short RSA key is no key, wherever it comes from.
func TestShortRSAKey(t *testing.T) {
	short := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	short.N.SetBit(short.N, 0, 1)
	o := goodOptions()
	o.Issuers[0].Keys = []auth.Key{{PEM: publicPEM(t, short)}}
	isWrong(t, o, "the RSA key has 1024 bits")
	set := members{"keys": []any{members{"kty": "RSA", "n": encode(short.N.Bytes()), "e": "AQAB"}}}
	o.Issuers[0].Keys = []auth.Key{{JWKSFile: file(t, object(t, set))}}
	isWrong(t, o, "no usable key")
}
