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
	"github.com/tidings-hub/tidings/sse"
)

// publish answers POST: 200 and the event's id when the update is durable.
func (h *handler) publish(w http.ResponseWriter, r *http.Request) error {
	if h.options.Authorizer == nil {
		return &problem{Status: http.StatusForbidden, Detail: "publishing is not open here: this hub authorizes nobody to"}
	}
	grant, err := h.authorize(w, r)
	if err != nil {
		return err
	}
	if err := checkForm(r); err != nil {
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
	for _, t := range update.Topics[:min(len(update.Topics), h.limits.Topics)] { // the hub refuses more
		if t != "" && reserved(t, r.URL.EscapedPath()) { // and an empty one
			return badField("topic", "topic %s lies in the hub's own namespace", quote(t))
		}
	}
	receipt, err := h.hub.Publish(r.Context(), update, grant)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff") // the body is what the publisher chose
	_, _ = io.WriteString(w, receipt.ID)            // the update is durable, whether or not its publisher hears of it
	return nil
}

// checkForm refuses a body that is no form in UTF-8.
func checkForm(r *http.Request) error {
	const form = "application/x-www-form-urlencoded"
	given := r.Header.Get("Content-Type")
	kind, params, err := mime.ParseMediaType(given)
	charset := strings.ToLower(params["charset"])
	if err == nil && kind == form && (charset == "" || charset == "utf-8" || charset == "utf8") {
		return nil
	}
	detail := "the header Content-Type is missing: a publication is " + form
	if given != "" {
		detail = fmt.Sprintf("Content-Type %s: a publication is %s in UTF-8", quote(given), form)
	}
	return &problem{Status: http.StatusUnsupportedMediaType, Field: "Content-Type", Detail: detail}
}

// readBody reads the whole body, within its limit.
func (h *handler) readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	var body bytes.Buffer
	if 0 < r.ContentLength && r.ContentLength <= h.maxBody {
		body.Grow(int(r.ContentLength) + bytes.MinRead) // room to see the end without growing
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, h.maxBody))
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return "", &problem{
			Status: http.StatusRequestEntityTooLarge, Limit: "MaxBodyBytes", Max: tooLarge.Limit,
			Detail: fmt.Sprintf("the body is longer than MaxBodyBytes, %d", tooLarge.Limit),
		}
	}
	if err != nil {
		return "", &problem{Status: http.StatusBadRequest, Detail: "the body could not be read to its end"}
	}
	return body.String(), nil
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
