package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// publish answers POST: 200 when what was published is durable.
func (h *handler) publish(w http.ResponseWriter, r *http.Request) error {
	if h.options.Authorizer == nil {
		return &problem{Status: http.StatusForbidden, Detail: "publishing is not open here: this hub authorizes nobody to"}
	}
	grant, err := h.authorize(w, r)
	if err != nil {
		return err
	}
	kind, err := bodyType(r)
	if err != nil {
		return err
	}
	if kind == typeLines {
		return h.publishLines(w, r, grant)
	}
	return h.publishForm(w, r, grant)
}

// publishForm publishes the one update that the body is.
func (h *handler) publishForm(w http.ResponseWriter, r *http.Request, grant topic.Grant) error {
	key, err := headerIdempotencyKey(r)
	if err != nil {
		return err
	}
	body, err := h.readBody(w, r)
	if err != nil {
		return err
	}
	update, err := readUpdate(body)
	if err != nil {
		return err
	}
	if err := h.checkTopics(update.Topics, r.URL.EscapedPath()); err != nil {
		return err
	}
	outcome := h.hub.PublishAll(r.Context(), []hub.Submission{{Update: update, Key: key}}, grant)[0]
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

// checkTopics refuses those that lie in the namespace of the hub, whose path is hubPath.
func (h *handler) checkTopics(topics []string, hubPath string) error {
	for _, t := range topics[:min(len(topics), h.limits.Topics)] { // the hub refuses more
		if t != "" && reserved(t, hubPath) { // and an empty one
			return badField("topic", "topic %s lies in the hub's own namespace", quote(t))
		}
	}
	return nil
}

// What a publication can be.
const (
	typeForm  = "application/x-www-form-urlencoded"
	typeLines = "application/x-ndjson"
)

// bodyType returns which of the two a body is. It refuses others, and other encodings than UTF-8.
func bodyType(r *http.Request) (string, error) {
	given := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	charset := strings.ToLower(params["charset"])
	if err == nil && (kind == typeForm || kind == typeLines) && (charset == "" || charset == "utf-8" || charset == "utf8") {
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

// readBody reads the whole body, within its limit.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	var body bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= h.maxBody {
		body.Grow(int(r.ContentLength) + bytes.MinRead) // room to see the end without growing
	}
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, h.maxBody)); err != nil {
		return "", explainBody(err)
	}
	return body.String(), nil
}

// explainBody returns the problem of a body that cannot be read.
func explainBody(err error) *problem {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &problem{
			Status: http.StatusRequestEntityTooLarge, Limit: "MaxBodyBytes", Max: tooLarge.Limit,
			Detail: fmt.Sprintf("the body is longer than MaxBodyBytes, %d", tooLarge.Limit),
		}
	}
	return &problem{Status: http.StatusBadRequest, Detail: "the body could not be read to its end"}
}

// readUpdate reads the fields of a publication. Their texts are for the hub to check.
func readUpdate(form string) (u eventlog.Update, err error) {
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
	if single["retry"] == nil {
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
