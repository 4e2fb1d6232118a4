package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/auth"
)

// TrustedIssuer is an issuer with its keys, as text: words with blanks between, each a name and a value. All but issuer
// and algorithms may be repeated.
//
//	issuer=https://login.example jwks-url=https://login.example/keys algorithms=RS256,ES256
type TrustedIssuer struct{ auth.Issuer }

var errTrustSyntax = errors.New("it must be like 'issuer=https://login.example jwks-url=https://login.example/keys'")

// UnmarshalText implements [encoding.TextUnmarshaler].
func (i *TrustedIssuer) UnmarshalText(text []byte) error {
	var issuer auth.Issuer
	for word := range strings.FieldsSeq(string(text)) {
		name, value, _ := strings.Cut(word, "=")
		if value == "" {
			return fmt.Errorf("%s: %w", quoteName(name), errTrustSyntax)
		}
		switch name {
		case "issuer":
			if issuer.ID != "" {
				return errors.New("issuer is there twice")
			}
			issuer.ID = value
		case "algorithms":
			issuer.Algorithms = strings.Split(value, ",")
		case "secret":
			issuer.Keys = append(issuer.Keys, auth.Key{Secret: []byte(value)})
		case "key-file":
			issuer.Keys = append(issuer.Keys, auth.Key{PEMFile: value})
		case "jwks-file":
			issuer.Keys = append(issuer.Keys, auth.Key{JWKSFile: value})
		case "jwks-url":
			issuer.Keys = append(issuer.Keys, auth.Key{JWKSURL: value})
		default:
			return fmt.Errorf("%s: %w", quoteName(name), errTrustSyntax)
		}
	}
	switch {
	case issuer.ID == "":
		return fmt.Errorf("there is no issuer: %w", errTrustSyntax)
	case len(issuer.Keys) == 0:
		return fmt.Errorf("%q has no key: secret, key-file, jwks-file or jwks-url", issuer.ID)
	}
	for _, name := range issuer.Algorithms {
		if !slices.Contains(auth.Algorithms(), name) {
			return fmt.Errorf("%q is not an algorithm, there are %s", name, strings.Join(auth.Algorithms(), ", "))
		}
	}
	i.Issuer = issuer
	return nil
}

// quoteName returns the name of a word. Its value may be a secret, and is not repeated.
func quoteName(name string) string { return fmt.Sprintf("%.20q", name) }

// MarshalText implements [encoding.TextMarshaler], for messages: it leaves out secrets.
func (i TrustedIssuer) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// String returns the issuer without its secrets.
func (i TrustedIssuer) String() string { return "issuer=" + i.ID }
