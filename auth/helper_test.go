package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

const (
	issuer   = "https://issuer.example"
	resource = "https://hub.example/.well-known/mercure"
	secret   = "a secret of more than thirty-two bytes"
	legacy   = "another secret, for tokens of 0.x only"
	patience = 30 * time.Second
)

// now is what the clock of most tests says.
var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// members are the members of a JSON object. A value that is nil is left out.
type members map[string]any

// with returns a copy of m with other members.
func (m members) with(other members) members {
	all := maps.Clone(m)
	maps.Copy(all, other)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// goodHeader and goodClaims make a modern token that passes every check.
func goodHeader() members { return members{"alg": "HS256", "typ": "at+jwt"} }

func goodClaims() members {
	return members{
		"iss": issuer, "aud": resource, "exp": now.Add(time.Hour).Unix(),
		"authorization_details": []any{detail("publish", "a"), detail("subscribe", "b")},
	}
}

// detail is one entry of authorization_details.
func detail(action string, topics ...string) members {
	list := []any{}
	for _, t := range topics {
		list = append(list, members{"match": t})
	}
	return members{"type": auth.DetailType, "actions": []any{action}, "topics": list}
}

// goodLegacy are the claims of a legacy token.
func goodLegacy() members {
	return members{"mercure": members{"publish": []any{"a"}, "subscribe": []any{"*"}}}
}

// goodOptions trust issuer and legacy by a secret each.
func goodOptions() auth.Options {
	return auth.Options{
		Issuers:    []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(secret)}}}},
		Resource:   resource,
		LegacyKeys: []auth.LegacyKey{{Key: auth.Key{Secret: []byte(legacy)}}},
		Matcher:    someMatchers,
		Now:        func() time.Time { return now },
	}
}

// someMatchers stands for the matchers of a hub: good enough to see who is asked for what.
func someMatchers(kind, value string) (topic.Matcher, error) {
	switch {
	case kind == auth.KindExact, kind == auth.KindTemplate:
		return topic.Exact(value), nil
	case kind == auth.KindURLPattern && !strings.HasPrefix(value, "("):
		return topic.Exact("pattern " + value), nil
	}
	return topic.Matcher{}, errors.New("no such matcher")
}

func newVerifier(t testing.TB, o auth.Options) *auth.Verifier {
	t.Helper()
	v, err := auth.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// object returns text as JSON: a string is taken as it is, so that tests can write what no program would.
func object(t testing.TB, v any) []byte {
	t.Helper()
	if s, ok := v.(string); ok {
		return []byte(s)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// forge signs header and claims with key by hand, whatever they say.
func forge(t testing.TB, key, header, claims any) string {
	t.Helper()
	input := encode(object(t, header)) + "." + encode(object(t, claims))
	return input + "." + encode(signature(t, key, input))
}

// signature signs by the kind of the key: HS256, RS256, ES256 or EdDSA.
func signature(t testing.TB, key any, input string) []byte {
	t.Helper()
	hash := sha256.Sum256([]byte(input))
	switch key := key.(type) {
	case nil:
		return nil
	case string:
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(input))
		return mac.Sum(nil)
	case *rsa.PrivateKey:
		s, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		return s
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, []byte(input))
	}
	t.Fatalf("no signature with a %T", key)
	return nil
}

// pairOf returns a pair of keys for an algorithm, made once for all tests.
func pairOf(t testing.TB, algorithm string) (*auth.KeyPair, any) {
	t.Helper()
	p := pairs[algorithm]()
	block, _ := pem.Decode(p.Private)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return p, private
}

var pairs = func() map[string]func() *auth.KeyPair {
	m := map[string]func() *auth.KeyPair{}
	for _, algorithm := range []string{auth.EdDSA, auth.ES256, auth.ES384, auth.ES512, auth.RS256, auth.PS256} {
		m[algorithm] = sync.OnceValue(func() *auth.KeyPair {
			p, err := auth.GenerateKeys(algorithm)
			if err != nil {
				panic(err)
			}
			return p
		})
	}
	return m
}()

// refused verifies a token that must be refused by a check, for a reason that names why.
func refused(t testing.TB, v *auth.Verifier, raw string, check auth.Check, why string) *auth.Error {
	t.Helper()
	token, err := v.Verify(t.Context(), raw)
	return isRefused(t, token, err, check, why)
}

func isRefused(t testing.TB, token *auth.Token, err error, check auth.Check, why string) *auth.Error {
	t.Helper()
	refusal, ok := errors.AsType[*auth.Error](err)
	if !ok {
		t.Fatalf("accepted with %+v, error %v, want a refusal by %v", token, err, check)
	}
	if refusal.Check != check || !strings.Contains(refusal.Reason, why) {
		t.Errorf("refused by %v: %s, want %v and %q in the reason", refusal.Check, refusal.Reason, check, why)
	}
	if token != nil {
		t.Errorf("refused, and yet there is a token %+v", token)
	}
	if strings.ContainsFunc(refusal.Reason, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("the reason %q is not one printable line", refusal.Reason)
	}
	if len(refusal.Reason) > 2000 {
		t.Errorf("the reason has %d bytes", len(refusal.Reason))
	}
	return refusal
}

// accepted verifies a token that must be accepted.
func accepted(t testing.TB, v *auth.Verifier, raw string) *auth.Token {
	t.Helper()
	token, err := v.Verify(t.Context(), raw)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return token
}

// within returns a context that ends before a test would be taken for hanging.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
