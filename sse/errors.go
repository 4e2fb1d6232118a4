package sse

import "fmt"

// LimitError is returned by a [Decoder] when the stream exceeds a limit of its [Options]. The decoder
// stays failed: what follows on the stream cannot be told apart from the rest of what was too large.
type LimitError struct {
	// What is "line" for MaxLine and "event" for MaxEvent.
	What string
	// Limit is the limit that was exceeded, in bytes.
	Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("sse: %s longer than %d bytes", e.What, e.Limit)
}

// FieldError is returned by [AppendEvent] for an event that cannot be put on the wire.
type FieldError struct {
	// Field is "id" or "type".
	Field string
	// Char is the character that the field must not contain: '\r', '\n' or 0.
	Char byte
	// Pos is the index of Char in the field's value, in bytes. It is -1 if no character is at fault
	// but the event sets both ClearID and ID.
	Pos int
}

func (e *FieldError) Error() string {
	if e.Pos < 0 {
		return fmt.Sprintf("sse: %s is both set and cleared", e.Field)
	}
	return fmt.Sprintf("sse: %s contains %s at byte %d", e.Field, charName(e.Char), e.Pos)
}

// charName names one of the forbidden characters.
func charName(c byte) string {
	switch c {
	case '\r':
		return "CR"
	case '\n':
		return "LF"
	default:
		return "NUL"
	}
}
