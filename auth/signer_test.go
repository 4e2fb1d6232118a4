package auth_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

func TestSignModern(t *testing.T) {
	signer, err := auth.NewSigner(auth.SigningKey{Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signer.Sign(auth.Claims{
		Issuer: issuer, Audience: []string{"x", resource}, Subject: "user", ClientID: "client", ID: "1",
		Expires: now.Add(time.Hour), NotBefore: now.Add(-time.Hour), IssuedAt: now,
		Details: []auth.ClaimDetail{{
			Actions: []string{"publish", "subscribe"},
			Topics:  []auth.ClaimTopic{{Match: "a"}, {Match: "/:b", MatchType: auth.KindURLPattern}},
			Payload: []byte(`{"n":1}`),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	matchers := topic.Matchers{topic.Exact("a"), topic.Exact("pattern /:b")}
	want := &auth.Token{
		Dialect: auth.Modern, Grant: topic.Grant{Publish: matchers, Subscribe: matchers},
		Details: []auth.Detail{{Publish: true, Subscribe: true, Topics: matchers, Payload: []byte(`{"n":1}`)}},
		Issuer:  issuer, Subject: "user", ClientID: "client", ID: "1",
		Expires: now.Add(time.Hour), NotBefore: now.Add(-time.Hour), IssuedAt: now, Hash: auth.Hash(raw),
	}
	if diff := cmp.Diff(want, accepted(t, newVerifier(t, goodOptions()), raw), compareTokens()); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
}

func TestSignLegacy(t *testing.T) {
	signer, err := auth.NewSigner(auth.SigningKey{Secret: []byte(legacy)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signer.Sign(auth.Claims{
		Dialect: auth.Legacy, Publish: []string{"a"}, Subscribe: []string{"*"}, Payload: []byte(`"x"`), Expires: now.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &auth.Token{
		Dialect: auth.Legacy, Grant: topic.Grant{Publish: topic.Matchers{topic.Exact("a")}, Subscribe: topic.Matchers{topic.Any()}},
		LegacyPayload: []byte(`"x"`), Expires: now.Add(time.Hour), Hash: auth.Hash(raw),
	}
	if diff := cmp.Diff(want, accepted(t, newVerifier(t, goodOptions()), raw), compareTokens()); diff != "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
}

func TestNewSignerRefuses(t *testing.T) {
	pair, _ := pairOf(t, auth.ES256)
	tests := []struct {
		name string
		key  auth.SigningKey
		want string
	}{
		{"nothing", auth.SigningKey{}, "either"},
		{"both", auth.SigningKey{Secret: []byte(secret), PEM: pair.Private}, "either"},
		{"short secret", auth.SigningKey{Secret: []byte("short")}, "5 bytes"},
		{"secret too short for it", auth.SigningKey{Secret: []byte(secret), Algorithm: auth.HS512}, "at least 64 bytes"},
		{"public key", auth.SigningKey{PEM: pair.Public}, "no private key"},
		{"no PEM", auth.SigningKey{PEM: []byte("x")}, "no private key"},
		{"algorithm of others", auth.SigningKey{PEM: pair.Private, Algorithm: auth.RS256}, "needs an RSA key"},
		{"no algorithm", auth.SigningKey{PEM: pair.Private, Algorithm: "none"}, "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := auth.NewSigner(tt.key); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := auth.GenerateKeys(auth.HS256); err == nil {
		t.Error("a pair of keys for HS256")
	}
}

// The usual algorithm of a key is taken where none is said, also from the old form of an EC key.
func TestUsualAlgorithms(t *testing.T) {
	for _, algorithm := range []string{auth.EdDSA, auth.ES256, auth.ES384, auth.ES512, auth.RS256} {
		pair, private := pairOf(t, algorithm)
		keys := [][]byte{pair.Private}
		if ec, ok := private.(*ecdsa.PrivateKey); ok {
			der, err := x509.MarshalECPrivateKey(ec)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
		}
		for _, key := range keys {
			signer, err := auth.NewSigner(auth.SigningKey{PEM: key})
			if err != nil {
				t.Fatal(err)
			}
			raw, err := signer.Sign(auth.Claims{Issuer: issuer, Audience: []string{resource}, Expires: now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			o := goodOptions()
			o.Issuers[0] = auth.Issuer{ID: issuer, Keys: []auth.Key{{PEM: pair.Public}}, Algorithms: []string{algorithm}}
			accepted(t, newVerifier(t, o), raw)
		}
	}
}
