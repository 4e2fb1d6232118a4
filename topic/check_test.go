package topic_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/topic"
)

func TestCheckString(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want *topic.StringError
	}{
		{"empty", "", nil},
		{"IRI", "https://example.com/books/1?a=b#c", nil},
		{"blanks", " a b ", nil},
		{"letters of all kinds", "größe/книга/本/🗞", nil},
		{"replacement character as such", "a\uFFFDb", nil},
		{"first characters behind the controls", " ~\u00a0", nil},
		{"line feed", "ab\ncd", &topic.StringError{Offset: 2, Rune: '\n'}},
		{"carriage return", "\r", &topic.StringError{Offset: 0, Rune: '\r'}},
		{"NUL", "a\x00", &topic.StringError{Offset: 1, Rune: 0}},
		{"tab", "\ta", &topic.StringError{Offset: 0, Rune: '\t'}},
		{"last of C0", "\x1f", &topic.StringError{Offset: 0, Rune: 0x1f}},
		{"DEL", "ab\x7f", &topic.StringError{Offset: 2, Rune: 0x7f}},
		{"first of C1", "é\u0080", &topic.StringError{Offset: 2, Rune: 0x80}},
		{"last of C1", "\u009f", &topic.StringError{Offset: 0, Rune: 0x9f}},
		{"soft hyphen", "a\u00adb", &topic.StringError{Offset: 1, Rune: 0xad}},
		{"zero-width joiner", "a\u200d", &topic.StringError{Offset: 1, Rune: 0x200d}},
		{"right-to-left override", "a\u202eb", &topic.StringError{Offset: 1, Rune: 0x202e}},
		{"byte order mark", "\ufeffa", &topic.StringError{Offset: 0, Rune: 0xfeff}},
		{"tag character", "a\U000e0041", &topic.StringError{Offset: 1, Rune: 0xe0041}},
		{"lone continuation byte", "ab\x80", &topic.StringError{Offset: 2, Rune: utf8.RuneError}},
		{"cut character", "a\xe2\x82", &topic.StringError{Offset: 1, Rune: utf8.RuneError}},
		{"surrogate", "\xed\xa0\x80", &topic.StringError{Offset: 0, Rune: utf8.RuneError}},
		{"the first of several", "a\nb\x00", &topic.StringError{Offset: 1, Rune: '\n'}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := topic.CheckString(tt.in)
			if tt.want == nil {
				if err != nil {
					t.Errorf("CheckString(%q) = %v, want nil", tt.in, err)
				}
				return
			}
			got, ok := errors.AsType[*topic.StringError](err)
			if !ok {
				t.Fatalf("CheckString(%q) = %v, want a *StringError", tt.in, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("CheckString(%q) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestStringErrorNamesTheCharacter(t *testing.T) {
	tests := []struct {
		name string
		err  *topic.StringError
		want string
	}{
		{"character", &topic.StringError{Offset: 3, Rune: '\n'}, "topic: forbidden character U+000A at byte 3"},
		{"not UTF-8", &topic.StringError{Offset: 1, Rune: utf8.RuneError}, "topic: invalid UTF-8 at byte 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("Error() = %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzCheckString compares CheckString with its definition, put in other words.
func FuzzCheckString(f *testing.F) {
	for _, seed := range []string{"", "a", "https://example.com/é", "a\nb", "\x7f", "\u0085", "a\u200bb", "\xff", "a\uFFFDb\xe2\x82"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		bad := func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }
		err := topic.CheckString(s)
		if good := utf8.ValidString(s) && !strings.ContainsFunc(s, bad); good != (err == nil) {
			t.Fatalf("CheckString(%q) = %v", s, err)
		}
		if err == nil {
			return
		}
		se, ok := errors.AsType[*topic.StringError](err)
		if !ok {
			t.Fatalf("CheckString(%q) = %T", s, err)
		}
		if err := topic.CheckString(s[:se.Offset]); err != nil {
			t.Errorf("what lies before byte %d of %q is refused too: %v", se.Offset, s, err)
		}
		if r, size := utf8.DecodeRuneInString(s[se.Offset:]); r != se.Rune || r == utf8.RuneError && size != 1 {
			t.Errorf("at byte %d of %q lies %U (%d bytes), said to be %U", se.Offset, s, r, size, se.Rune)
		}
	})
}
