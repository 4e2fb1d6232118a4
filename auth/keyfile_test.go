package auth_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// TestKeyFileChanges holds that a file is read again when it has changed, and that a bad one changes nothing.
func TestKeyFileChanges(t *testing.T) {
	header := members{"alg": "ES256", "typ": "at+jwt"}
	one, two := generated(t), generated(t)
	first := forge(t, otherKey(t, one), header, goodClaims())
	second := forge(t, otherKey(t, two), header, goodClaims())
	for name, tt := range map[string]struct {
		key      func(path string) auth.Key
		one, two []byte
	}{
		"PEM":  {func(path string) auth.Key { return auth.Key{PEMFile: path} }, one.Public, two.Public},
		"JWKS": {func(path string) auth.Key { return auth.Key{JWKSFile: path} }, one.JWKS, two.JWKS},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, tt.one)
			clock := now
			o := goodOptions()
			o.Now = func() time.Time { return clock }
			o.Issuers[0].Keys = []auth.Key{tt.key(path)}
			v := newVerifier(t, o)
			accepted(t, v, first)

			replace(t, path, tt.two)
			accepted(t, v, first) // not looked at again within a second
			clock = clock.Add(time.Second)
			refused(t, v, first, auth.CheckSignature, "another key")
			accepted(t, v, second)

			replace(t, path, []byte("damaged"))
			clock = clock.Add(time.Second)
			accepted(t, v, second)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(time.Second)
			accepted(t, v, second)

			replace(t, path, tt.one)
			clock = clock.Add(time.Second)
			accepted(t, v, first)
			refused(t, v, second, auth.CheckSignature, "another key")
		})
	}
}

func TestKeyFileMissing(t *testing.T) {
	o := goodOptions()
	o.Issuers[0].Keys = []auth.Key{{PEMFile: filepath.Join(t.TempDir(), "nowhere.pem")}}
	isWrong(t, o, "nowhere.pem")
	o = goodOptions()
	o.LegacyKeys[0].Key = auth.Key{PEMFile: t.TempDir()}
	isWrong(t, o, "is a directory")
}

// A set of keys from which all were withdrawn trusts nobody.
func TestKeyFileWithdrawn(t *testing.T) {
	pair := generated(t)
	path := file(t, pair.JWKS)
	clock := now
	o := goodOptions()
	o.Now = func() time.Time { return clock }
	o.Issuers[0].Keys = []auth.Key{{JWKSFile: path}}
	v := newVerifier(t, o)
	raw := forge(t, otherKey(t, pair), members{"alg": "ES256", "typ": "at+jwt"}, goodClaims())
	accepted(t, v, raw)
	replace(t, path, []byte(`{"keys":[]}`))
	clock = clock.Add(time.Second)
	refused(t, v, raw, auth.CheckKey, "there is no key")
}
