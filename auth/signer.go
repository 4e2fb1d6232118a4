package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// SigningKey is what tokens are signed with: a Secret or a PEM.
type SigningKey struct {
	// Secret is shared with the hub.
	Secret []byte
	// PEM holds a private key: RSA, EC (P-256, P-384 or P-521) or Ed25519.
	PEM []byte
	// Algorithm is how to sign. By default it is the one for keys of this kind: HS256, RS256, that of the curve, EdDSA.
	Algorithm string
	// KeyID is put into the tokens as kid, for hubs that hold several keys; empty for none.
	KeyID string
}

// Signer makes tokens. It is safe for concurrent use.
type Signer struct {
	key jose.SigningKey
	id  string
}

// NewSigner returns a Signer. It refuses keys that a hub would refuse.
func NewSigner(k SigningKey) (*Signer, error) {
	if (k.Secret != nil) == (k.PEM != nil) {
		return nil, errors.New("auth: SigningKey needs either a Secret or a PEM")
	}
	var private, public any = k.Secret, k.Secret
	if k.PEM != nil {
		key, err := parsePrivate(k.PEM)
		if err != nil {
			return nil, fmt.Errorf("auth: SigningKey.PEM: %w", err)
		}
		private, public = key, key.Public()
	}
	if err := checkKey(public); err != nil {
		return nil, fmt.Errorf("auth: SigningKey: %w", err)
	}
	algorithm := k.Algorithm
	if algorithm == "" {
		algorithm = usualAlgorithm(public)
	}
	if err := fits(public, algorithm); err != nil {
		return nil, fmt.Errorf("auth: SigningKey.Algorithm: %w", err)
	}
	return &Signer{jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: private}, k.KeyID}, nil
}

// parsePrivate returns the private key in a PEM text.
func parsePrivate(text []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			continue // parameters, certificates
		}
		if err != nil {
			return nil, err
		}
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	return nil, errors.New("there is no private key in it")
}

func usualAlgorithm(public any) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return RS256
	case *ecdsa.PublicKey:
		return ecAlgorithm(key)
	case ed25519.PublicKey:
		return EdDSA
	}
	return HS256
}

// Claims are what a Signer puts into a token. Whatever is zero is left out.
type Claims struct {
	// Dialect is the token's, [Modern] if it is zero.
	Dialect Dialect
	// Issuer, Audience, Subject, ClientID and ID are iss, aud, sub, client_id and jti. A modern token needs the first
	// two.
	Issuer   string
	Audience []string
	Subject  string
	ClientID string
	ID       string
	// Expires, NotBefore and IssuedAt are exp, nbf and iat. A modern token needs the first.
	Expires, NotBefore, IssuedAt time.Time
	// Details are the rights of a modern token.
	Details []ClaimDetail
	// Publish and Subscribe are the selectors of a legacy token, and Payload its payload, any JSON value.
	Publish, Subscribe []string
	Payload            json.RawMessage
}

// ClaimDetail is one entry of a modern token's rights.
type ClaimDetail struct {
	// Actions are publish, subscribe or both.
	Actions []string `json:"actions"`
	// Topics are those that it is about.
	Topics []ClaimTopic `json:"topics"`
	// Payload is a JSON object that other subscribers are shown.
	Payload json.RawMessage `json:"payload,omitempty"`
}

// ClaimTopic selects topics.
type ClaimTopic struct {
	// Match is the matcher's value.
	Match string `json:"match"`
	// MatchType is its kind, [KindExact] if it is empty.
	MatchType string `json:"match_type,omitempty"`
}

// Sign returns a token in compact form. It does not judge the claims: a hub does.
func (s *Signer) Sign(c Claims) (string, error) {
	text, err := c.json()
	if err != nil {
		return "", fmt.Errorf("auth: %w", err)
	}
	options := new(jose.SignerOptions)
	if c.Dialect == Legacy {
		options.WithType("JWT")
	} else {
		options.WithType("at+jwt")
	}
	if s.id != "" {
		options.WithHeader("kid", s.id)
	}
	signer, err := jose.NewSigner(s.key, options)
	if err != nil {
		return "", fmt.Errorf("auth: %w", err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fmt.Errorf("auth: %w", err)
	}
	return signed.CompactSerialize()
}

// json returns the claims as a token has them.
func (c *Claims) json() ([]byte, error) {
	claims := map[string]any{}
	for name, s := range map[string]string{"iss": c.Issuer, "sub": c.Subject, "client_id": c.ClientID, "jti": c.ID} {
		if s != "" {
			claims[name] = s
		}
	}
	switch len(c.Audience) {
	case 0:
	case 1:
		claims["aud"] = c.Audience[0]
	default:
		claims["aud"] = c.Audience
	}
	for name, t := range map[string]time.Time{"exp": c.Expires, "nbf": c.NotBefore, "iat": c.IssuedAt} {
		if !t.IsZero() {
			claims[name] = t.Unix()
		}
	}
	if c.Dialect == Legacy {
		rights := map[string]any{}
		if c.Publish != nil {
			rights["publish"] = c.Publish
		}
		if c.Subscribe != nil {
			rights["subscribe"] = c.Subscribe
		}
		if c.Payload != nil {
			rights["payload"] = c.Payload
		}
		claims[claimLegacy] = rights
		return json.Marshal(claims)
	}
	type typed struct {
		Type string `json:"type"`
		ClaimDetail
	}
	details := make([]typed, len(c.Details))
	for i, d := range c.Details {
		details[i] = typed{DetailType, d}
	}
	if len(details) > 0 {
		claims[claimDetails] = details
	}
	return json.Marshal(claims)
}
