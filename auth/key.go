package auth

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys is how many keys one place may hold, and maxKeyBytes how long what it holds may be.
const (
	maxKeys     = 100
	maxKeyBytes = 1 << 20
)

// verificationKey is a key that signatures are checked with.
type verificationKey struct {
	id        string // kid, "" if it has none
	algorithm string // the only one that it is for, "" if it does not say
	key       any
}

// usable returns nil if the key may be used with an algorithm.
func (k *verificationKey) usable(algorithm string) error {
	if k.algorithm != "" && k.algorithm != algorithm {
		return fmt.Errorf("the key is for %s only", quote(k.algorithm))
	}
	return fits(k.key, algorithm)
}

// keySource is a place that keys are found in.
type keySource interface {
	// keys returns what is there. A kid that is not among them may be a reason to look anew; "" never is. The result is
	// not to be changed.
	keys(ctx context.Context, kid string) ([]verificationKey, error)
	// held returns what is there at present, and never waits.
	held() []verificationKey
	// version returns a number that grows whenever keys may return something else, and whether there is anything that it
	// can return at present. It never waits.
	version() (uint64, bool)
}

// fixedKeys never change.
type fixedKeys []verificationKey

func (f fixedKeys) keys(context.Context, string) ([]verificationKey, error) { return f, nil }

func (f fixedKeys) held() []verificationKey { return f }

func (f fixedKeys) version() (uint64, bool) { return 0, true }

// checkSecret refuses secrets that are shorter than the hash of an algorithm that they are to be used with.
func checkSecret(secret []byte, algorithms []string) error {
	if bytes.Contains(secret, []byte("-----BEGIN ")) {
		return errors.New("the secret is a PEM text: a public key that is used as a secret is known to everybody; give it as PEM")
	}
	if err := checkKey(secret); err != nil {
		return err
	}
	fitting := 0
	for _, a := range algorithms {
		if strings.HasPrefix(a, "HS") {
			if err := fits(secret, a); err != nil {
				return fmt.Errorf("%w: a shorter one is weaker than the algorithm", err)
			}
			fitting++
		}
	}
	if len(algorithms) > 0 && fitting == 0 {
		return fmt.Errorf("there is a secret, but none of the algorithms %s is for secrets", strings.Join(algorithms, ", "))
	}
	return nil
}

// parsePEM returns the public keys in a PEM text.
func parsePEM(text []byte) ([]verificationKey, error) {
	var keys []verificationKey
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		key, err := parsePEMBlock(block)
		if err != nil {
			return nil, err
		}
		if err := checkKey(key); err != nil {
			return nil, err
		}
		keys = append(keys, verificationKey{key: key})
	}
	if len(keys) == 0 {
		return nil, errors.New("there is no PEM block in it")
	}
	if len(keys) > maxKeys {
		return nil, fmt.Errorf("there are %d keys in it, at most %d are used", len(keys), maxKeys)
	}
	return keys, nil
}

func parsePEMBlock(block *pem.Block) (any, error) {
	switch {
	case block.Type == "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	case block.Type == "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case block.Type == "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("it holds a private key: a hub needs the public one, and must not have the other")
	}
	return nil, fmt.Errorf("it holds a block of type %s, which is not a public key", quote(block.Type))
}

// parseJWKS returns the usable keys of a JSON Web Key Set, and why the others are not used.
func parseJWKS(text []byte) (keys []verificationKey, leftOut []error, err error) {
	o, err := parseObject(text)
	if err != nil {
		return nil, nil, err
	}
	list, err := asList(o["keys"])
	if err != nil {
		return nil, nil, errors.New("it has no array of keys")
	}
	if len(list) > maxKeys {
		return nil, nil, fmt.Errorf("there are %d keys in it, at most %d are used", len(list), maxKeys)
	}
	for i, raw := range list {
		key, err := parseJWK(raw)
		if err != nil {
			leftOut = append(leftOut, fmt.Errorf("key %d: %w", i, err))
			continue
		}
		keys = append(keys, key)
	}
	return keys, leftOut, nil
}

func parseJWK(raw json.RawMessage) (verificationKey, error) {
	o, err := parseChecked(raw)
	if err != nil {
		return verificationKey{}, err
	}
	if o.has("key_ops") {
		ops, err := o.textOrList("key_ops")
		if err != nil || !slices.Contains(ops, "verify") {
			return verificationKey{}, errors.New("it is not for verifying (key_ops)")
		}
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(raw); err != nil {
		return verificationKey{}, err
	}
	if jwk.Use != "" && jwk.Use != "sig" {
		return verificationKey{}, fmt.Errorf("it is not for signatures (use %s)", quote(jwk.Use))
	}
	switch jwk.Key.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
	case []byte:
		return verificationKey{}, errors.New("it is a shared secret, which does not belong into a set of public keys")
	default:
		return verificationKey{}, errors.New("it is not a public key")
	}
	if err := checkKey(jwk.Key); err != nil {
		return verificationKey{}, err
	}
	return verificationKey{id: jwk.KeyID, algorithm: jwk.Algorithm, key: jwk.Key}, nil
}
