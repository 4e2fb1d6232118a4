package topic

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// StringError says why a string cannot be a topic, a matcher, an event id or an event type.
type StringError struct {
	// Offset is where in the string the forbidden character begins, in bytes.
	Offset int
	// Rune is the forbidden character, or [utf8.RuneError] where the string is not valid UTF-8.
	Rune rune
}

func (e *StringError) Error() string {
	if e.Rune == utf8.RuneError {
		return fmt.Sprintf("topic: invalid UTF-8 at byte %d", e.Offset)
	}
	return fmt.Sprintf("topic: forbidden character %U at byte %d", e.Rune, e.Offset)
}

// CheckString returns a [*StringError] unless s is valid UTF-8 without control characters (C0, DEL, C1) and
// without format characters (Unicode category Cf, for example direction marks and zero-width joiners, which
// would let two topics look the same).
func CheckString(s string) error {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return &StringError{Offset: i, Rune: utf8.RuneError}
			}
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return &StringError{Offset: i, Rune: r}
		}
	}
	return nil
}
