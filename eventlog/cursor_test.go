package eventlog_test

import (
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

func TestParseCursor(t *testing.T) {
	tests := []struct {
		name string
		in   string
		kind eventlog.CursorKind
		text string
		pos  eventlog.Position
	}{
		{"empty", "", eventlog.CursorNone, "", eventlog.Position{}},
		{"blank", " \t ", eventlog.CursorNone, "", eventlog.Position{}},
		{"earliest", "earliest", eventlog.CursorEarliest, "earliest", eventlog.Position{}},
		{"earliest with blanks", " earliest\t", eventlog.CursorEarliest, "earliest", eventlog.Position{}},
		{"earliest in other case", "Earliest", eventlog.CursorID, "Earliest", eventlog.Position{}},
		{"position", "#abc.7", eventlog.CursorPosition, "#abc.7", at("abc", 7)},
		{"position with blanks", "  #abc.7 ", eventlog.CursorPosition, "#abc.7", at("abc", 7)},
		{"almost a position", "#abc.07", eventlog.CursorID, "#abc.07", eventlog.Position{}},
		{"publisher's id", "urn:uuid:1", eventlog.CursorID, "urn:uuid:1", eventlog.Position{}},
		{"publisher's id with blanks in it", " a b ", eventlog.CursorID, "a b", eventlog.Position{}},
		{"other white space stays", "\u00a0a\n", eventlog.CursorID, "\u00a0a\n", eventlog.Position{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := eventlog.ParseCursor(tt.in)
			if c.Kind() != tt.kind || c.String() != tt.text || c.Position() != tt.pos {
				t.Errorf("ParseCursor(%q) = kind %d, %q, %+v; want %d, %q, %+v",
					tt.in, c.Kind(), c, c.Position(), tt.kind, tt.text, tt.pos)
			}
		})
	}
}

// FuzzParseCursor: what a client sends is read the same when it sends it again, with any blanks around it.
func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", "earliest", "#abc.7", " #abc.07", "urn:uuid:1", "\t a b "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := eventlog.ParseCursor(s)
		if again := eventlog.ParseCursor(" " + c.String() + "\t"); again != c {
			t.Errorf("ParseCursor(%q) = %+v, then %+v", s, c, again)
		}
		if p, ok := eventlog.ParsePosition(c.String()); ok != (c.Kind() == eventlog.CursorPosition) || p != c.Position() {
			t.Errorf("ParseCursor(%q) = %+v, but ParsePosition = %+v, %v", s, c, p, ok)
		}
	})
}
