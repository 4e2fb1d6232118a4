package auth

import (
	"context"
	"slices"
	"time"
)

// audience holds a modern token to this hub's name, and a legacy one that names an audience.
func (j *judging) audience(context.Context) error {
	audience, err := j.parsed.claims.textOrList("aud")
	if err != nil {
		return refuse(CheckAudience, "the claim %v", err)
	}
	if j.token.Dialect == Legacy && !j.parsed.claims.has("aud") {
		j.note("it names no audience, and a token of protocol 0.x need not")
		return nil
	}
	resource := j.options().Resource
	switch {
	case resource == "":
		return refuse(CheckAudience, "it is for %s, and this hub was given no name of its own (resource)", quoteAll(audience))
	case len(audience) == 0:
		return refuse(CheckAudience, "there is no audience: the claim aud is missing or empty, it must name %s", quote(resource))
	case !slices.Contains(audience, resource):
		return refuse(CheckAudience, "it is for %s, and this hub is %s", quoteAll(audience), quote(resource))
	}
	j.note("it is for %s", quote(resource))
	return nil
}

// expired allows nothing: a token ends when it says. Parts of a second are cut off, so that no stream outlives it.
func (j *judging) expired(context.Context) error {
	expires, err := j.parsed.claims.date("exp")
	if err != nil {
		return refuse(CheckExpired, "the claim %v", err)
	}
	switch {
	case !j.parsed.claims.has("exp") && j.token.Dialect == Legacy:
		j.note("it never ends, as a token of protocol 0.x may")
		return nil
	case !j.parsed.claims.has("exp"):
		return refuse(CheckExpired, "it has no end: the claim exp is missing")
	case !j.now.Before(expires):
		return refuse(CheckExpired, "it ended at %s, %v ago", timestamp(expires), j.now.Sub(expires).Round(time.Second))
	}
	j.token.Expires = expires
	j.note("it ends at %s, in %v", timestamp(expires), expires.Sub(j.now).Round(time.Second))
	return nil
}

// notYetValid allows for a clock that is ahead of this one.
func (j *judging) notYetValid(context.Context) error {
	latest := j.now.Add(max(0, j.options().Leeway))
	for _, claim := range []struct {
		name, what string
		into       *time.Time
	}{
		{"nbf", "begins", &j.token.NotBefore},
		{"iat", "was issued", &j.token.IssuedAt},
	} {
		t, err := j.parsed.claims.date(claim.name)
		if err != nil {
			return refuse(CheckNotYetValid, "the claim %v", err)
		}
		if t.After(latest) {
			return refuse(CheckNotYetValid, "it %s at %s, in %v (%s)", claim.what, timestamp(t), t.Sub(j.now).Round(time.Second), claim.name)
		}
		*claim.into = t
	}
	j.note("it has begun")
	return nil
}

func timestamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// claims reads what is said about the bearer. Nothing of it is required, but what is there must be what it is taken
// for: revocation relies on it.
func (j *judging) claims(context.Context) error {
	for _, claim := range []struct {
		name string
		into *string
	}{
		{"sub", &j.token.Subject},
		{"client_id", &j.token.ClientID},
		{"jti", &j.token.ID},
	} {
		s, err := j.parsed.claims.text(claim.name)
		if err != nil {
			return refuse(CheckClaims, "the claim %v", err)
		}
		*claim.into = s
	}
	j.note("sub %s, client_id %s, jti %s", quote(j.token.Subject), quote(j.token.ClientID), quote(j.token.ID))
	return nil
}

func (j *judging) details(context.Context) error {
	var err error
	if j.token.Dialect == Legacy {
		err = j.readLegacy()
	} else {
		err = j.readDetails()
	}
	if err != nil {
		return err
	}
	j.note("matchers: %d for publishing, %d for subscribing", len(j.token.Grant.Publish), len(j.token.Grant.Subscribe))
	return nil
}

func (j *judging) revoked(context.Context) error {
	if err := j.options().checkRevoked(&j.token); err != nil {
		return err
	}
	j.note("it was not revoked")
	return nil
}

func (o *Options) checkRevoked(t *Token) error {
	if o.Revoked(t) {
		return refuse(CheckRevoked, "it was revoked (jti %s, sub %s, hash %x)", quote(t.ID), quote(t.Subject), t.Hash)
	}
	return nil
}
