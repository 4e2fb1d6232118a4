package auth

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// The kinds of matchers that a [MatcherFunc] is asked for. The first two are match types of modern tokens; legacy
// tokens have selectors of the third, of which the rule is: a selector selects itself, and what it matches if it is
// a URI template (RFC 6570).
const (
	KindExact      = "exact"
	KindURLPattern = "urlpattern"
	KindTemplate   = "template"
)

// MatcherFunc makes a matcher of a value of some kind: [KindExact], [KindURLPattern], [KindTemplate], or another match
// type that a token names. It refuses kinds that it does not know, and values that are not of their kind. It must
// take bounded time, and be safe for concurrent use. It is not asked about the wildcard of a kind above, nor about
// values that break the rules of [topic.CheckString].
type MatcherFunc func(kind, value string) (topic.Matcher, error)

// Options configure a [Verifier]. Except for the issuers and keys, the zero value of each field stands for its
// default.
type Options struct {
	// Issuers are those whose modern tokens are trusted, each by its own keys only.
	Issuers []Issuer
	// Resource is what modern tokens must name as their audience, and legacy tokens if they name any: the hub's own
	// identifier, usually its public URL. It is compared byte by byte.
	Resource string
	// LegacyKeys are the keys that legacy tokens may be signed with. No key of Issuers is ever tried for one.
	LegacyKeys []LegacyKey
	// NoLegacy refuses legacy tokens although there are LegacyKeys.
	NoLegacy bool

	// Matcher makes matchers of what tokens grant. By default there are exact topics, the wildcard, and selectors
	// without any { or }; tokens that grant anything else are refused.
	Matcher MatcherFunc
	// Leeway is by how much another clock may be ahead: it applies to the beginning of a token (nbf, iat) and never
	// to its end. Default 30 s, negative for none, at most 5 min.
	Leeway time.Duration
	// MaxTokenBytes is how long a token may be, default 64 KiB, at most 1 MiB.
	MaxTokenBytes int
	// MaxDetails is how many details for this hub a modern token may have, default 100.
	MaxDetails int
	// MaxMatchers is how many matchers a modern token may have in all its details, and how many selectors a legacy
	// token may have for publishing and as many again for subscribing; default 100.
	MaxMatchers int
	// MatcherBytes is how long each of them may be, default 4,096.
	MatcherBytes int

	// CacheEntries is how many tokens are remembered that were accepted, so that their signature is not checked again;
	// default 4,096, negative for none. Their end, their issuer's keys and Revoked are looked at each time.
	CacheEntries int

	// Revoked reports whether a token was revoked, see [Revocations]. It is asked last, about tokens that are good
	// otherwise, and must be safe for concurrent use. By default no token is.
	Revoked func(*Token) bool

	// KeysRefresh is how often keys are fetched anew from a URL, default 10 min. Meanwhile, and while that fails,
	// those that were fetched last are good.
	KeysRefresh time.Duration
	// KeysMinInterval is the shortest time between two fetches from one URL, whatever makes them necessary: a key
	// that is not among those held, or an error. Default 10 s.
	KeysMinInterval time.Duration
	// KeysMaxStale is how long fetched keys are good while they cannot be fetched anew, default 24 h.
	KeysMaxStale time.Duration
	// KeysTimeout is how long one fetch may take, default 5 s.
	KeysTimeout time.Duration
	// Transport carries the fetches. Default: one of the Verifier's own, as [http.DefaultTransport] is.
	Transport http.RoundTripper

	// Now is the clock, default [time.Now].
	Now func() time.Time
	// Logger is told of keys that were fetched, changed, left out or cannot be had; default: nobody is. Refused
	// tokens are not logged here: Verify returns why.
	Logger *slog.Logger
}

// Issuer is one who makes modern tokens.
type Issuer struct {
	// ID is the claim iss of its tokens, compared byte by byte.
	ID string
	// Keys are those that its tokens may be signed with.
	Keys []Key
	// Algorithms are those that its tokens may be signed with. By default they are those that its keys are for;
	// those for shared secrets are among them only if there is a Secret.
	Algorithms []string
}

// Key is a key, or where keys are found. Exactly one of its fields is set.
type Key struct {
	// Secret is shared with the issuer, for HS256 (at least 32 bytes), HS384 (48) or HS512 (64).
	Secret []byte
	// PEM holds public keys or certificates. Private keys are refused: a hub must not have them.
	PEM []byte
	// PEMFile names a file that holds the same. It is read again when it has changed.
	PEMFile string
	// JWKSFile names a file with a JSON Web Key Set (RFC 7517). It is read again when it has changed. Of its keys, those
	// are used that are public, for signatures, and strong enough.
	JWKSFile string
	// JWKSURL is where such a set is fetched from, by https, or by http from a loopback address. Redirects are not
	// followed.
	JWKSURL string
}

// LegacyKey is a key that legacy tokens may be signed with: a Secret, PEM or PEMFile. Sets of keys are refused,
// because those of an identity provider sign tokens that were never meant as grants.
type LegacyKey struct {
	Key
	// Issuer is who legacy tokens must be from that are signed with this key, if they say who they are from. If it is
	// empty, they may be from anyone but the Issuers of Options.
	Issuer string
	// Algorithms are as those of an Issuer.
	Algorithms []string
}

// WithDefaults returns o with zero fields replaced by their defaults.
func (o Options) WithDefaults() Options {
	setDefault(&o.Leeway, 30*time.Second)
	setDefault(&o.MaxTokenBytes, 64<<10)
	setDefault(&o.MaxDetails, 100)
	setDefault(&o.MaxMatchers, 100)
	setDefault(&o.MatcherBytes, 4096)
	setDefault(&o.CacheEntries, 4096)
	setDefault(&o.KeysRefresh, 10*time.Minute)
	setDefault(&o.KeysMinInterval, 10*time.Second)
	setDefault(&o.KeysMaxStale, 24*time.Hour)
	setDefault(&o.KeysTimeout, 5*time.Second)
	if o.Matcher == nil {
		o.Matcher = plainMatcher
	}
	if o.Revoked == nil {
		o.Revoked = func(*Token) bool { return false }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// plainMatcher is the default of Options.Matcher.
func plainMatcher(kind, value string) (topic.Matcher, error) {
	if kind == KindExact || kind == KindTemplate && !strings.ContainsAny(value, "{}") {
		return topic.Exact(value), nil
	}
	return topic.Matcher{}, fmt.Errorf("matchers of kind %s are not supported here", quote(kind))
}

// Validate refuses settings that cannot work, naming the fields. It reads no file and fetches nothing: [New] does.
func (o Options) Validate() error {
	o = o.WithDefaults()
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("auth: Options."+format, args...)) }
	if len(o.Issuers)+len(o.LegacyKeys) == 0 {
		wrong("Issuers and Options.LegacyKeys are both empty: no token could be good")
	}
	if o.NoLegacy && len(o.Issuers) == 0 {
		wrong("Issuers is empty and Options.NoLegacy is set: no token could be good")
	}
	if len(o.Issuers) > 0 && o.Resource == "" {
		wrong("Resource is empty: tokens of Options.Issuers must name it as their audience")
	}
	seen := map[string]bool{}
	for i, issuer := range o.Issuers {
		at := fmt.Sprintf("Issuers[%d]", i)
		switch {
		case issuer.ID == "":
			wrong("%s.ID is empty", at)
		case seen[issuer.ID]:
			wrong("%s.ID is %q, as that of another one: give all its keys to one", at, issuer.ID)
		case len(issuer.Keys) == 0:
			wrong("%s.Keys is empty", at)
		}
		seen[issuer.ID] = true
		errs = append(errs, validateKeys("Options."+at, issuer.Keys, issuer.Algorithms))
	}
	for i, key := range o.LegacyKeys {
		at := fmt.Sprintf("LegacyKeys[%d]", i)
		if key.JWKSFile != "" || key.JWKSURL != "" {
			wrong("%s is a set of keys: legacy tokens need a Secret, PEM or PEMFile", at)
		}
		errs = append(errs, validateKeys("Options."+at, []Key{key.Key}, key.Algorithms))
	}
	for _, f := range []struct {
		name               string
		value, least, most int
	}{
		{"MaxTokenBytes", o.MaxTokenBytes, 1, 1 << 20},
		{"MaxDetails", o.MaxDetails, 1, 1 << 20},
		{"MaxMatchers", o.MaxMatchers, 1, 1 << 20},
		{"MatcherBytes", o.MatcherBytes, 1, 1 << 20},
	} {
		if f.value < f.least || f.value > f.most {
			wrong("%s is %d, it must be from %d to %d", f.name, f.value, f.least, f.most)
		}
	}
	if o.Leeway > 5*time.Minute {
		wrong("Leeway is %v, it must be at most 5m: mend the clock", o.Leeway)
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"KeysRefresh", o.KeysRefresh},
		{"KeysMinInterval", o.KeysMinInterval},
		{"KeysMaxStale", o.KeysMaxStale},
		{"KeysTimeout", o.KeysTimeout},
	} {
		if f.value < 0 {
			wrong("%s is negative: %v", f.name, f.value)
		}
	}
	if o.KeysMaxStale < o.KeysRefresh {
		wrong("KeysMaxStale (%v) is less than Options.KeysRefresh (%v)", o.KeysMaxStale, o.KeysRefresh)
	}
	return errors.Join(errs...)
}

// validateKeys refuses keys that could verify nothing.
func validateKeys(at string, keys []Key, algorithms []string) error {
	var errs []error
	if err := checkAlgorithms(algorithms); err != nil {
		errs = append(errs, fmt.Errorf("auth: %s.Algorithms: %w", at, err))
	}
	for i := range keys {
		if err := keys[i].Validate(algorithms); err != nil {
			errs = append(errs, fmt.Errorf("auth: %s: %w", at, err))
		}
	}
	return errors.Join(errs...)
}

// Validate refuses a key that could verify nothing that is signed with one of algorithms, or, if there are none, with
// any. It reads no file and fetches nothing.
func (k *Key) Validate(algorithms []string) error {
	set := 0
	for _, is := range []bool{k.Secret != nil, k.PEM != nil, k.PEMFile != "", k.JWKSFile != "", k.JWKSURL != ""} {
		if is {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("a key has %d of Secret, PEM, PEMFile, JWKSFile and JWKSURL, it must have one", set)
	}
	if k.Secret != nil {
		return checkSecret(k.Secret, algorithms)
	}
	if k.JWKSURL != "" {
		if err := checkURL(k.JWKSURL); err != nil {
			return fmt.Errorf("JWKSURL %w", err)
		}
	}
	return nil
}
