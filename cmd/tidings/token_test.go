package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	testIssuer   = "https://app.example"
	testResource = "https://hub.example/.well-known/mercure"
	testSecret   = "a secret of more than thirty-two bytes"
)

// mint returns a token that tidings token mint makes.
func mint(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := runBinary(t, append([]string{"token", "mint"}, args...)...)
	if code != exitOK || stderr != "" || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("%q ended with %d: %s%s", args, code, stdout, stderr)
	}
	return strings.TrimSpace(stdout)
}

// explain runs tidings token explain on a token.
func explain(t *testing.T, token string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return invocation{args: append([]string{"token", "explain"}, args...), stdin: strings.NewReader(token + "\n")}.run(t)
}

// squeezed returns a table with one blank between its cells.
func squeezed(table string) string { return strings.Join(strings.Fields(table), " ") }

func TestTokenMintAndExplain(t *testing.T) {
	hub := []string{"--issuer", testIssuer, "--resource", testResource, "--jwt-secret", testSecret}
	modern := mint(t, append(hub[:6:6], "--publish", "a", "--subscribe-pattern", "/users/:id", "--payload", `{"n":1}`, "--subject", "user", "--id", "7")...)
	old := mint(t, "--legacy", "--jwt-secret", testSecret, "--publish", "*", "--subscribe", "https://example.com/{id}", "--expires-in", "0")
	tests := []struct {
		name  string
		token string
		want  []string
	}{
		{"1.0", modern, []string{
			`issuer passed "` + testIssuer, "protocol 1.0", "may publish exact:a", "may receive urlpattern:/users/:id",
			`sub "user"`, `jti "7"`, "revoked not reached what was revoked only the hub knows",
		}},
		{"0.x", old, []string{"protocol 0.x", "may publish any:*", "may receive template:https://example.com/{id}", "ends never"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := explain(t, tt.token, hub...)
			if code != exitOK || stderr != "" {
				t.Errorf("ended with %d: %s", code, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(squeezed(stdout), want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
			if again, _, _ := runBinary(t, append(append([]string{"token", "explain"}, hub...), tt.token)...); again != stdout {
				t.Errorf("as an argument it is explained by\n%s\nfrom standard input by\n%s", again, stdout)
			}
		})
	}
}

// TestTokensOfTheConformanceSuite accepts the two tokens of the public conformance suite, which are signed with a key
// that everybody knows, by the flags that are documented for it.
func TestTokensOfTheConformanceSuite(t *testing.T) {
	const key = "!ChangeThisMercureHubJWTSecretKey!"
	sign := func(header, claims string) string {
		input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	for name, token := range map[string]string{
		"1.0": sign(`{"alg":"HS256","typ":"at+jwt"}`, `{"aud":"https://localhost/.well-known/mercure","iss":"https://localhost","exp":4102444800,`+
			`"authorization_details":[{"type":"https://mercure.rocks/authorization-detail","actions":["publish","subscribe"],"topics":[{"match":"*"}]}]}`),
		"0.x": sign(`{"alg":"HS256"}`, `{"mercure":{"publish":["*"],"subscribe":["*"]}}`),
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := explain(t, token,
				"--jwt-secret", key, "--issuer", "https://localhost", "--resource", "https://localhost/.well-known/mercure")
			for _, want := range []string{"protocol " + name, "may publish any:*", "may receive any:*"} {
				if code != exitOK || !strings.Contains(squeezed(stdout), want) {
					t.Errorf("no %q, ended with %d:\n%s%s", want, code, stdout, stderr)
				}
			}
		})
	}
}

func TestTokenExplainRefused(t *testing.T) {
	hub := []string{"--issuer", testIssuer, "--resource", testResource, "--jwt-secret", testSecret}
	other := mint(t, "--issuer", testIssuer, "--resource", "https://other.example", "--jwt-secret", testSecret)
	stdout, stderr, code := explain(t, other, hub...)
	if code != exitRefused || !strings.Contains(squeezed(stdout), "audience failed") ||
		!strings.Contains(squeezed(stdout), "details not reached") {
		t.Errorf("ended with %d:\n%s", code, stdout)
	}
	isOneLine(t, stderr, `audience: it is for "https://other.example", and this hub is "`+testResource+`"`)
	if _, _, code := explain(t, "", hub...); code != exitRefused {
		t.Errorf("an empty token: %d", code)
	}

	stdout, _, code = explain(t, other, append(hub, "--json")...)
	var e struct {
		Checks []struct{ Check, Result, Reason string }
		Claims struct{ Aud string }
	}
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != exitRefused {
		t.Fatalf("%v, %d: %s", err, code, stdout)
	}
	if e.Checks[8].Check != "audience" || e.Checks[8].Result != "failed" || e.Claims.Aud != "https://other.example" {
		t.Errorf("explained by %+v", e)
	}
}

// TestTokenKeys makes keys, signs with one half and verifies with the other, from both files.
func TestTokenKeys(t *testing.T) {
	for _, algorithm := range []string{"EdDSA", "ES256", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			dir := t.TempDir()
			file := func(ending string) string { return filepath.Join(dir, "mine"+ending) }
			stdout, stderr, code := runBinary(t, "token", "keys", "--algorithm", algorithm, "--out", dir, "--name", "mine")
			if code != exitOK || stderr != "" {
				t.Fatalf("ended with %d: %s", code, stderr)
			}
			for _, want := range []string{file("-private.pem"), file("-public.pem"), file("-jwks.json"), "kid"} {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %s in\n%s", want, stdout)
				}
			}
			if info, err := os.Stat(file("-private.pem")); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the private key is %v, %v", info, err)
			}
			named := []string{"--issuer", testIssuer, "--resource", testResource}
			token := mint(t, append(named[:4:4], "--private-key", file("-private.pem"))...)
			for _, key := range [][]string{{"--key-file", file("-public.pem")}, {"--jwks-file", file("-jwks.json")}} {
				if stdout, _, code := explain(t, token, append(append(named[:4:4], key...), "--algorithms", algorithm)...); code != exitOK {
					t.Errorf("%q ended with %d:\n%s", key, code, stdout)
				}
			}

			before, err := os.ReadFile(file("-private.pem"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(file("-jwks.json")); err != nil {
				t.Fatal(err)
			}
			_, stderr, code = runBinary(t, "token", "keys", "--out", dir, "--name", "mine")
			if code != exitFailure {
				t.Errorf("the second time it ended with %d", code)
			}
			isOneLine(t, stderr, file("-private.pem"))
			if after, err := os.ReadFile(file("-private.pem")); err != nil || string(after) != string(before) {
				t.Errorf("the private key was written over, %v", err)
			}
		})
	}
}
