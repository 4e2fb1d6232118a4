package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

func parsePrivate(text []byte) (any, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParsePKCS8PrivateKey(block.Bytes)
}

func publicPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func orderP256() *big.Int { return elliptic.P256().Params().N }

func hexOf(hash [32]byte) string { return hex.EncodeToString(hash[:]) }

// file returns the name of a new file.
func file(t testing.TB, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	replace(t, name, content)
	return name
}

// replace puts content in the place of a file, as operators should: never half of it.
func replace(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// isWrong makes a verifier of options that must be refused for a reason that names why.
func isWrong(t testing.TB, o auth.Options, why string) {
	t.Helper()
	v, err := auth.New(o)
	if err == nil {
		v.Close()
		t.Fatalf("accepted, want an error with %q", why)
	}
	if !strings.Contains(err.Error(), why) || !strings.HasPrefix(err.Error(), "auth: ") {
		t.Errorf("error %q, want one with %q", err, why)
	}
}

// TestKindsOfKeys holds that each kind of key verifies what it signed, from each place that it may be in, and nothing
// of another algorithm's.
func TestKindsOfKeys(t *testing.T) {
	for _, algorithm := range []string{auth.EdDSA, auth.ES256, auth.ES384, auth.ES512, auth.RS256, auth.PS256} {
		pair, _ := pairOf(t, algorithm)
		signer, err := auth.NewSigner(auth.SigningKey{PEM: pair.Private, Algorithm: algorithm, KeyID: pair.KeyID})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := signer.Sign(auth.Claims{Issuer: issuer, Audience: []string{resource}, Expires: now.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for name, key := range map[string]auth.Key{
			"PEM":       {PEM: pair.Public},
			"PEM file":  {PEMFile: file(t, pair.Public)},
			"JWKS file": {JWKSFile: file(t, pair.JWKS)},
		} {
			t.Run(algorithm+" from "+name, func(t *testing.T) {
				o := goodOptions()
				o.Issuers[0].Keys = []auth.Key{key}
				accepted(t, newVerifier(t, o), raw)
				o.Issuers[0].Algorithms = []string{algorithm}
				accepted(t, newVerifier(t, o), raw)
				o.Issuers[0].Algorithms = []string{auth.HS256}
				isWrong(t, o, "for none of the allowed algorithms")
			})
		}
	}
}

// TestKeysOfOneIssuer holds that several keys are tried, and the one that a kid names first.
func TestKeysOfOneIssuer(t *testing.T) {
	one, oneKey := pairOf(t, auth.ES256)
	two, err := auth.GenerateKeys(auth.ES256)
	if err != nil {
		t.Fatal(err)
	}
	twoKey := otherKey(t, two)
	o := goodOptions()
	o.Issuers[0].Keys = []auth.Key{{Secret: []byte(secret)}, {JWKSFile: file(t, one.JWKS)}, {PEM: two.Public}}
	v := newVerifier(t, o)
	header := members{"alg": "ES256", "typ": "at+jwt"}
	accepted(t, v, forge(t, secret, goodHeader(), goodClaims()))
	accepted(t, v, forge(t, oneKey, header, goodClaims()))
	accepted(t, v, forge(t, twoKey, header, goodClaims()))
	accepted(t, v, forge(t, oneKey, header.with(members{"kid": one.KeyID}), goodClaims()))
	accepted(t, v, forge(t, twoKey, header.with(members{"kid": "nobody's"}), goodClaims()))
	refused(t, v, forge(t, twoKey, header.with(members{"kid": one.KeyID}), goodClaims()), auth.CheckSignature, "keys tried: 1")
	refused(t, v, forge(t, otherKey(t, generated(t)), header, goodClaims()), auth.CheckSignature, "keys tried: 2")
}

func generated(t testing.TB) *auth.KeyPair {
	t.Helper()
	pair, err := auth.GenerateKeys(auth.ES256)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func TestPEM(t *testing.T) {
	pair, private := pairOf(t, auth.RS256)
	rsaKey := private.(*rsa.PrivateKey)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: now}
	der, err := x509.CreateCertificate(rand.Reader, template, template, rsaKey.Public(), rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	odd, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	raw := forge(t, private, members{"alg": "RS256", "typ": "at+jwt"}, goodClaims())
	tests := []struct {
		name string
		pem  []byte
		want string // "" if it is good
	}{
		{"public key", pair.Public, ""},
		{"the old form", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)), ""},
		{"certificate", block("CERTIFICATE", der), ""},
		{"two, with text between", append(append(publicPEM(t, edPublic(t)), "and\n"...), pair.Public...), ""},
		{"private key", pair.Private, "it holds a private key"},
		{"old private key", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), "it holds a private key"},
		{"no PEM", []byte("secret"), "there is no PEM block"},
		{"another block", block("X509 CRL", nil), "not a public key"},
		{"damaged", block("PUBLIC KEY", []byte("x")), "asn1"},
		{"another curve", publicPEM(t, odd.Public()), "P-224"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, key := range []auth.Key{{PEM: tt.pem}, {PEMFile: file(t, tt.pem)}} {
				o := goodOptions()
				o.Issuers[0].Keys = []auth.Key{key}
				if tt.want != "" {
					isWrong(t, o, tt.want)
					continue
				}
				accepted(t, newVerifier(t, o), raw)
			}
		})
	}
}

func edPublic(t testing.TB) any {
	t.Helper()
	_, private := pairOf(t, auth.EdDSA)
	return private.(crypto.Signer).Public()
}

// TestSecrets holds that no secret is shorter than the hash of an algorithm that it is used with.
func TestSecrets(t *testing.T) {
	tests := []struct {
		name       string
		secret     string
		algorithms []string
		want       string // "" if it is good
	}{
		{"32 bytes", strings.Repeat("x", 32), nil, ""},
		{"64 bytes", strings.Repeat("x", 64), []string{auth.HS512}, ""},
		{"48 bytes for two", strings.Repeat("x", 48), []string{auth.HS256, auth.HS384}, ""},
		{"empty", "", nil, "the secret has 0 bytes"},
		{"31 bytes", strings.Repeat("x", 31), nil, "the secret has 31 bytes"},
		{"47 bytes for HS384", strings.Repeat("x", 47), []string{auth.HS256, auth.HS384}, "HS384 needs a secret of at least 48 bytes, this one has 47"},
		{"63 bytes for HS512", strings.Repeat("x", 63), []string{auth.HS512}, "HS512 needs a secret of at least 64 bytes"},
		{"no algorithm for it", strings.Repeat("x", 64), []string{auth.RS256}, "none of the algorithms RS256 is for secrets"},
		{"a public key", string(publicPEM(t, edPublic(t))), nil, "give it as PEM"},
		{"no such algorithm", strings.Repeat("x", 64), []string{"none"}, `"none" is not an algorithm`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			modern, old := goodOptions(), goodOptions()
			modern.Issuers[0].Keys[0].Secret, modern.Issuers[0].Algorithms = []byte(tt.secret), tt.algorithms
			old.LegacyKeys[0].Secret, old.LegacyKeys[0].Algorithms = []byte(tt.secret), tt.algorithms
			if tt.want != "" {
				isWrong(t, modern, tt.want)
				isWrong(t, old, tt.want)
				return
			}
			newVerifier(t, modern)
			newVerifier(t, old)
		})
	}
	// Unless told otherwise, a secret is for as many algorithms as it is long enough for.
	o := goodOptions()
	o.Issuers[0].Keys[0].Secret = []byte(strings.Repeat("x", 48))
	header := goodHeader().with(members{"alg": "HS512"})
	refused(t, newVerifier(t, o), forge(t, secret, header, goodClaims()), auth.CheckAlgorithm, `"HS512" is not allowed, but HS256, HS384`)
}

// TestJWKS holds which keys of a set are used, and that the others do no harm.
func TestJWKS(t *testing.T) {
	pair, private := pairOf(t, auth.ES256)
	good := strings.TrimSpace(string(pair.JWKS))
	good = good[strings.IndexByte(good, '[')+1 : strings.LastIndexByte(good, ']')]
	change := func(old, new string) string {
		changed := strings.Replace(good, old, new, 1)
		if changed == good {
			t.Fatalf("no %s in %s", old, good)
		}
		return changed
	}
	encryption := change(`"sig"`, `"enc"`)
	d, err := private.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	secretHalf := change(`"use"`, `"d":"`+encode(d)+`","use"`)
	raw := forge(t, private, members{"alg": "ES256", "typ": "at+jwt"}, goodClaims())
	tests := []struct {
		name string
		set  string
		want string // "" if it is good
	}{
		{"one", `{"keys":[` + good + `]}`, ""},
		{"behind those that are of no use", `{"keys":[{"kty":"OKP","crv":"X448","x":"AA"},{"kty":"new"},null,1,` + encryption + `,` + good + `]}`, ""},
		{"with more members", `{"more":1,"keys":[` + change(`"use"`, `"alg2":[{}],"key_ops":["verify"],"use"`) + `]}`, ""},
		{"for encryption", `{"keys":[` + encryption + `]}`, "no usable key"},
		{"for wrapping", `{"keys":[` + change(`"use"`, `"key_ops":["wrapKey"],"use"`) + `]}`, "no usable key"},
		{"for another algorithm", `{"keys":[` + change(`"ES256"`, `"ES384"`) + `]}`, "for none of the allowed algorithms"},
		{"private key", `{"keys":[` + secretHalf + `]}`, "no usable key"},
		{"shared secret", `{"keys":[{"kty":"oct","k":"` + encode([]byte(secret)) + `"}]}`, "no usable key"},
		{"empty", `{"keys":[]}`, "no usable key"},
		{"no set", `{}`, "no array of keys"},
		{"twice", `{"keys":[],"keys":[` + good + `]}`, "twice"},
		{"no JSON", `keys`, "invalid character"},
		{"too many", `{"keys":[` + strings.Repeat(good+",", 100) + good + `]}`, "101 keys"},
		{"too long", `{"keys":[` + good + `]` + strings.Repeat(" ", 1<<20) + `}`, "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := goodOptions()
			o.Issuers[0].Keys = []auth.Key{{JWKSFile: file(t, []byte(tt.set))}}
			if tt.want != "" {
				isWrong(t, o, tt.want)
				return
			}
			accepted(t, newVerifier(t, o), raw)
		})
	}
}
