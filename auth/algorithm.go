package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"
)

// The names of the signature algorithms that a hub can be told to allow (RFC 7518, section 3.1, and RFC 8037).
// There is no name for tokens that are not signed.
const (
	HS256 = "HS256"
	HS384 = "HS384"
	HS512 = "HS512"
	ES256 = "ES256"
	ES384 = "ES384"
	ES512 = "ES512"
	RS256 = "RS256"
	RS384 = "RS384"
	RS512 = "RS512"
	PS256 = "PS256"
	PS384 = "PS384"
	PS512 = "PS512"
	EdDSA = "EdDSA"
)

// Algorithms returns all signature algorithms that a hub can be told to allow.
func Algorithms() []string {
	return []string{EdDSA, ES256, ES384, ES512, PS256, PS384, PS512, RS256, RS384, RS512, HS256, HS384, HS512}
}

// minRSABits is the shortest RSA modulus that is used, maxRSABits the longest: what is beyond only costs time.
const minRSABits, maxRSABits = 2048, 8192

// checkKey refuses keys that are too weak for any algorithm, or of a kind that no algorithm is for. key is a public
// key or a shared secret.
func checkKey(key any) error {
	switch key := key.(type) {
	case []byte:
		if len(key) < hashBytes(HS256) {
			return fmt.Errorf("the secret has %d bytes, and the weakest algorithm for secrets, HS256, needs %d: "+
				"a shorter one can be found by trying", len(key), hashBytes(HS256))
		}
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("the RSA key has %d bits, it must have from %d to %d", bits, minRSABits, maxRSABits)
		}
		if key.E < 3 || key.E%2 == 0 {
			return fmt.Errorf("the RSA key has the exponent %d", key.E)
		}
	case *ecdsa.PublicKey:
		if ecAlgorithm(key) == "" {
			return fmt.Errorf("the EC key's curve is %s, it must be P-256, P-384 or P-521", key.Curve.Params().Name)
		}
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return fmt.Errorf("the Ed25519 key has %d bytes", len(key))
		}
	default:
		return fmt.Errorf("a key of type %T is for no algorithm", key)
	}
	return nil
}

// fits returns nil if key may be used with an algorithm, and the reason if not.
func fits(key any, algorithm string) error {
	want := "no key"
	switch algorithm {
	case HS256, HS384, HS512:
		if secret, ok := key.([]byte); ok {
			if least := hashBytes(algorithm); len(secret) < least {
				return fmt.Errorf("%s needs a secret of at least %d bytes, this one has %d", algorithm, least, len(secret))
			}
			return nil
		}
		want = "a shared secret"
	case RS256, RS384, RS512, PS256, PS384, PS512:
		if _, ok := key.(*rsa.PublicKey); ok {
			return nil
		}
		want = "an RSA key"
	case ES256, ES384, ES512:
		if ec, ok := key.(*ecdsa.PublicKey); ok && ecAlgorithm(ec) == algorithm {
			return nil
		}
		want = "an EC key of its curve"
	case EdDSA:
		if _, ok := key.(ed25519.PublicKey); ok {
			return nil
		}
		want = "an Ed25519 key"
	}
	return fmt.Errorf("%s needs %s, this is %s", algorithm, want, keyKind(key))
}

// ecAlgorithm returns the one algorithm for keys of a curve, "" if there is none.
func ecAlgorithm(key *ecdsa.PublicKey) string {
	switch key.Curve {
	case elliptic.P256():
		return ES256
	case elliptic.P384():
		return ES384
	case elliptic.P521():
		return ES512
	}
	return ""
}

// hashBytes returns the size of an HMAC algorithm's hash.
func hashBytes(algorithm string) int {
	switch algorithm {
	case HS384:
		return 48
	case HS512:
		return 64
	}
	return 32
}

func keyKind(key any) string {
	switch key := key.(type) {
	case []byte:
		return "a shared secret"
	case *rsa.PublicKey:
		return "an RSA key"
	case *ecdsa.PublicKey:
		return "an EC key of the curve " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "an Ed25519 key"
	}
	return fmt.Sprintf("a %T", key)
}

// checkAlgorithms refuses names in an allow-list that are no algorithms.
func checkAlgorithms(list []string) error {
	for _, a := range list {
		if !slices.Contains(Algorithms(), a) {
			return fmt.Errorf("%s is not an algorithm that can be allowed; there are %s", quote(a), strings.Join(Algorithms(), ", "))
		}
	}
	return nil
}
