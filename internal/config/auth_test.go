package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/internal/config"
)

// settings are those of token explain, which has all of config.Auth.
func authSettings(t *testing.T, args ...string) *config.Auth {
	t.Helper()
	return &parsed[config.TokenExplain](t, args...).Auth
}

const someSecret = "a secret of more than thirty-two bytes"

func TestAuthRefuses(t *testing.T) {
	named := []string{"--issuer", "https://i", "--resource", "https://h"}
	secret := append(named[:4:4], "--jwt-secret", someSecret)
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"nothing", nil, []string{"--issuer", "--trust", "--legacy-key", "--legacy-key-file"}},
		{"no key", named, []string{"--issuer"}},
		{"no resource", []string{"--issuer", "https://i", "--jwt-secret", someSecret}, []string{"--issuer", "--resource"}},
		{"secret without issuer", []string{"--jwt-secret", someSecret, "--legacy-key", someSecret}, []string{"--jwt-secret", "--issuer"}},
		{"key file without issuer", []string{"--key-file", "k", "--legacy-key", someSecret}, []string{"--key-file", "--issuer"}},
		{"URL without issuer", []string{"--jwks-url", "https://i", "--legacy-key", someSecret}, []string{"--jwks-url", "--issuer"}},
		{"algorithms without issuer", []string{"--algorithms", "ES256", "--legacy-key", someSecret}, []string{"--algorithms", "--issuer"}},
		{"short secret", append(named[:4:4], "--jwt-secret", "short"), []string{"--jwt-secret"}},
		{"secret too short for it", append(secret[:6:6], "--algorithms", "HS512"), []string{"--jwt-secret"}},
		{"no algorithm for the secret", append(secret[:6:6], "--algorithms", "ES256"), []string{"--jwt-secret"}},
		{"no such algorithm", append(secret[:6:6], "--algorithms", "HS256,none"), []string{"--algorithms"}},
		{"clear URL", append(named[:4:4], "--jwks-url", "http://i.example/keys"), []string{"--jwks-url"}},
		{"short secret for 0.x", []string{"--legacy-key", "short"}, []string{"--legacy-key"}},
		{"empty file for 0.x", []string{"--legacy-key-file", ""}, []string{"--legacy-key-file"}},
		{"trust without resource", []string{"--trust", "issuer=https://j jwks-url=https://j/keys"}, []string{"--resource"}},
		{"trust in the clear", append(secret[:6:6], "--trust", "issuer=https://j jwks-url=http://j/keys"), []string{"--trust"}},
		{"trust of the issuer", append(secret[:6:6], "--trust", "issuer=https://i key-file=k"), []string{"--trust"}},
		{"trust twice", append(secret[:6:6], "--trust", "issuer=j key-file=k", "--trust", "issuer=j key-file=l"), []string{"--trust"}},
		{"negative leeway", append(secret[:6:6], "--leeway=-1s"), []string{"--leeway"}},
		{"no token bytes", append(secret[:6:6], "--max-token-bytes", "0"), []string{"--max-token-bytes"}},
		{"no matchers", append(secret[:6:6], "--max-token-matchers", "0"), []string{"--max-token-matchers"}},
		{"refresh at once", append(secret[:6:6], "--jwks-refresh", "0s"), []string{"--jwks-refresh"}},
		{"no time for the application", append(secret[:6:6], "--authorize-timeout", "0s"), []string{"--authorize-timeout"}},
		{"application in the clear", append(secret[:6:6], "--authorize-url", "http://app.example"), []string{"--authorize-url", "--authorize-headers"}},
		{
			"header that cannot be forwarded",
			append(secret[:6:6], "--authorize-url", "https://app.example", "--authorize-headers", "Host"),
			[]string{"--authorize-url", "--authorize-headers"},
		},
		{"much leeway", append(secret[:6:6], "--leeway", "1h"), []string{"--leeway"}},
		{"many matchers", append(secret[:6:6], "--max-token-matchers", "2000000"), []string{"--max-token-matchers"}},
		{"huge tokens", append(secret[:6:6], "--max-token-bytes", "2MiB"), []string{"--max-token-bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flags, text := refusedFlags(t, new(config.TokenExplain), tt.args...)
			if diff := cmp.Diff(tt.want, flags); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
			for _, flag := range flags {
				if !strings.Contains(text, flag) {
					t.Errorf("%q does not name %s", text, flag)
				}
			}
			if strings.Contains(text, "\n") || strings.Contains(text, someSecret) {
				t.Errorf("%q is more than one line, or tells a secret", text)
			}
		})
	}
}

func TestTrustSyntax(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":           {"", "there is no issuer"},
		"no issuer":         {"key-file=k", "there is no issuer"},
		"no key":            {"issuer=https://j", "has no key"},
		"two issuers":       {"issuer=a issuer=b key-file=k", "twice"},
		"no value":          {"issuer=a secret", `"secret"`},
		"unknown word":      {"issuer=a password=" + someSecret, `"password"`},
		"unknown algorithm": {"issuer=a key-file=k algorithms=RS1", `"RS1"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := parse(t, new(config.TokenExplain), "--resource", "https://h", "--trust", tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "--trust") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// TestAuthOptions holds what the settings come to.
func TestAuthOptions(t *testing.T) {
	const trusted = "a-secret-without-any-blank-in-it-anywhere"
	a := authSettings(
		t, "--issuer", "https://i", "--resource", "https://h", "--jwt-secret", someSecret, "--key-file", "k1", "--key-file", "k2",
		"--jwks-file", "set", "--jwks-url", "https://i/keys", "--algorithms", "ES256,HS256", "--leeway", "0s",
		"--trust", "issuer=https://j secret="+trusted+" jwks-url=https://j/keys algorithms=HS256,RS256",
		"--legacy-key", "old "+someSecret, "--legacy-key-file", "old.pem", "--max-token-bytes", "1KiB", "--max-token-matchers", "7",
		"--jwks-refresh", "48h",
	)
	want := auth.Options{
		Issuers: []auth.Issuer{
			{
				ID: "https://i",
				Keys: []auth.Key{
					{Secret: []byte(someSecret)}, {PEMFile: "k1"}, {PEMFile: "k2"}, {JWKSFile: "set"}, {JWKSURL: "https://i/keys"},
				},
				Algorithms: []string{"ES256", "HS256"},
			},
			{
				ID:         "https://j",
				Keys:       []auth.Key{{Secret: []byte(trusted)}, {JWKSURL: "https://j/keys"}},
				Algorithms: []string{"HS256", "RS256"},
			},
		},
		Resource: "https://h",
		LegacyKeys: []auth.LegacyKey{
			{Key: auth.Key{Secret: []byte(someSecret)}, Issuer: "https://i", Algorithms: []string{"HS256"}},
			{Key: auth.Key{Secret: []byte("old " + someSecret)}},
			{Key: auth.Key{PEMFile: "old.pem"}},
		},
		Leeway: -1, MaxTokenBytes: 1 << 10, MaxMatchers: 7, KeysRefresh: 48 * time.Hour, KeysMaxStale: 48 * time.Hour,
	}
	if diff := cmp.Diff(want, a.VerifierOptions(nil)); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	if o, ask := a.AskerOptions(nil); ask {
		t.Errorf("the application is asked: %+v", o)
	}

	a = authSettings(t, "--legacy-key", someSecret, "--authorize-url", "https://app.example/t", "--authorize-headers", "Cookie,X-User",
		"--authorize-timeout", "1s")
	wantAsk := auth.AskerOptions{
		URL: "https://app.example/t", ForwardHeaders: []string{"Cookie", "X-User"}, Timeout: time.Second, MaxMatchers: 100,
	}
	if o, ask := a.AskerOptions(nil); !ask || !cmp.Equal(wantAsk, o) {
		t.Errorf("the application is asked: %v, %s", ask, cmp.Diff(wantAsk, o))
	}
	if new(config.Auth).HasTokens() || !a.HasTokens() {
		t.Error("HasTokens is wrong")
	}
}

func TestTokenMintRefuses(t *testing.T) {
	good := []string{"--jwt-secret", someSecret, "--issuer", "https://i", "--resource", "https://h"}
	parsed[config.TokenMint](t, good...)
	parsed[config.TokenMint](t, "--legacy", "--jwt-secret", someSecret, "--expires-in", "0", "--payload", `"x"`)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no key", good[2:], "--private-key"},
		{"two keys", append(good[:6:6], "--private-key", "k"), "--jwt-secret"},
		{"no issuer", append(good[:2:2], "--resource", "https://h"), "--issuer"},
		{"no resource", good[:4], "--resource"},
		{"for ever", append(good[:6:6], "--expires-in", "0"), "--expires-in"},
		{"for no time", append(good[:6:6], "--expires-in=-1s"), "--expires-in"},
		{"payload of nobody", append(good[:6:6], "--payload", "{}"), "--payload"},
		{"payload that is no object", append(good[:6:6], "--subscribe", "a", "--payload", "1"), "--payload"},
		{"payload that is no JSON", append(good[:6:6], "--subscribe", "a", "--payload", "{"), "--payload"},
		{"pattern in 0.x", append(good[:6:6], "--legacy", "--publish-pattern", "/a"), "--publish-pattern"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, text := refusedFlags(t, new(config.TokenMint), tt.args...)
			if !strings.Contains(text, tt.want) {
				t.Errorf("%q does not name %s", text, tt.want)
			}
		})
	}
	for _, name := range []string{"../x", `a\b`, ""} {
		if err := parse(t, new(config.TokenKeys), "--name", name); err == nil {
			t.Errorf("keys can be called %q", name)
		}
	}
}
