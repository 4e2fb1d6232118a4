package sse

import (
	"strconv"
	"strings"
	"time"
)

// forbidden are the characters that an id and a type cannot contain: the first two end the line, and
// an id with the third is ignored by every reader (§9.2.6).
const forbidden = "\r\n\x00"

// AppendEvent appends the encoded event to dst, its closing blank line included, and returns the
// extended slice. It does not allocate if dst has room, and keeps no reference to e or dst.
//
// The lines come in the order id, event, retry, data. A reader does not care; a person who looks at
// the raw stream sees first what an event is and then its possibly long text. There is always a data
// line, because an event without one is not dispatched: empty Data is written as "data:".
//
// The only events refused are those whose ID or Type contains CR, LF or NUL, and those that set
// ClearID and ID. The error is then a [*FieldError] and dst is returned as it was.
func AppendEvent(dst []byte, e *Event) ([]byte, error) {
	if err := e.check(); err != nil {
		return dst, err
	}
	if e.ID != "" || e.ClearID {
		dst = appendLine(dst, "id:", e.ID)
	}
	if e.Type != "" {
		dst = appendLine(dst, "event:", e.Type)
	}
	if e.Retry != 0 {
		dst = appendRetryLine(dst, e.Retry)
	}
	dst = appendText(dst, "data:", e.Data)
	return append(dst, '\n'), nil
}

// AppendComment appends text to dst as comment lines, which readers ignore, and returns the extended
// slice. It does not allocate if dst has room. Each line of text becomes one comment line; empty text
// becomes ":", the shortest heartbeat there is. No blank line follows, since none is needed: a comment
// may stand between two events and even inside one.
func AppendComment(dst []byte, text string) []byte {
	return appendText(dst, ":", text)
}

// AppendRetry appends to dst a block that sets the reader's reconnection time and dispatches nothing,
// and returns the extended slice. It does not allocate if dst has room. Whole milliseconds are
// written, rounded up, and at most MaxRetry; zero and below is "retry: 0".
func AppendRetry(dst []byte, d time.Duration) []byte {
	return append(appendRetryLine(dst, d), '\n')
}

// check returns the reason why the event cannot be encoded. Its result is an error, not a
// *FieldError, so that a caller's nil comparison means what it says.
func (e *Event) check() error {
	if i := strings.IndexAny(e.ID, forbidden); i >= 0 {
		return &FieldError{Field: "id", Char: e.ID[i], Pos: i}
	}
	if i := strings.IndexAny(e.Type, forbidden); i >= 0 {
		return &FieldError{Field: "type", Char: e.Type[i], Pos: i}
	}
	if e.ClearID && e.ID != "" {
		return &FieldError{Field: "id", Pos: -1}
	}
	return nil
}

// appendText appends one line for each line of text, which CR, LF and CRLF end. Text that ends with a
// line end has an empty last line, as the reader joins the lines with LF.
func appendText(dst []byte, name, text string) []byte {
	lf, cr := -1, -1 // the next of each, len(text) if there is none; looked for once, not once a line
	for start := 0; ; {
		if lf < start {
			lf = indexFrom(text, '\n', start)
		}
		if cr < start {
			cr = indexFrom(text, '\r', start)
		}
		end := min(lf, cr)
		dst = appendLine(dst, name, text[start:end])
		if end == len(text) {
			return dst
		}
		start = end + 1
		if start == lf && start < len(text) {
			start++ // CRLF
		}
	}
}

// appendLine appends one line. The space is not optional before a value, for the reader strips one
// and the value may begin with its own.
func appendLine(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	if value != "" {
		dst = append(dst, ' ')
		dst = append(dst, value...)
	}
	return append(dst, '\n')
}

func appendRetryLine(dst []byte, d time.Duration) []byte {
	d = min(max(d, 0), MaxRetry)
	ms := (d + time.Millisecond - 1) / time.Millisecond // up, so that "soon" does not become "now"
	dst = append(dst, "retry: "...)
	dst = strconv.AppendInt(dst, int64(ms), 10)
	return append(dst, '\n')
}

// indexFrom returns the index of the first c in s at or after start, or len(s).
func indexFrom(s string, c byte, start int) int {
	if i := strings.IndexByte(s[start:], c); i >= 0 {
		return start + i
	}
	return len(s)
}
