package protocol

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

// The names of the cookies in which clients expect that tokens travel.
const (
	DefaultCookie       = "__Secure-mercure_access_token"
	DefaultLegacyCookie = "mercureAuthorization"
)

// Tokens is an [Authorizer] that reads a request's token and has it judged. Its zero value lets nobody in.
//
// A token is looked for in the header Authorization (Bearer), then in the parameter authorization of the query, then
// in the cookies. The first that is found counts: a bad one is not made good by another, and never makes its bearer
// anonymous.
type Tokens struct {
	// Verifier judges tokens. Without one, all are refused that the Asker is not asked about.
	Verifier *auth.Verifier
	// Asker, if not nil, asks the application about requests without a token, and about all if there is no Verifier. What
	// it grants ends with the ticket: a stream is ended then, and asked about again when its client comes back.
	Asker *auth.Asker
	// Anonymous lets subscribers in who present nothing; they receive public updates.
	Anonymous bool
	// OpenPublish lets everybody publish everything, with and without a token.
	OpenPublish bool
	// Cookie and LegacyCookie are the names of the cookies in which tokens of protocol 1.0 and 0.x travel, each its own
	// kind. The defaults are [DefaultCookie] and [DefaultLegacyCookie].
	Cookie, LegacyCookie string
	// NoCookies leaves cookies alone; those that an Asker forwards are not concerned.
	NoCookies bool
	// NoQueryToken refuses requests with the parameter authorization, in which clients of protocol 0.x may send tokens
	// and which is easily logged on the way. Tokens of 1.0 are never accepted there.
	NoQueryToken bool
}

var _ Authorizer = Tokens{}

// Validate refuses settings that cannot work, naming the fields.
func (t Tokens) Validate() error {
	t = t.withDefaults()
	if t.Cookie == t.LegacyCookie {
		return fmt.Errorf("protocol: Tokens.Cookie and Tokens.LegacyCookie are both %q", t.Cookie)
	}
	for _, name := range []string{t.Cookie, t.LegacyCookie} {
		if (&http.Cookie{Name: name, Value: "x"}).Valid() != nil {
			return fmt.Errorf("protocol: Tokens.Cookie or Tokens.LegacyCookie is no name of a cookie: %q", name)
		}
	}
	return nil
}

func (t Tokens) withDefaults() Tokens {
	if t.Cookie == "" {
		t.Cookie = DefaultCookie
	}
	if t.LegacyCookie == "" {
		t.LegacyCookie = DefaultLegacyCookie
	}
	return t
}

// Authorize implements [Authorizer].
func (t Tokens) Authorize(r *http.Request) (Access, error) {
	t = t.withDefaults()
	if t.Verifier == nil && t.Asker != nil {
		return t.ask(r)
	}
	c, err := t.credential(r)
	if err != nil {
		return Access{}, err
	}
	if c.from == fromNowhere {
		return t.ask(r)
	}
	if t.Verifier == nil {
		return Access{}, errNoKeys
	}
	token, err := t.Verifier.Verify(r.Context(), c.token)
	if err != nil {
		return Access{}, err
	}
	if err := c.check(token); err != nil {
		return Access{}, err
	}
	access := t.access(token, token.Dialect, c.from == fromCookie || c.from == fromLegacyCookie)
	verifier := t.Verifier // all that is held of t
	access.Revoked = func() bool { return verifier.Revoked(token) }
	return access, nil
}

var errNoKeys = errors.New("protocol: the request has a token, but no key is known that it could be checked with")

// ask asks the application about a request that has no token of its own.
func (t Tokens) ask(r *http.Request) (Access, error) {
	if t.Asker == nil {
		return t.nothing(r)
	}
	ticket, err := t.Asker.Ask(r.Context(), r.Header)
	if errors.Is(err, auth.ErrNoCredentials) {
		return t.nothing(r)
	}
	if err != nil {
		return Access{}, err
	}
	access := t.access(ticket, 0, len(r.Header.Values("Cookie")) > 0 && !bearer(r))
	asker := t.Asker // all that is held of t
	access.Revoked = func() bool { return asker.Revoked(ticket) }
	return access, nil
}

// nothing returns what somebody may do who presents nothing.
func (t Tokens) nothing(r *http.Request) (Access, error) {
	access := t.access(nil, 0, false)
	if r.Method == http.MethodPost && !t.OpenPublish || r.Method != http.MethodPost && !t.Anonymous {
		return access, ErrNoToken
	}
	return access, nil
}

// access returns what the bearer of a token may do.
func (t Tokens) access(token *auth.Token, d auth.Dialect, byCookie bool) Access {
	a := Access{Token: token, Dialect: d, ByCookie: byCookie}
	if token != nil {
		a.Grant, a.Expires, a.Scope = token.Grant, token.Expires, scopeOf(token, d)
	}
	if t.OpenPublish {
		a.Grant.Publish = topic.Matchers{topic.Any()}
	}
	return a
}

// scopeOf returns whose idempotency keys the bearer of a token uses: the subject's, as the issuer names it. Tokens
// without a subject are those of the issuer's one publisher, who may get a new one between two attempts. Tickets
// without one are told apart by what they were given for. A ticket has no dialect.
func scopeOf(token *auth.Token, d auth.Dialect) string {
	name := "subject:" + token.Subject
	switch {
	case token.Subject != "":
	case d == 0:
		name = "hash:" + hex.EncodeToString(token.Hash[:])
	case token.ClientID != "":
		name = "client:" + token.ClientID
	}
	return strings.Join([]string{"issuer:" + token.Issuer, name}, "\x00")
}

// TokenMatcher returns what makes matchers of a token's grants, for [auth.Options] and [auth.AskerOptions]: exact
// topics, URL Patterns and, in tokens of protocol 0.x, URI Templates. Tokens and subscribers that name the same
// pattern share it if c is also that of [Options].
func TokenMatcher(c *topic.Compiler) auth.MatcherFunc {
	return func(kind, value string) (topic.Matcher, error) {
		switch kind {
		case auth.KindExact:
			return topic.Exact(value), nil
		case auth.KindURLPattern:
			return c.Pattern(value)
		case auth.KindTemplate:
			return c.Template(value)
		}
		return topic.Matcher{}, fmt.Errorf("protocol: match_type %.50q is not supported", kind)
	}
}
