package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
)

// publish answers POST: 200 when what was published is durable.
func (h *handler) publish(w http.ResponseWriter, r *http.Request) error {
	if h.options.Authorizer == nil {
		return &problem{Status: http.StatusForbidden, Detail: "publishing is not open here: this hub authorizes nobody to"}
	}
	access, err := h.authorize(r)
	if err != nil {
		return err
	}
	if access.anonymous() {
		return explainAuthorizer(ErrNoToken)
	}
	if access.ByCookie {
		if err := h.checkOwnPage(r); err != nil {
			return err
		}
	}
	kind, err := bodyType(r)
	if err != nil {
		return err
	}
	if kind == typeLines {
		return h.publishLines(w, r, &access)
	}
	return h.publishForm(w, r, &access)
}

// publishForm publishes the one update that the body is.
func (h *handler) publishForm(w http.ResponseWriter, r *http.Request, access *Access) error {
	key, err := headerIdempotencyKey(r, access.Scope)
	if err != nil {
		return err
	}
	body, err := readBody(w, r, h.maxBody, limitBody)
	if err != nil {
		return err
	}
	if err := access.check(); err != nil {
		return err
	}
	update, err := readUpdate(body, access.Dialect)
	if err != nil {
		return err
	}
	if err := h.checkTopics(update.Topics, h.namespace(r)); err != nil {
		return err
	}
	outcome := h.hub.PublishAll(r.Context(), []hub.Submission{{Update: update, Key: key}}, access.Grant)[0]
	if outcome.Err != nil {
		return outcome.Err
	}
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff") // the body is what the publisher chose
	if outcome.Repeated {
		header.Set(headerReplayed, "true")
	}
	_, _ = io.WriteString(w, outcome.ID) // the update is durable, whether or not its publisher hears of it
	return nil
}

// checkTopics refuses those that lie in the hub's own namespace.
func (h *handler) checkTopics(topics []string, own *namespace) error {
	for _, t := range topics[:min(len(topics), h.limits.Topics)] { // the hub refuses more
		if t != "" && len(t) <= h.limits.TopicBytes && own.reserved(t) { // and empty and longer ones
			return badField("topic", "topic %s lies in the hub's own namespace", quote(t))
		}
	}
	return nil
}

// limitBody is the limit of a publication's body.
const limitBody = "MaxBodyBytes"

// What a publication can be.
const (
	typeForm  = "application/x-www-form-urlencoded"
	typeLines = "application/x-ndjson"
)

// bodyType returns which of the two a body is. It refuses others, and other encodings than UTF-8.
func bodyType(r *http.Request) (string, error) {
	given := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	if err == nil && (kind == typeForm || kind == typeLines) && isUTF8(params) {
		return kind, nil
	}
	detail := "the header Content-Type is missing"
	if given != "" {
		detail = "Content-Type " + quote(given)
	}
	return "", &problem{
		Status: http.StatusUnsupportedMediaType, Field: "Content-Type",
		Detail: fmt.Sprintf("%s: a publication is %s, or %s for several, in UTF-8", detail, typeForm, typeLines),
	}
}

// bodyRoom is how much room is made for a body before any of it is there. More than that is made as it comes: who only
// says that much is going to come must cost nothing.
const bodyRoom = 16 << 10

// readBody reads the whole body, of at most so many bytes; limit names their number.
func readBody(w http.ResponseWriter, r *http.Request, most int64, limit string) (string, error) {
	var body bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= most {
		body.Grow(int(min(r.ContentLength, bodyRoom)) + bytes.MinRead) // room to see the end without growing
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, most)); err != nil {
		return "", explainBody(err, limit)
	}
	return body.String(), nil
}

// explainBody returns the problem of a body that cannot be read.
func explainBody(err error, limit string) *problem {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			Status: http.StatusRequestEntityTooLarge, Limit: limit, Max: tooLarge.Limit,
			Detail: fmt.Sprintf("the body is longer than %s, %d", limit, tooLarge.Limit),
		}
	}
	return &problem{Status: http.StatusBadRequest, Detail: "the body could not be read to its end", cause: err}
}

// readUpdate reads the fields of a publication. Their texts are for the hub to check. Publishers of protocol 0.x may
// leave retry empty.
func readUpdate(form string, d auth.Dialect) (u eventlog.Update, err error) {
	retry := ""
	single := map[string]*string{"id": &u.ID, "type": &u.Type, "data": &u.Data, "retry": &retry}
	for name, value := range formPairs(form) {
		switch name {
		case "topic":
			u.Topics = append(u.Topics, value)
		case "private":
			u.Private = true
		default:
			if field := single[name]; field != nil {
				*field = value
				delete(single, name) // the first one counts
			}
		}
	}
	if single["retry"] == nil && (retry != "" || d != auth.Legacy) {
		u.Retry, err = parseRetry(retry)
	}
	return u, err
}

// parseRetry reads a reconnection time in milliseconds. Longer ones than browsers can wait are cut.
func parseRetry(s string) (time.Duration, error) {
	if s == "" {
		return 0, badField("retry", "field %q is empty", "retry")
	}
	var d time.Duration
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, badField("retry", "field %q is a number of milliseconds, digits only, not %s", "retry", quote(s))
		}
		d = min(10*d+time.Duration(c-'0')*time.Millisecond, sse.MaxRetry)
	}
	if d == 0 {
		return sse.RetryNow, nil
	}
	return d, nil
}
