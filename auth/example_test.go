package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// A hub trusts its own application by a secret that both know.
func ExampleVerifier() {
	const issuer, resource = "https://app.example", "https://hub.example/.well-known/mercure"
	secret := []byte("at least thirty-two bytes, made at random")

	signer, err := auth.NewSigner(auth.SigningKey{Secret: secret})
	if err != nil {
		panic(err)
	}
	raw, err := signer.Sign(auth.Claims{
		Issuer: issuer, Audience: []string{resource}, Subject: "user-17", Expires: time.Now().Add(time.Hour),
		Details: []auth.ClaimDetail{{Actions: []string{"subscribe"}, Topics: []auth.ClaimTopic{{Match: "https://app.example/orders/1"}}}},
	})
	if err != nil {
		panic(err)
	}

	verifier, err := auth.New(auth.Options{
		Issuers:  []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: secret}}}},
		Resource: resource,
	})
	if err != nil {
		panic(err)
	}
	defer verifier.Close()
	token, err := verifier.Verify(context.Background(), raw)
	if err != nil {
		panic(err)
	}
	topics := []string{"https://app.example/orders/1"}
	fmt.Println(token.Subject, token.Grant.MayReceive(topics), token.Grant.MayPublish(topics))

	_, err = verifier.Verify(context.Background(), raw[:len(raw)-3]+"AAA")
	if refusal, ok := errors.AsType[*auth.Error](err); ok {
		fmt.Println(refusal.Check)
	}
	// Output:
	// user-17 true false
	// signature
}

func ExampleVerifier_Explain() {
	verifier, err := auth.New(auth.Options{
		Issuers:  []auth.Issuer{{ID: "https://app.example", Keys: []auth.Key{{Secret: []byte("at least thirty-two bytes, made at random")}}}},
		Resource: "https://hub.example/.well-known/mercure",
	})
	if err != nil {
		panic(err)
	}
	defer verifier.Close()
	for _, c := range verifier.Explain(context.Background(), "not.a.token").Checks[:3] {
		fmt.Println(c.Check, c.Result, c.Reason)
	}
	// Output:
	// size passed 11 bytes
	// malformed failed the header: it is not base64url without padding
	// critical not reached
}

// The application knows its users by their cookies, and says what each may do.
func ExampleAsker() {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("session"); err != nil || c.Value != "s3cr3t" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, `{
			"authorization_details": [{
				"type": "https://mercure.rocks/authorization-detail",
				"actions": ["subscribe"],
				"topics": [{"match": "https://app.example/orders/1"}]
			}],
			"expires_in": 600,
			"subject": "user-17"
		}`)
	}))
	defer application.Close()

	asker, err := auth.NewAsker(auth.AskerOptions{URL: application.URL})
	if err != nil {
		panic(err)
	}
	defer asker.Close()
	ticket, err := asker.Ask(context.Background(), http.Header{"Cookie": {"session=s3cr3t"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(ticket.Subject, ticket.Grant.MayReceive([]string{"https://app.example/orders/1"}))

	_, err = asker.Ask(context.Background(), http.Header{"Cookie": {"session=guessed"}})
	fmt.Println(err)
	// Output:
	// user-17 true
	// auth: denied: the application says 401 Unauthorized
}

func ExampleRevocations() {
	revocations := auth.NewRevocations(0, nil)
	token := &auth.Token{Subject: "user-17"}
	if err := revocations.Add(auth.Revocation{Subject: "user-17", Until: time.Now().Add(24 * time.Hour)}); err != nil {
		panic(err)
	}
	fmt.Println(revocations.Revoked(token))
	// Output: true
}

// Keys are made once; the private one stays with whoever makes tokens.
func ExampleGenerateKeys() {
	pair, err := auth.GenerateKeys(auth.EdDSA)
	if err != nil {
		panic(err)
	}
	signer, err := auth.NewSigner(auth.SigningKey{PEM: pair.Private, KeyID: pair.KeyID})
	if err != nil {
		panic(err)
	}
	raw, err := signer.Sign(auth.Claims{
		Dialect: auth.Legacy,
		Publish: []string{"https://app.example/news"},
	})
	if err != nil {
		panic(err)
	}

	verifier, err := auth.New(auth.Options{LegacyKeys: []auth.LegacyKey{{Key: auth.Key{PEM: pair.Public}}}})
	if err != nil {
		panic(err)
	}
	defer verifier.Close()
	token, err := verifier.Verify(context.Background(), raw)
	if err != nil {
		panic(err)
	}
	fmt.Println(token.Dialect, token.Grant.MayPublish([]string{"https://app.example/news"}))
	// Output: 0.x true
}
