package auth_test

import (
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

func verifyOften(b *testing.B, v *auth.Verifier, raw string) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify shows what a connection's token costs, by the kind of its key.
func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []string{auth.HS256, auth.EdDSA, auth.ES256, auth.RS256} {
		b.Run(algorithm, func(b *testing.B) {
			key, from := auth.SigningKey{Secret: []byte(secret)}, auth.Key{Secret: []byte(secret)}
			if algorithm != auth.HS256 {
				pair, _ := pairOf(b, algorithm)
				key, from = auth.SigningKey{PEM: pair.Private}, auth.Key{PEM: pair.Public}
			}
			signer, err := auth.NewSigner(key)
			if err != nil {
				b.Fatal(err)
			}
			raw, err := signer.Sign(auth.Claims{
				Issuer: issuer, Audience: []string{resource}, Expires: now.Add(time.Hour),
				Details: []auth.ClaimDetail{{Actions: []string{"subscribe"}, Topics: []auth.ClaimTopic{{Match: "https://example.com/orders/1"}}}},
			})
			if err != nil {
				b.Fatal(err)
			}
			o := goodOptions()
			o.Issuers[0].Keys = []auth.Key{from}
			v := newVerifier(b, o)
			o.CacheEntries = -1
			b.Run("first", func(b *testing.B) { verifyOften(b, newVerifier(b, o), raw) })
			b.Run("again", func(b *testing.B) { verifyOften(b, v, raw) })
		})
	}
}
