package auth

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Verifier judges tokens. It is safe for concurrent use.
type Verifier struct {
	options Options
	issuers map[string]*ring
	legacy  []*ring
	remote  []*urlKeys
	known   verifiedTokens
	own     *http.Transport // nil if Options has one
}

// ring holds the keys of one issuer, or one key for legacy tokens. Keys of two rings are never pooled.
type ring struct {
	issuer     string // "" if a legacy key is bound to none
	algorithms []string
	sources    []keySource
}

// New returns a Verifier. It reads the files that o names, and begins to fetch keys from URLs without waiting for them.
// The caller closes it.
func New(o Options) (*Verifier, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	v := &Verifier{options: o.WithDefaults(), issuers: map[string]*ring{}}
	v.known.cache.most = v.options.CacheEntries
	if v.options.Transport == nil {
		v.own = newTransport()
		v.options.Transport = v.own
	}
	if err := v.addRings(); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

func newTransport() *http.Transport {
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		return standard.Clone()
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment} // somebody has replaced the default
}

func (v *Verifier) addRings() error {
	for _, issuer := range v.options.Issuers {
		r, err := v.newRing(issuer.ID, issuer.Keys, issuer.Algorithms)
		if err != nil {
			return fmt.Errorf("auth: the keys of %s: %w", quote(issuer.ID), err)
		}
		v.issuers[issuer.ID] = r
	}
	for _, key := range v.options.LegacyKeys {
		r, err := v.newRing(key.Issuer, []Key{key.Key}, key.Algorithms)
		if err != nil {
			return fmt.Errorf("auth: a key for legacy tokens: %w", err)
		}
		v.legacy = append(v.legacy, r)
	}
	return nil
}

// newRing collects keys. A key that no algorithm of the allow-list is for is a mistake, where it can be seen at once.
func (v *Verifier) newRing(issuer string, keys []Key, algorithms []string) (*ring, error) {
	r := &ring{issuer: issuer, algorithms: algorithms}
	if len(r.algorithms) == 0 {
		r.algorithms = defaultAlgorithms(keys)
	}
	for i := range keys {
		source, err := v.newSource(&keys[i])
		if err != nil {
			return nil, err
		}
		r.sources = append(r.sources, source)
		if keys[i].JWKSURL != "" {
			continue
		}
		held := source.held()
		if !slices.ContainsFunc(held, func(k verificationKey) bool {
			return slices.ContainsFunc(r.algorithms, func(a string) bool { return k.usable(a) == nil })
		}) {
			return nil, fmt.Errorf("%s is for none of the allowed algorithms %s", keyKind(held[0].key), strings.Join(r.algorithms, ", "))
		}
	}
	return r, nil
}

func (v *Verifier) newSource(k *Key) (keySource, error) {
	switch {
	case k.Secret != nil:
		return fixedKeys{{key: slices.Clone(k.Secret)}}, nil
	case k.PEM != nil:
		keys, err := parsePEM(k.PEM)
		return fixedKeys(keys), err
	case k.PEMFile != "":
		return newFileKeys(k.PEMFile, pemFile, &v.options)
	case k.JWKSFile != "":
		return newFileKeys(k.JWKSFile, parseJWKS, &v.options)
	}
	u := newURLKeys(k.JWKSURL, &v.options)
	v.remote = append(v.remote, u)
	return u, nil
}

// defaultAlgorithms returns what keys are for: all algorithms for public keys if there may be one among them, and
// those that the shortest secret is long enough for.
func defaultAlgorithms(keys []Key) []string {
	public := slices.ContainsFunc(keys, func(k Key) bool { return k.Secret == nil })
	return slices.DeleteFunc(Algorithms(), func(a string) bool {
		if !strings.HasPrefix(a, "HS") {
			return !public
		}
		fitting := false
		for _, k := range keys {
			if k.Secret != nil {
				if fits(k.Secret, a) != nil {
					return true
				}
				fitting = true
			}
		}
		return !fitting
	})
}

// candidates returns the keys that may have made a signature: those of the token's kid if there are any, else all that
// the algorithm is for. A kid chooses among trusted keys and never adds one. With an error there may be keys too: those
// that could be had.
func (r *ring) candidates(ctx context.Context, kid, algorithm string) ([]any, error) {
	if named := r.named(kid, algorithm); len(named) > 0 {
		return named, nil // without asking other places for a kid that they do not have
	}
	var named, others []any
	var why, unavailable error
	for _, source := range r.sources {
		if _, remote := source.(*urlKeys); remote && strings.HasPrefix(algorithm, "HS") {
			continue // what is fetched is never a secret
		}
		keys, err := source.keys(ctx, kid)
		if err != nil {
			unavailable = err
			continue
		}
		for i := range keys {
			k := &keys[i]
			if err := k.usable(algorithm); err != nil {
				why = err
				continue
			}
			if kid != "" && k.id == kid {
				named = append(named, k.key)
			} else {
				others = append(others, k.key)
			}
		}
	}
	switch {
	case len(named) > 0:
		return named, nil
	case unavailable != nil:
		return others, &Error{
			Check:  CheckUnavailable,
			Reason: fmt.Sprintf("the keys of %s cannot be had: %v", quote(r.issuer), unavailable),
			Err:    unavailable,
		}
	case len(others) > 0:
		return others, nil
	case why != nil:
		return nil, refuse(CheckKey, "of the keys of %s none is for %s: %v", r.name(), algorithm, why)
	}
	return nil, refuse(CheckKey, "there is no key of %s", r.name())
}

// named returns the keys of a kid that are held at present.
func (r *ring) named(kid, algorithm string) []any {
	var named []any
	if kid == "" {
		return nil
	}
	for _, source := range r.sources {
		for _, k := range source.held() {
			if k.id == kid && k.usable(algorithm) == nil {
				named = append(named, k.key)
			}
		}
	}
	return named
}

// name returns whose keys r holds, for reasons.
func (r *ring) name() string {
	if r.issuer == "" {
		return "those for tokens of protocol 0.x"
	}
	return quote(r.issuer)
}

// Close ends the fetching of keys and waits for its end. Tokens can be verified afterwards, with the keys that are
// held. It may be called twice.
func (v *Verifier) Close() {
	for _, u := range v.remote {
		u.close()
	}
	if v.own != nil {
		v.own.CloseIdleConnections()
	}
}

// Verify judges a token in compact form, as it came from the client, and returns what it says, or an [*Error]. It
// waits for the network only where keys are not held that the token needs, and no longer than ctx allows.
func (v *Verifier) Verify(ctx context.Context, raw string) (*Token, error) {
	now := v.options.Now()
	remember := v.options.CacheEntries > 0 && len(raw) <= min(maxVerifiedBytes, v.options.MaxTokenBytes)
	var key [sha256.Size]byte
	if remember {
		key = sha256.Sum256([]byte(raw)) // of the signature too, other than Hash
		if token := v.known.get(key, now); token != nil {
			if err := v.options.checkRevoked(token); err != nil {
				return nil, asError(err)
			}
			return token, nil
		}
	}
	j := &judging{verifier: v, raw: raw, now: now}
	for _, s := range steps() {
		if err := s.run(j, ctx); err != nil {
			return nil, asError(err)
		}
	}
	token := new(j.token) // a copy, so that the claims and the rest of j can go
	if remember && j.good {
		v.known.put(key, &verified{token, j.ring, j.version})
	}
	return token, nil
}

// Revoked reports whether a token that was accepted has been revoked since.
func (v *Verifier) Revoked(t *Token) bool { return v.options.Revoked(t) }

// asError returns err as an *Error, which it is already.
func asError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Check: CheckUnavailable, Reason: err.Error(), Err: err}
}
