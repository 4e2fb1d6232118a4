package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// Auth says whose tokens are trusted, and what else says who may do what.
type Auth struct {
	// Issuer is whose tokens of protocol 1.0 are trusted, by the keys of the flags below. TrustedIssuers adds more.
	Issuer string `placeholder:"ISSUER" env:"TIDINGS_ISSUER" help:"Trust tokens of this issuer (iss), by the keys of --jwt-secret, --key-file, --jwks-file or --jwks-url."`
	// Resource is what tokens must be made out to.
	Resource string `placeholder:"URL" env:"TIDINGS_RESOURCE" help:"What tokens must name as their audience (aud): the hub's public URL."`
	// JWTSecret is the simple form: one secret for the issuer's tokens and for those of 0.x.
	JWTSecret string `name:"jwt-secret" placeholder:"SECRET" env:"TIDINGS_JWT_SECRET" help:"Secret shared with --issuer, at least 32 bytes; tokens of protocol 0.x may be signed with it too."`
	// KeyFiles name files with the issuer's public keys.
	KeyFiles []string `name:"key-file" sep:"none" placeholder:"FILE" env:"TIDINGS_KEY_FILE" help:"Public key or certificate of --issuer in PEM; may be repeated. It is read again when it has changed."`
	// JWKSFile and JWKSURL say where sets of the issuer's keys are.
	JWKSFile string `name:"jwks-file" placeholder:"FILE" env:"TIDINGS_JWKS_FILE" help:"JSON Web Key Set of --issuer. It is read again when it has changed."`
	JWKSURL  string `name:"jwks-url" placeholder:"URL" env:"TIDINGS_JWKS_URL" help:"Where to fetch the JSON Web Key Set of --issuer: https, or http on a loopback address."`
	// Algorithms are those that the issuer's tokens may be signed with; none for those that its keys are for.
	Algorithms []string `placeholder:"NAMES" env:"TIDINGS_ALGORITHMS" help:"What tokens of --issuer may be signed with, as in 'ES256,EdDSA'; all that its keys are for unless told otherwise."`
	// TrustedIssuers are more issuers, each with keys of its own.
	TrustedIssuers []TrustedIssuer `name:"trust" sep:"none" placeholder:"ISSUER" env:"TIDINGS_TRUST" help:"Trust another issuer, as in 'issuer=https://login.example jwks-url=https://login.example/keys algorithms=RS256'; may be repeated. It knows issuer, secret, key-file, jwks-file, jwks-url and algorithms."`
	// LegacyKeys and LegacyKeyFiles are secrets and public keys that tokens of protocol 0.x may be signed with.
	LegacyKeys     []string `name:"legacy-key" sep:"none" placeholder:"SECRET" env:"TIDINGS_LEGACY_KEY" help:"Secret that tokens of protocol 0.x may be signed with; may be repeated."`
	LegacyKeyFiles []string `name:"legacy-key-file" sep:"none" placeholder:"FILE" env:"TIDINGS_LEGACY_KEY_FILE" help:"Public key in PEM that tokens of protocol 0.x may be signed with; may be repeated."`

	// Leeway is by how much another clock may be ahead where tokens begin.
	Leeway time.Duration `default:"30s" placeholder:"DURATION" env:"TIDINGS_LEEWAY" help:"How far the clock of an issuer may be ahead: for the beginning of a token, never for its end."`
	// MaxTokenBytes is how long a token may be.
	MaxTokenBytes Bytes `default:"64KiB" placeholder:"BYTES" env:"TIDINGS_MAX_TOKEN_BYTES" help:"How long a token may be."`
	// MaxTokenMatchers is how many matchers a token may grant.
	MaxTokenMatchers int `default:"100" placeholder:"N" env:"TIDINGS_MAX_TOKEN_MATCHERS" help:"How many topics and patterns a token may grant."`
	// JWKSRefresh is how often sets of keys are fetched anew.
	JWKSRefresh time.Duration `name:"jwks-refresh" default:"10m" placeholder:"DURATION" env:"TIDINGS_JWKS_REFRESH" help:"How often to fetch key sets anew; also, at most every 10s, for a key that is not in the set."`

	// AuthorizeURL is where the application is asked about requests without a token.
	AuthorizeURL string `name:"authorize-url" placeholder:"URL" env:"TIDINGS_AUTHORIZE_URL" help:"Ask the application what the bearer of a request's cookies may do: https, or http on a loopback address."`
	// AuthorizeHeaders are the headers that it is asked about.
	AuthorizeHeaders []string `name:"authorize-headers" default:"Authorization,Cookie,Origin" placeholder:"NAMES" env:"TIDINGS_AUTHORIZE_HEADERS" help:"Headers to forward to --authorize-url."`
	// AuthorizeTimeout is how long it may take to answer.
	AuthorizeTimeout time.Duration `default:"3s" placeholder:"DURATION" env:"TIDINGS_AUTHORIZE_TIMEOUT" help:"How long --authorize-url may take before the request is refused."`
}

// HasTokens reports whether there is a token that could be good.
func (a *Auth) HasTokens() bool {
	return a.Issuer != "" || len(a.TrustedIssuers)+len(a.LegacyKeys)+len(a.LegacyKeyFiles) > 0
}

// VerifierOptions returns what the settings say to a verifier of tokens, or nothing of use where HasTokens is false. matcher
// makes the matchers of what tokens grant.
func (a *Auth) VerifierOptions(matcher auth.MatcherFunc) auth.Options {
	o := auth.Options{
		Resource:      a.Resource,
		Matcher:       matcher,
		Leeway:        a.Leeway,
		MaxTokenBytes: int(a.MaxTokenBytes),
		MaxMatchers:   a.MaxTokenMatchers,
		KeysRefresh:   a.JWKSRefresh,
	}
	o.KeysMaxStale = max(24*time.Hour, a.JWKSRefresh)
	if o.Leeway == 0 {
		o.Leeway = -1 // the verifier's zero stands for its default
	}
	if a.Issuer != "" {
		o.Issuers = append(o.Issuers, auth.Issuer{ID: a.Issuer, Keys: a.keys(), Algorithms: a.Algorithms})
	}
	for i := range a.TrustedIssuers {
		o.Issuers = append(o.Issuers, a.TrustedIssuers[i].Issuer)
	}
	if a.JWTSecret != "" {
		o.LegacyKeys = append(o.LegacyKeys, auth.LegacyKey{
			Key: auth.Key{Secret: []byte(a.JWTSecret)}, Issuer: a.Issuer, Algorithms: secretAlgorithms(a.Algorithms),
		})
	}
	for _, secret := range a.LegacyKeys {
		o.LegacyKeys = append(o.LegacyKeys, auth.LegacyKey{Key: auth.Key{Secret: []byte(secret)}})
	}
	for _, file := range a.LegacyKeyFiles {
		o.LegacyKeys = append(o.LegacyKeys, auth.LegacyKey{Key: auth.Key{PEMFile: file}})
	}
	return o
}

// keys returns the keys of --issuer.
func (a *Auth) keys() []auth.Key {
	var keys []auth.Key
	if a.JWTSecret != "" {
		keys = append(keys, auth.Key{Secret: []byte(a.JWTSecret)})
	}
	for _, file := range a.KeyFiles {
		keys = append(keys, auth.Key{PEMFile: file})
	}
	if a.JWKSFile != "" {
		keys = append(keys, auth.Key{JWKSFile: a.JWKSFile})
	}
	if a.JWKSURL != "" {
		keys = append(keys, auth.Key{JWKSURL: a.JWKSURL})
	}
	return keys
}

// secretAlgorithms returns those algorithms that are for secrets.
func secretAlgorithms(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(a string) bool { return !strings.HasPrefix(a, "HS") })
}

// AskerOptions returns what the settings say about asking the application, and whether it is to be asked.
func (a *Auth) AskerOptions(matcher auth.MatcherFunc) (auth.AskerOptions, bool) {
	return auth.AskerOptions{
		URL:            a.AuthorizeURL,
		ForwardHeaders: a.AuthorizeHeaders,
		Timeout:        a.AuthorizeTimeout,
		Matcher:        matcher,
		MaxMatchers:    a.MaxTokenMatchers,
	}, a.AuthorizeURL != ""
}

func (a *Auth) validate() error {
	if err := cmp.Or(
		atLeast(0, setting[time.Duration]{"--leeway", a.Leeway}),
		atLeast(1, setting[Bytes]{"--max-token-bytes", a.MaxTokenBytes}),
		atLeast(1, setting[int]{"--max-token-matchers", a.MaxTokenMatchers}),
		atLeast(time.Second, setting[time.Duration]{"--jwks-refresh", a.JWKSRefresh}),
		atLeast(time.Millisecond, setting[time.Duration]{"--authorize-timeout", a.AuthorizeTimeout}),
		a.validateMost(),
		a.validateIssuer(),
		a.validateKeys(),
		a.validateTrusted(),
	); err != nil {
		return err
	}
	if len(a.TrustedIssuers) > 0 && a.Resource == "" {
		return refuse([]string{"--resource"}, "--trust needs --resource: tokens must name the hub as their audience")
	}
	if a.HasTokens() {
		if err := a.VerifierOptions(nil).Validate(); err != nil {
			return refuse(nil, "%s", authReason(err))
		}
	}
	if o, ask := a.AskerOptions(nil); ask {
		if err := o.Validate(); err != nil {
			return refuse([]string{"--authorize-url", "--authorize-headers"}, "--authorize-url or --authorize-headers: %s", authReason(err))
		}
	}
	return nil
}

// validateMost refuses what the verifier would refuse as too much.
func (a *Auth) validateMost() error {
	const leeway, tokenBytes, matchers = 5 * time.Minute, Bytes(1 << 20), 1 << 20
	switch {
	case a.Leeway > leeway:
		return refuse([]string{"--leeway"}, "--leeway is %v, it must be at most %v: mend the clock", a.Leeway, leeway)
	case a.MaxTokenBytes > tokenBytes:
		return refuse([]string{"--max-token-bytes"}, "--max-token-bytes is %v, it must be at most %v", a.MaxTokenBytes, tokenBytes)
	case a.MaxTokenMatchers > matchers:
		return refuse([]string{"--max-token-matchers"}, "--max-token-matchers is %d, it must be at most %d", a.MaxTokenMatchers, matchers)
	}
	return nil
}

// validateIssuer sees to it that --issuer and what it needs are there together.
func (a *Auth) validateIssuer() error {
	named := a.namedKeys()
	switch {
	case a.Issuer == "" && len(named) > 0 && named[0].flag == "--jwt-secret":
		return refuse([]string{"--jwt-secret", "--issuer"}, "--jwt-secret needs --issuer; for tokens of protocol 0.x alone there is --legacy-key")
	case a.Issuer == "" && len(named) > 0:
		return refuse([]string{named[0].flag, "--issuer"}, "%s needs --issuer: whose keys are they?", named[0].flag)
	case a.Issuer == "" && len(a.Algorithms) > 0:
		return refuse([]string{"--algorithms", "--issuer"}, "--algorithms needs --issuer: whose tokens are they for?")
	case a.Issuer != "" && len(named) == 0:
		return refuse([]string{"--issuer"}, "--issuer needs a key: --jwt-secret, --key-file, --jwks-file or --jwks-url")
	case a.Issuer != "" && a.Resource == "":
		return refuse([]string{"--issuer", "--resource"}, "--issuer needs --resource: tokens must name the hub as their audience")
	}
	return nil
}

// namedKey is a key with the flag that it comes from.
type namedKey struct {
	flag string
	key  auth.Key
}

// namedKeys returns the keys of --issuer with their flags.
func (a *Auth) namedKeys() []namedKey {
	var named []namedKey
	for _, k := range a.keys() {
		flag := "--key-file"
		switch {
		case k.Secret != nil:
			flag = "--jwt-secret"
		case k.JWKSFile != "":
			flag = "--jwks-file"
		case k.JWKSURL != "":
			flag = "--jwks-url"
		}
		named = append(named, namedKey{flag, k})
	}
	return named
}

func (a *Auth) validateKeys() error {
	for _, name := range a.Algorithms {
		if !slices.Contains(auth.Algorithms(), name) {
			return refuse([]string{"--algorithms"}, "--algorithms has %q, there are %s", name, strings.Join(auth.Algorithms(), ", "))
		}
	}
	for _, named := range a.namedKeys() {
		if err := named.key.Validate(a.Algorithms); err != nil {
			return refuse([]string{named.flag}, "%s: %v", named.flag, err)
		}
	}
	for _, secret := range a.LegacyKeys {
		key := auth.Key{Secret: []byte(secret)}
		if err := key.Validate(nil); err != nil {
			return refuse([]string{"--legacy-key"}, "--legacy-key: %v", err)
		}
	}
	if slices.Contains(a.LegacyKeyFiles, "") {
		return refuse([]string{"--legacy-key-file"}, "--legacy-key-file is empty")
	}
	return nil
}

func (a *Auth) validateTrusted() error {
	seen := map[string]bool{a.Issuer: a.Issuer != ""}
	for i := range a.TrustedIssuers {
		issuer := &a.TrustedIssuers[i]
		if seen[issuer.ID] {
			return refuse([]string{"--trust"}, "--trust names the issuer %q twice", issuer.ID)
		}
		seen[issuer.ID] = true
		for j := range issuer.Keys {
			if err := issuer.Keys[j].Validate(issuer.Algorithms); err != nil {
				return refuse([]string{"--trust"}, "--trust of %q: %v", issuer.ID, err)
			}
		}
	}
	return nil
}

// authReason returns the first line of an error of package auth as a command line may show it.
func authReason(err error) string {
	if joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err); ok && len(joined.Unwrap()) > 0 {
		err = joined.Unwrap()[0]
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimPrefix(line, "auth: ")
}
