package protocol

import (
	"iter"
	"strings"
)

// formPairs yields the names and values of an application/x-www-form-urlencoded text, which a query is too, by
// the parser of the WHATWG URL standard (§5.1). Unlike [net/url.ParseQuery] it takes ";" as data and a "%" that
// begins no escape as itself, so that no text is an error and no pair is dropped. In one thing it is stricter
// than that standard: bytes that are not UTF-8 stay what they are, for the check of the field to refuse.
//
// The strings share no memory with text: a topic that lives as long as a stream does not keep the request.
func formPairs(text string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if !yield(unescape(name), unescape(value)) {
				return
			}
		}
	}
}

// unescape decodes "+" and percent-encoded bytes.
func unescape(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return strings.Clone(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '+':
			b.WriteByte(' ')
		case '%':
			if decoded, ok := decodeByte(s[i:]); ok {
				b.WriteByte(decoded)
				i += 2
				continue
			}
			b.WriteByte('%')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// decodeByte decodes the percent-encoded byte that s begins with.
func decodeByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, ok1 := unhex(s[1])
	low, ok2 := unhex(s[2])
	return high<<4 | low, ok1 && ok2
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
