package protocol

import (
	"errors"
	"net/http"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

// Access is what a request may do, and for how long. The zero Access is that of somebody who has presented nothing:
// it receives public updates and publishes nothing.
type Access struct {
	// Grant is what the request may do.
	Grant topic.Grant
	// Token is what Grant was made of, if it was a token or a ticket.
	Token *auth.Token
	// Expires, if it is not zero, is when Grant ends, and with it the stream that was opened with it.
	Expires time.Time
	// Revoked, if not nil, reports whether Grant was taken back since the request was authorized. It is asked when a body
	// has been read, which takes as long as its sender likes, and, if there is a Token, when a stream has begun, which
	// [hub.Hub.EndWhere] may have come too early for. It must be quick.
	Revoked func() bool
	// Dialect is that of the token. Zero is where there is none, or where it has none: protocol 1.0 then, or 0.x on
	// a hub that speaks nothing else.
	Dialect auth.Dialect
	// Scope says whose idempotency keys the request uses: publishers of different scopes do not see each other's. All
	// requests without one share one.
	Scope string
	// ByCookie says that Grant comes from a cookie, which a browser also sends for pages of others: publishing then
	// takes an Origin or Referer that is the hub's own or allowed.
	ByCookie bool
}

// anonymous reports whether nothing is known about who sent the request.
func (a *Access) anonymous() bool {
	return a.Token == nil && a.Scope == "" && len(a.Grant.Publish)+len(a.Grant.Subscribe) == 0
}

// Authorizer says what a request may do. It is called from many goroutines at once, once for each request, and may
// wait for as long as the request's context lets it.
type Authorizer interface {
	// Authorize returns what the sender of r may do. Nothing but r's head is to be read.
	//
	// An error refuses the request, with 401 and the same words for every error but these: [ErrNoToken] says that
	// there must be a token, a [*PresentationError] is answered with 400, a temporary [*auth.Error] with 503. Its text is
	// logged and not sent.
	Authorize(r *http.Request) (Access, error)
}

// AuthorizerFunc is a function that is an [Authorizer].
type AuthorizerFunc func(r *http.Request) (Access, error)

// Authorize implements [Authorizer].
func (f AuthorizerFunc) Authorize(r *http.Request) (Access, error) { return f(r) }

// AllowAll returns an Authorizer that lets everybody publish everything and receive every private update. It is
// for development and for networks that only friends can reach.
func AllowAll() Authorizer {
	return AuthorizerFunc(func(*http.Request) (Access, error) { return Access{Grant: topic.All()}, nil })
}

// ErrNoToken is returned by an [Authorizer] for a request that presents nothing, where something must be presented.
var ErrNoToken = errors.New("protocol: the request presents no token")

// PresentationError is returned by an [Authorizer] for a request that presents a token in a way that cannot be
// understood, or that is not allowed.
type PresentationError struct {
	// Reason says what is wrong, for the client too. It never has the token.
	Reason string
}

func (e *PresentationError) Error() string {
	return "protocol: malformed presentation of a token: " + e.Reason
}

// authorize returns what r may do. A grant that has ended is none, whatever the Authorizer says.
func (h *handler) authorize(r *http.Request) (Access, error) {
	if h.options.Authorizer == nil {
		return Access{}, nil
	}
	access, err := h.options.Authorizer.Authorize(r)
	if err != nil {
		return Access{}, explainAuthorizer(err)
	}
	if t := access.Token; t != nil && !t.Expires.IsZero() && (access.Expires.IsZero() || t.Expires.Before(access.Expires)) {
		access.Expires = t.Expires
	}
	if err := access.check(); err != nil {
		return Access{}, err
	}
	if !h.options.Dialect.takes(access.Dialect) {
		return Access{}, invalidToken(errOtherDialect)
	}
	return access, nil
}

// check refuses access that has ended, or was taken back.
func (a *Access) check() error {
	if !a.Expires.IsZero() && !time.Now().Before(a.Expires) {
		return invalidToken(errExpired)
	}
	if a.Revoked != nil && a.Revoked() {
		return invalidToken(errRevoked)
	}
	return nil
}

var (
	errRevoked      = errors.New("protocol: what the request was granted was taken back meanwhile")
	errExpired      = errors.New("protocol: what the request was granted has ended")
	errOtherDialect = errors.New("protocol: the token is of a version of the protocol that is switched off")
)

// explainAuthorizer returns the problem that an Authorizer's error is.
func explainAuthorizer(err error) *problem {
	if p, ok := errors.AsType[*PresentationError](err); ok {
		return &problem{
			Status: http.StatusBadRequest, Detail: p.Reason, challenge: challengeRequest, cause: err,
		}
	}
	if errors.Is(err, ErrNoToken) {
		return &problem{
			Status: http.StatusUnauthorized, Detail: "a token is needed here, and the request has none",
			challenge: challengeNoToken, cause: err,
		}
	}
	if refused, ok := errors.AsType[*auth.Error](err); ok && refused.Temporary() {
		return &problem{
			Status: http.StatusServiceUnavailable, Detail: "the request's token cannot be checked at present",
			retryAfter: retryClosed, cause: err,
		}
	}
	return invalidToken(err)
}

// invalidToken returns the problem of a token that is not accepted, in the same words whatever the reason is.
func invalidToken(why error) *problem {
	return &problem{
		Status: http.StatusUnauthorized, Detail: "the request's token is not accepted",
		challenge: challengeToken, cause: why,
	}
}
