package sse

import "time"

// RetryNow is the value of [Event.Retry] that stands for the line "retry: 0", that is, reconnect
// without waiting. The zero value cannot, since it means that there is no such line. Any negative
// value encodes as RetryNow; the decoder yields exactly RetryNow.
const RetryNow time.Duration = -1

// MaxRetry is the longest reconnection time that is written or read, 2³¹-1 milliseconds or almost 25
// days, because browsers' timers hold no more. Longer ones are cut to it, in both directions.
const MaxRetry = (1<<31 - 1) * time.Millisecond

// Event is one event of a stream. It holds no reference to the buffers that it was decoded from.
type Event struct {
	// ID is the event's id. To the encoder, "" writes no id line, so that the receiver keeps the id
	// that it has (see ClearID). It must not contain CR, LF or NUL. From the decoder, it is the last
	// event ID as the event was dispatched: the id of this event or, if that has none, of the
	// nearest one before it that had one. Browsers call it lastEventId.
	ID string

	// Type is the event's type, the event line. "" means that there is none; a browser then
	// dispatches it as "message", as does Name. It must not contain CR, LF or NUL.
	Type string

	// Data is the payload, any text, encoded as one data line for each of its lines. CR, LF and
	// CRLF all end a line and are all decoded as LF. Bytes that are not UTF-8 are written as they
	// are and decoded as U+FFFD.
	Data string

	// Retry is the reconnection time that the event carries, 0 if it carries none and RetryNow if
	// it asks for none to be waited. It is written in whole milliseconds, rounded up, and at most
	// MaxRetry. From the decoder, it is what this event's own block set; see also [Decoder.Retry].
	Retry time.Duration

	// ClearID makes the encoder write an empty id line, on which the receiver forgets the last
	// event ID. It is refused together with an ID. The decoder never sets it.
	ClearID bool
}

// Name returns the name under which a browser dispatches the event: its type, or "message" if it has
// none.
func (e Event) Name() string {
	if e.Type == "" {
		return "message"
	}
	return e.Type
}
