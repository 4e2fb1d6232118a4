package protocol

import (
	"errors"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
)

// credential is a token as a request presents it, not judged yet.
type credential struct {
	token string
	from  source
}

// source is the place of a request that a token is in.
type source uint8

const (
	fromNowhere source = iota
	fromHeader
	fromQuery
	fromCookie
	fromLegacyCookie
)

// paramAuthorization is the parameter in which clients of protocol 0.x may send tokens.
const paramAuthorization = "authorization"

// credential returns the token of r, from the first place that has one. The error is a *PresentationError.
func (t *Tokens) credential(r *http.Request) (credential, error) {
	token, found, err := headerToken(r)
	if found || err != nil {
		return credential{token, fromHeader}, err
	}
	token, found, err = t.queryToken(r)
	if found || err != nil {
		return credential{token, fromQuery}, err
	}
	if t.NoCookies {
		return credential{}, nil
	}
	token, found, err = cookieToken(r, t.Cookie)
	if found || err != nil {
		return credential{token, fromCookie}, err
	}
	token, found, err = cookieToken(r, t.LegacyCookie)
	if found || err != nil {
		return credential{token, fromLegacyCookie}, err
	}
	return credential{}, nil
}

// headerToken returns the token of the header Authorization. Other schemes than Bearer are none of our business: they
// may be for a proxy.
func headerToken(r *http.Request) (token string, found bool, err error) {
	values := r.Header.Values("Authorization")
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
	default:
		return "", false, &PresentationError{Reason: "there is more than one header Authorization"}
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false, nil
	}
	token = strings.Trim(token, " ")
	return token, true, checkToken(token, "the header Authorization")
}

// queryToken returns the token of the query.
func (t *Tokens) queryToken(r *http.Request) (token string, found bool, err error) {
	for name, value := range formPairs(r.URL.RawQuery) {
		switch {
		case name != paramAuthorization:
			continue
		case t.NoQueryToken:
			return "", false, &PresentationError{
				Reason: "tokens in the URL are not accepted here: send them in the header Authorization",
			}
		case found:
			return "", false, &PresentationError{Reason: "there is more than one parameter authorization"}
		}
		token, found = value, true
		err = checkToken(token, "the parameter authorization")
	}
	return token, found, err
}

// cookieToken returns the token of the cookie name. An empty one is what is left of a cookie that was taken back. Two
// that differ cannot be told apart: one of them may come from a page of a neighbouring domain.
func cookieToken(r *http.Request, name string) (token string, found bool, err error) {
	for _, c := range r.CookiesNamed(name) {
		switch {
		case c.Value == "" || found && c.Value == token:
		case found:
			return "", false, &PresentationError{Reason: "there is more than one cookie " + name}
		default:
			token, found = c.Value, true
			err = checkToken(token, "the cookie "+name)
		}
	}
	return token, found, err
}

// checkToken refuses what cannot be a token by its characters (RFC 6750, section 2.1).
func checkToken(token, place string) error {
	body := strings.TrimRight(token, "=")
	bad := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-._~+/", c)
	}
	if body == "" {
		return &PresentationError{Reason: place + " has no token"}
	}
	if strings.ContainsFunc(body, bad) {
		return &PresentationError{Reason: place + " has something that is no token"}
	}
	return nil
}

// check refuses a good token that is in the place of the other dialect.
func (c credential) check(token *auth.Token) error {
	switch {
	case c.from == fromQuery && token.Dialect != auth.Legacy:
		return &PresentationError{Reason: "tokens of protocol 1.0 are not accepted in the URL: send them in the header Authorization"}
	case c.from == fromCookie && token.Dialect != auth.Modern:
		return errors.New("protocol: the cookie for tokens of protocol 1.0 has one of 0.x")
	case c.from == fromLegacyCookie && token.Dialect != auth.Legacy:
		return errors.New("protocol: the cookie for tokens of protocol 0.x has one of 1.0")
	}
	return nil
}

// RedactQuery returns a query with the tokens in it replaced, for logs: the values of the parameters authorization and
// access_token, however the names are escaped or spelt. The order of the parameters stays.
func RedactQuery(query string) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, _, ok := strings.Cut(pair, "=")
		if plain := strings.ToLower(unescape(name)); ok && (plain == paramAuthorization || plain == "access_token") {
			pairs[i] = name + "=REDACTED"
		}
	}
	return strings.Join(pairs, "&")
}
