package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// KeyPair is a new pair of keys.
type KeyPair struct {
	// Private is the key that tokens are signed with, as PEM (PKCS #8). Whoever has it can grant everything.
	Private []byte
	// Public is the key that they are verified with, as PEM, and JWKS the same as a JSON Web Key Set, with its KeyID.
	Public, JWKS []byte
	// KeyID is the thumbprint of the public key (RFC 7638).
	KeyID string
}

// rsaBits is how long a new RSA key is.
const rsaBits = 3072

// GenerateKeys returns a new pair of keys for [EdDSA], [ES256], [ES384], [ES512], [RS256] or [PS256].
func GenerateKeys(algorithm string) (*KeyPair, error) {
	private, err := generate(algorithm)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	publicDER, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	jwk := jose.JSONWebKey{Key: private.Public(), Algorithm: algorithm, Use: "sig"}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	jwks, err := json.MarshalIndent(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{jwk}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return &KeyPair{
		Private: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER}),
		Public:  pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER}),
		JWKS:    append(jwks, '\n'),
		KeyID:   jwk.KeyID,
	}, nil
}

func generate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case ES512:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case RS256, PS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return nil, fmt.Errorf("there are no key pairs for %s", quote(algorithm))
}
