package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// judging is one token on its way through the checks.
type judging struct {
	verifier *Verifier
	raw      string
	now      time.Time
	parsed   *compact
	rings    []*ring // whose keys may have signed it: one, or for a legacy token several
	token    Token
	// ring is the one of rings that has signed it, and version that of its keys at that time, if good.
	ring    *ring
	version uint64
	good    bool
	// explain is where a check that passes says why; nil where nobody wants to know.
	explain func(string)
}

// step is one check, or several that are made together.
type step struct {
	check Check
	run   func(*judging, context.Context) error
}

// steps returns the checks in their order: what is cheap first, nothing that costs more than reading before the
// signature, and what the application has to say last.
func steps() []step {
	return []step{
		{CheckSize, (*judging).size},
		{CheckMalformed, (*judging).malformed},
		{CheckCritical, (*judging).critical},
		{CheckType, (*judging).typ},
		{CheckLegacyOff, (*judging).legacyOff},
		{CheckIssuer, (*judging).issuer},
		{CheckAlgorithm, (*judging).algorithm},
		{CheckSignature, (*judging).signature},
		{CheckAudience, (*judging).audience},
		{CheckExpired, (*judging).expired},
		{CheckNotYetValid, (*judging).notYetValid},
		{CheckClaims, (*judging).claims},
		{CheckDetails, (*judging).details},
		{CheckRevoked, (*judging).revoked},
	}
}

// note says why a check passes.
func (j *judging) note(format string, args ...any) {
	if j.explain != nil {
		j.explain(fmt.Sprintf(format, args...))
	}
}

func (j *judging) options() *Options { return &j.verifier.options }

func (j *judging) size(context.Context) error {
	if most := j.options().MaxTokenBytes; len(j.raw) > most {
		return refuse(CheckSize, "it has %d bytes, at most %d are read", len(j.raw), most)
	}
	j.note("%d bytes", len(j.raw))
	return nil
}

func (j *judging) malformed(context.Context) error {
	var err error
	if j.parsed, err = parseCompact(j.raw); err != nil {
		return err
	}
	j.token.Hash = Hash(j.raw)
	j.note("a signed token in compact form, hash %x", j.token.Hash)
	return nil
}

// critical refuses crit (RFC 7515, section 4.1.11), and b64 (RFC 7797), which would have the signature be about
// something else and is nothing without crit.
func (j *judging) critical(context.Context) error {
	for _, name := range []string{"crit", "b64"} {
		if j.parsed.header.has(name) {
			return refuse(CheckCritical, "its header has %s, and no extension is understood here", name)
		}
	}
	j.note("its header demands no extension")
	return nil
}

// typ tells the dialects apart. What is typed as an access token is held to everything that those are.
func (j *judging) typ(context.Context) error {
	typ, err := j.parsed.header.text("typ")
	if err != nil {
		return refuse(CheckType, "the header's %v", err)
	}
	if strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt") {
		j.token.Dialect = Modern
		j.note("typ is %s: a token of protocol 1.0", quote(typ))
		return nil
	}
	said := "its header has no typ"
	if j.parsed.header.has("typ") {
		said = "typ is " + quote(typ)
	}
	if !j.parsed.claims.has(claimLegacy) && !j.parsed.claims.has(claimLegacyURL) {
		return refuse(CheckType, "%s, which must be at+jwt in protocol 1.0, and there is no claim mercure, which makes a token of 0.x",
			said)
	}
	j.token.Dialect = Legacy
	j.note("%s and there is the claim mercure: a token of protocol 0.x", said)
	return nil
}

func (j *judging) legacyOff(context.Context) error {
	if j.token.Dialect == Modern {
		j.note("not a token of protocol 0.x")
		return nil
	}
	if j.options().NoLegacy || len(j.verifier.legacy) == 0 {
		why := "no key was given for them"
		if j.options().NoLegacy {
			why = "they are switched off"
		}
		return refuse(CheckLegacyOff, "tokens of protocol 0.x are not served here, %s; for 1.0 its typ must be at+jwt", why)
	}
	j.note("tokens of protocol 0.x are served here")
	return nil
}

// issuer finds out whose keys may have signed the token.
func (j *judging) issuer(context.Context) error {
	issuer, err := j.parsed.claims.text("iss")
	if err != nil {
		return refuse(CheckIssuer, "the claim %v", err)
	}
	j.token.Issuer = issuer
	if j.token.Dialect == Legacy {
		return j.legacyIssuer(issuer)
	}
	if issuer == "" {
		return refuse(CheckIssuer, "there is no issuer: the claim iss is missing or empty")
	}
	r := j.verifier.issuers[issuer]
	if r == nil {
		return refuse(CheckIssuer, "the issuer %s is not trusted; trusted are: %s", quote(issuer), j.verifier.trusted())
	}
	j.rings = []*ring{r}
	j.note("%s is trusted", quote(issuer))
	return nil
}

// legacyIssuer holds a legacy token to the issuer that it names, if it names one.
func (j *judging) legacyIssuer(issuer string) error {
	if !j.parsed.claims.has("iss") {
		j.rings = j.verifier.legacy
		j.note("it names no issuer, and a token of protocol 0.x need not")
		return nil
	}
	foreign := j.verifier.issuers[issuer] != nil // whose name is good with a key that is bound to it only
	for _, r := range j.verifier.legacy {
		if r.issuer == issuer || r.issuer == "" && !foreign {
			j.rings = append(j.rings, r)
		}
	}
	if len(j.rings) == 0 {
		return refuse(CheckIssuer, "no key for tokens of protocol 0.x is good for the issuer %s", quote(issuer))
	}
	j.note("there is a key for tokens of protocol 0.x that is good for %s", quote(issuer))
	return nil
}

// trusted returns the issuers for a reason.
func (v *Verifier) trusted() string {
	if len(v.issuers) == 0 {
		return "none"
	}
	ids := make([]string, len(v.options.Issuers))
	for i := range ids {
		ids[i] = v.options.Issuers[i].ID
	}
	return quoteAll(ids)
}

// algorithm leaves those rings that allow the token's algorithm.
func (j *judging) algorithm(context.Context) error {
	algorithm, err := j.parsed.header.text("alg")
	if err != nil {
		return refuse(CheckAlgorithm, "the header's %v", err)
	}
	if algorithm == "" {
		return refuse(CheckAlgorithm, "its header names no algorithm")
	}
	var allowed []string
	var rings []*ring
	for _, r := range j.rings {
		if slices.Contains(r.algorithms, algorithm) {
			rings = append(rings, r)
		}
		allowed = append(allowed, r.algorithms...)
	}
	if len(rings) == 0 {
		slices.Sort(allowed)
		return refuse(CheckAlgorithm, "%s is not allowed, but %s", quote(algorithm), strings.Join(slices.Compact(allowed), ", "))
	}
	j.rings = rings
	j.note("%s is allowed", algorithm)
	return nil
}

// signature tries the keys of those rings that are left.
func (j *judging) signature(ctx context.Context) error {
	algorithm, _ := j.parsed.header.text("alg") // read before
	kid, err := j.parsed.header.text("kid")
	if err != nil {
		return refuse(CheckKey, "the header's %v", err)
	}
	signed, err := jose.ParseSignedCompact(j.raw, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	if err != nil {
		return refuse(CheckMalformed, "its header cannot be read: %v", err)
	}
	tried := 0
	var none error
	for _, r := range j.rings {
		version, good := r.version() // before its keys are: what changes meanwhile is noticed
		keys, err := r.candidates(ctx, kid, algorithm)
		if err != nil {
			none = err
		}
		for _, key := range keys {
			tried++
			if _, err := signed.Verify(key); err == nil {
				j.ring, j.version, j.good = r, version, good
				j.note("right, by %s of %s", keyKind(key), r.name())
				return nil
			}
		}
	}
	if tried == 0 || none != nil && asError(none).Temporary() { // else the key that has made it may be one that is away
		return none
	}
	names := make([]string, len(j.rings))
	for i, r := range j.rings {
		names[i] = r.name()
	}
	return refuse(CheckSignature, "it was made with another key than those of %s, or what is signed was changed; keys tried: %d",
		strings.Join(slices.Compact(names), ", "), tried)
}
