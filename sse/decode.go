package sse

import (
	"bytes"
	"io"
	"time"
)

// Decoder reads events from a stream as §9.2.6 says. It is for one goroutine at a time.
//
// A decoder begins with a buffer of 4 KiB. Its buffers grow with the longest line and the largest event
// that come, within the limits of its [Options], and do not shrink.
type Decoder struct {
	lines     lineReader
	maxEvent  int
	onComment func(string)
	err       error // sticky

	data   []byte        // the data buffer: each data line's value and an LF
	typ    string        // the event type buffer
	id     string        // the last event ID buffer
	lastID string        // the last event ID string: id as of the last blank line
	wait   time.Duration // Event.Retry of the block being read

	retry    time.Duration // the reconnection time
	retrySet bool
	seenType string // the latest type, to be shared by events of the same type
}

// NewDecoder returns a decoder that reads from r. It does not read ahead of need, but a read may
// take in more than the event that it was for, so r should not be used by others afterwards. If o is
// not valid, every call of Decode returns the error.
func NewDecoder(r io.Reader, o Options) *Decoder {
	err := o.Validate()
	o = o.withDefaults()
	return &Decoder{
		lines:     lineReader{r: r, max: o.MaxLine},
		maxEvent:  o.MaxEvent,
		onComment: o.OnComment,
		err:       err,
		id:        o.LastEventID,
		lastID:    o.LastEventID,
	}
}

// Decode returns the next event. It blocks in the reader until the blank line that ends the event has
// been read, and not for a byte longer: a line that ends in CR is complete without the LF that may
// follow.
//
// At the end of the stream the error is io.EOF; an event whose blank line has not come is dropped,
// and its id with it. If a line or an event is too large, it is a [*LimitError]. An error of the
// reader is wrapped. After an error, every call returns the same one.
func (d *Decoder) Decode() (Event, error) {
	for d.err == nil {
		var line []byte
		line, d.err = d.lines.next()
		switch {
		case d.err != nil:
		case len(line) > 0:
			d.err = d.interpret(line)
		case d.dispatch():
			return d.take(), nil
		}
	}
	return Event{}, d.err
}

// LastEventID returns the last event ID as of the last blank line, or Options.LastEventID before the
// first: the Last-Event-ID with which a client would reconnect now. An id line that no blank line has
// followed yet does not count; one in a block without data does.
func (d *Decoder) LastEventID() string {
	return d.lastID
}

// Retry returns the reconnection time that the stream has asked for, and whether it has asked for
// any. Unlike an id, a retry line counts as soon as it has been read, even in a block that is never
// finished. The result is between 0 and MaxRetry.
func (d *Decoder) Retry() (time.Duration, bool) {
	return d.retry, d.retrySet
}

// interpret processes a line that is not blank.
func (d *Decoder) interpret(line []byte) error {
	name, value := line, []byte(nil)
	if i := bytes.IndexByte(line, ':'); i >= 0 {
		name, value = line[:i], line[i+1:]
		if len(value) > 0 && value[0] == ' ' {
			value = value[1:]
		}
	}
	switch string(name) {
	case "data":
		d.data = appendUTF8(d.data, value)
		if len(d.data) > d.maxEvent {
			return &LimitError{What: "event", Limit: d.maxEvent}
		}
		d.data = append(d.data, '\n')
	case "event":
		d.typ = d.shareType(value)
	case "id":
		if bytes.IndexByte(value, 0) < 0 {
			d.id = decodeText(value)
		}
	case "retry":
		d.setRetry(value)
	case "": // begins with a colon
		if d.onComment != nil {
			d.onComment(decodeText(value))
		}
	}
	return nil
}

// dispatch ends the block and reports whether it is an event. If it is not, what it set is undone, but
// for the id and the reconnection time.
func (d *Decoder) dispatch() bool {
	d.lastID = d.id
	if len(d.data) > 0 {
		return true
	}
	d.typ, d.wait = "", 0
	return false
}

// take returns the event in the buffers and empties them.
func (d *Decoder) take() Event {
	e := Event{
		ID:    d.lastID,
		Type:  d.typ,
		Data:  string(d.data[:len(d.data)-1]), // the LF of the last line goes
		Retry: d.wait,
	}
	d.data, d.typ, d.wait = d.data[:0], "", 0
	return e
}

// shareType decodes an event type. Most streams have few, so the string of the previous one is often
// the same and is used again.
func (d *Decoder) shareType(value []byte) string {
	if string(value) != d.seenType {
		d.seenType = decodeText(value)
	}
	return d.seenType
}

// setRetry takes the value of a retry line, which counts only if it is one or more ASCII digits. (By
// the letter, no digits are "only digits" too, and are to be read as a number which they are not.)
func (d *Decoder) setRetry(value []byte) {
	if len(value) == 0 {
		return
	}
	const most = int64(MaxRetry / time.Millisecond)
	var ms int64
	for _, c := range value {
		if c < '0' || c > '9' {
			return
		}
		ms = min(ms*10+int64(c-'0'), most)
	}
	d.retry, d.retrySet = time.Duration(ms)*time.Millisecond, true
	d.wait = d.retry
	if ms == 0 {
		d.wait = RetryNow
	}
}
