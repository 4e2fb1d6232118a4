package eventlog

import "strings"

// CursorKind says what a [Cursor] holds.
type CursorKind uint8

// The kinds of cursors.
const (
	// CursorNone is no cursor: the stream begins now.
	CursorNone CursorKind = iota
	// CursorEarliest asks for everything that the log holds.
	CursorEarliest
	// CursorPosition carries its place in the log.
	CursorPosition
	// CursorID is a publisher's own event id; the log looks it up.
	CursorID
)

// Earliest is the cursor text that asks for everything that the log holds.
const Earliest = "earliest"

// Cursor is a place that a subscriber comes back to. The zero Cursor is none.
type Cursor struct {
	kind CursorKind
	text string
	pos  Position
}

// ParseCursor reads a cursor as a client sends it. Blanks around it are dropped, as browsers drop them from
// header values. An empty text is no cursor. Every other text is one: what is neither "earliest" nor a position
// is a publisher's id.
func ParseCursor(text string) Cursor {
	text = TrimID(text)
	switch text {
	case "":
		return Cursor{}
	case Earliest:
		return Cursor{kind: CursorEarliest, text: text}
	}
	if p, ok := ParsePosition(text); ok {
		return Cursor{kind: CursorPosition, text: text, pos: p}
	}
	return Cursor{kind: CursorID, text: text}
}

// Kind returns what c holds.
func (c Cursor) Kind() CursorKind { return c.kind }

// String returns c as the client sent it, without outer blanks.
func (c Cursor) String() string { return c.text }

// Position returns the place in the log that c carries; it is zero for other kinds.
func (c Cursor) Position() Position { return c.pos }

// TrimID returns id as a client sends it back: browsers drop blanks around a header's value.
func TrimID(id string) string { return strings.Trim(id, " \t") }
