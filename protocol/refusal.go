package protocol

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
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
	h.logRefusal(r, p)
	return p
}

// requestID returns a name for a request that is like no other.
func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// logRefusal logs why a request is refused. Of the request it shows neither the query nor a header: they may hold
// tokens.
func (h *handler) logRefusal(r *http.Request, p *problem) {
	if h.options.Logger == nil {
		return
	}
	cause, level, message := p.cause, slog.LevelDebug, "request refused"
	switch {
	case p.failure != "":
		level, message = slog.LevelError, p.failure
	case p.challenge != noChallenge:
		level = slog.LevelInfo
	}
	if cause == nil {
		cause = p
	}
	if gone := r.Context().Err(); gone != nil && errors.Is(cause, gone) {
		return // it failed because the client has left
	}
	attrs := []any{
		"request", p.RequestID, "method", r.Method, "path", r.URL.Path, "client", h.addresses.of(r).String(),
		"status", p.Status, "error", cause,
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
