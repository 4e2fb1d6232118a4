package protocol

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// problem is an answer that refuses a request (RFC 9457). It is an error on its way there.
type problem struct {
	Type   string `json:"type"`            // about:blank: the status says which problem it is
	Title  string `json:"title"`           // the status in words
	Status int    `json:"status"`          // the answer's status
	Detail string `json:"detail"`          // what is wrong, for people
	Field  string `json:"field,omitempty"` // the parameter, form field or header that is at fault
	Limit  string `json:"limit,omitempty"` // the name of the limit that is exceeded
	Max    int64  `json:"max,omitempty"`   // that limit

	RequestID string `json:"requestId,omitempty"` // by which the log names the request

	retryAfter int       // seconds; 0 for never
	challenge  challenge // what is said about tokens
	metadata   string    // the address that goes with the challenge, or ""

	hubError error // what the hub has returned, if this explains it

	// For the log:
	cause   error  // why, if Detail does not say all
	failure string // what the hub failed to do, if the fault is not the client's
}

func (p *problem) Error() string { return "protocol: " + p.Detail }

// How long a client is asked to wait, in seconds: for a queue that is written out in that time, and for a hub
// that is being replaced.
const (
	retryBusy   = 1
	retryClosed = 3
)

// explain returns the problem that err is to the client.
func explain(r *http.Request, err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	p := explainHub(r, err)
	p.hubError = err
	return p
}

// explainHub returns the problem that an error of the hub's, or of its log's, is to the client.
func explainHub(r *http.Request, err error) *problem {
	if invalid, ok := errors.AsType[*hub.InvalidError](err); ok {
		field := invalid.Field
		if field == "key" {
			field = headerKey
		}
		return badField(field, "%s %s", field, invalid.Reason)
	}
	if limit, ok := errors.AsType[*hub.LimitError](err); ok {
		return explainLimit(r, limit)
	}
	switch {
	case errors.Is(err, hub.ErrForbidden):
		return &problem{
			Status: http.StatusForbidden, Field: "topic", Detail: "publishing to one of the topics is not granted",
			challenge: challengeScope,
		}
	case errors.Is(err, hub.ErrClosed), errors.Is(err, eventlog.ErrClosed):
		return shuttingDown()
	case errors.Is(err, hub.ErrKeyReused):
		return &problem{
			Status: http.StatusUnprocessableEntity, Field: headerKey,
			Detail: "the idempotency key was used for another update",
		}
	case errors.Is(err, eventlog.ErrNoSpace):
		return &problem{
			Status: http.StatusInsufficientStorage, Detail: "the hub's disk is full: nothing was published",
			cause: err, failure: "publishing refused",
		}
	case errors.Is(err, eventlog.ErrOutcomeUnknown):
		return &problem{
			Status: http.StatusServiceUnavailable, Detail: "outcome unknown: the update may have been published or not",
			cause: err, failure: "publishing failed",
		}
	case errors.Is(err, eventlog.ErrUnavailable):
		return &problem{
			Status: http.StatusServiceUnavailable, Detail: "the hub's log is being opened anew: nothing was done",
			retryAfter: retryBusy, cause: err, failure: "the log is unavailable",
		}
	}
	return &problem{
		Status: http.StatusInternalServerError, Detail: "the hub failed to serve the request",
		cause: err, failure: "request failed",
	}
}

func shuttingDown() *problem {
	return &problem{
		Status: http.StatusServiceUnavailable, Detail: "the hub is shutting down", retryAfter: retryClosed,
	}
}

// The limits that are not the client's fault.
const (
	limitQueue       = "QueueBytes"
	limitSubscribers = "Subscribers"
	limitPresence    = "PresenceQueue"
)

// explainLimit returns the problem of a request that is beyond one of the hub's limits.
func explainLimit(r *http.Request, e *hub.LimitError) *problem {
	p := &problem{Status: http.StatusBadRequest, Limit: e.Limit, Max: int64(e.Max)}
	if r.Method == http.MethodPost {
		p.Status = http.StatusRequestEntityTooLarge
	}
	what := ""
	switch e.Limit {
	case limitQueue:
		if e.Alone {
			what = "the length in bytes of all updates together"
			break
		}
		p.Status, p.retryAfter = http.StatusServiceUnavailable, retryBusy
		p.Detail = "too many updates are waiting to be written (limit QueueBytes)"
		return p
	case limitSubscribers:
		p.Status, p.retryAfter = http.StatusServiceUnavailable, retryFull()
		p.Detail = fmt.Sprintf("the hub has as many subscribers as it may have, the limit Subscribers is %d", e.Max)
		return p
	case limitPresence:
		p.Status, p.retryAfter = http.StatusServiceUnavailable, retryFull()
		p.Detail = "too many have come and gone whom others are yet to be told of (limit PresenceQueue)"
		return p
	case "Topics":
		p.Field, what = "topic", "the number of topics"
	case "TopicBytes":
		p.Field, what = "topic", "the length in bytes of a topic"
	case "IDBytes":
		p.Field, what = "id", "the length in bytes of the id"
	case "TypeBytes":
		p.Field, what = "type", "the length in bytes of the type"
	case "DataBytes":
		p.Field, what = "data", "the length in bytes of the data"
	case "KeyBytes":
		p.Status, p.Field, what = http.StatusBadRequest, headerKey, "the length in bytes of the idempotency key, its scope included,"
	case "Matchers":
		p.Field, what = "topic", "the number of matchers"
	case "Newest":
		p.Field, what = paramReplay, "the number of updates asked for"
	}
	p.Detail = fmt.Sprintf("%s is %d, the limit %s is %d", what, e.Got, e.Limit, e.Max)
	return p
}

// writeProblem answers with p.
func writeProblem(w http.ResponseWriter, p *problem) {
	body := p.answer(w.Header())
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // nobody is left to tell
}

// answer returns the body of the answer that p is, and completes the answer's header.
func (p *problem) answer(header http.Header) []byte {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	body, _ := json.Marshal(p) // strings and numbers cannot fail
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if p.RequestID != "" {
		header.Set(headerRequestID, p.RequestID)
	}
	if p.challenge != noChallenge {
		header.Set("WWW-Authenticate", p.challenge.header(p.metadata))
	}
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return append(body, '\n')
}

// quote returns a client's text as a problem shows it: in quotes, and not at length.
func quote(s string) string { return strconv.Quote(clip(s)) }

// clip cuts a text that is too long to be shown.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	end := most
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.ToValidUTF8(s[:end], "\uFFFD") + "…"
}
