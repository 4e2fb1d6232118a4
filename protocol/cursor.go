package protocol

import (
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// headerCursor is the header by which a client says what it has seen, and a hub of protocol 0.x what it sends.
const headerCursor = "Last-Event-Id"

// headerAnswer is the header by which a hub of protocol 1.0 says behind which event a stream begins.
const headerAnswer = "Mercure-Last-Event-Id"

// longestCursor is how long a cursor may always be, however short the hub's limit for ids is: the log may hold
// ids from times with another limit.
const longestCursor = 4 << 10

// presented is the cursor that a request comes with.
type presented struct {
	eventlog.Cursor
	header bool // it is that of the header
	given  bool // there is one, if only an empty one
}

// readCursor returns the cursor of a request. The header beats the query, which beats the body. The header's value is
// taken byte by byte, UTF-8 as browsers send it.
func readCursor(r *http.Request, params parameters, l hub.Limits) (presented, error) {
	var c presented
	for i, values := range [][]string{r.Header.Values(headerCursor), cursorsIn(params.query), cursorsIn(params.body)} {
		c.given = c.given || len(values) > 0
		field := "last_event_id"
		if i == 0 {
			field = "Last-Event-ID"
		}
		text, err := onlyCursor(field, values)
		if err != nil {
			return c, err
		}
		if longest := max(l.IDBytes, longestCursor); len(text) > longest {
			return c, badField(field, "%s is longer than an event id can be: %d bytes, at most %d",
				field, len(text), longest)
		}
		if text != "" {
			c.Cursor, c.header = eventlog.ParseCursor(text), i == 0
			return c, nil
		}
	}
	return c, nil
}

// cursorsIn returns the cursors in a query or form, in every spelling that versions of the protocol had. Each is
// good for both dialects.
func cursorsIn(form string) (values []string) {
	for name, value := range formPairs(form) {
		switch name {
		case "last_event_id", "lastEventID", "Last-Event-ID":
			values = append(values, value)
		}
	}
	return values
}

// onlyCursor returns the one cursor among values. Some clients send the same one in two spellings.
func onlyCursor(field string, values []string) (string, error) {
	only := ""
	for _, v := range values {
		switch v = eventlog.TrimID(v); {
		case v == "" || v == only:
		case only == "":
			only = v
		default:
			return "", badField(field, "%s is given with different values, %s and %s", field, quote(only), quote(v))
		}
	}
	return only, nil
}
