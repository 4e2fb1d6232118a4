package protocol

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// headerRequestID is the header of a refusal that names the request as the log does.
const headerRequestID = "X-Request-Id"

// challenge says what a refusal tells about tokens (RFC 6750, section 3).
type challenge string

// The challenges.
const (
	noChallenge      challenge = ""
	challengeNoToken challenge = "Bearer" // without an error: nothing was presented that could be wrong
	challengeToken   challenge = "invalid_token"
	challengeScope   challenge = "insufficient_scope"
	challengeRequest challenge = "invalid_request"
)

// refuse returns the problem that err is to the client, ready to be answered with, after it was logged. It is called
// once for each refused request.
func (h *handler) refuse(r *http.Request, err error) *problem {
	p := explain(r, err)
	p.RequestID = requestID()
	if p.challenge == noChallenge && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden) {
		p.challenge = challengeNoToken // every 401 and 403 has one
	}
	p.metadata = h.metadataURL
	if gone := r.Context().Err(); gone != nil && errors.Is(p.cause, gone) {
		return p // it failed because the client has left
	}
	reason, refused, told := reasonOf(p)
	name := ""
	if refused {
		name = reason.String()
	}
	if refused && !told {
		h.tellRefused(reason)
	}
	h.logRefusal(r, p, name)
	return p
}

// tellRefused tells the hub's observer of what the hub itself was not asked.
func (h *handler) tellRefused(reason hub.RefuseReason) {
	if tell := h.hub.Options().Observer.Refused; tell != nil {
		tell(reason)
	}
}

// reasonOf returns why p refuses a request, and whether the hub's observer has been told of it: by the hub, or by what
// counts streams. A failure refuses nothing.
func reasonOf(p *problem) (reason hub.RefuseReason, refused, told bool) {
	if reason, known := hub.ReasonOf(p.hubError); known {
		return reason, true, true
	}
	if p.failure != "" {
		return 0, false, false
	}
	switch {
	case errors.Is(p.hubError, eventlog.ErrClosed): // the hub does not know yet
		return hub.RefusedClosed, true, false
	case p.Limit == limitAddress:
		return hub.RefusedAddress, true, true
	case p.Limit == limitSubject:
		return hub.RefusedSubject, true, true
	case p.Limit != "":
		return hub.RefusedLimit, true, false
	case p.Field == "Origin", p.Field == "Referer":
		return hub.RefusedOrigin, true, false
	case p.Status == http.StatusForbidden:
		return hub.RefusedForbidden, true, false
	case p.Status == http.StatusUnauthorized, p.Status == http.StatusServiceUnavailable, p.challenge != noChallenge:
		return hub.RefusedCredentials, true, false
	}
	return hub.RefusedRequest, true, false
}

// requestID returns a name for a request that is like no other.
func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// logRefusal logs why a request is refused. Of the request it shows neither the query nor a header: they may hold
// tokens. reason is "" for a failure.
func (h *handler) logRefusal(r *http.Request, p *problem, reason string) {
	if h.options.Logger == nil {
		return
	}
	cause, level, message := p.cause, slog.LevelDebug, "request refused"
	untold := 0
	switch {
	case p.failure != "" && p.Status == http.StatusInternalServerError:
		level, message = slog.LevelError, p.failure
	case p.failure != "": // the log's, which the next request will have too
		message = p.failure
		var speak bool
		if untold, speak = h.failures.say(p.failure); speak {
			level = slog.LevelError
		}
	case p.challenge != noChallenge:
		level = slog.LevelInfo
	}
	if cause == nil {
		cause = p
	}
	attrs := []any{
		"request", p.RequestID, "method", r.Method, "path", r.URL.Path, "client", h.addresses.of(r).String(),
		"status", p.Status, "error", cause,
	}
	if untold > 0 {
		attrs = append(attrs, "before", untold)
	}
	if reason != "" {
		attrs = append(attrs, "reason", reason)
	}
	if refused, ok := errors.AsType[*auth.Error](cause); ok {
		attrs = append(attrs, "check", refused.Check.String())
	}
	h.options.Logger.Log(r.Context(), level, message, attrs...)
}

// header returns the value of WWW-Authenticate.
func (c challenge) header(metadataURL string) string {
	var params []string
	if c != challengeNoToken {
		params = append(params, `error="`+string(c)+`"`)
	}
	if metadataURL != "" {
		params = append(params, `resource_metadata="`+metadataURL+`"`)
	}
	return strings.TrimRight("Bearer "+strings.Join(params, ", "), " ")
}
