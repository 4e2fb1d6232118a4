package sse

import "unicode/utf8"

// decodeText returns b as a string, decoded as appendUTF8 does.
func decodeText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string(appendUTF8(nil, b))
}

// appendUTF8 appends b to dst with U+FFFD in place of each maximal subpart of an ill-formed sequence
// (WHATWG Encoding §8.1.1). That is neither what strings.ToValidUTF8 does, which makes one of a run,
// nor what a range loop does, which makes one of each byte.
//
// Lines may be split off before they are decoded: no byte below 0x80 is ever part of a longer
// sequence, be it well-formed or not.
func appendUTF8(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, "\uFFFD"...)
			b = b[subpart(b):]
			continue
		}
		dst = append(dst, b[:size]...)
		b = b[size:]
	}
	return dst
}

// subpart returns the length of the maximal subpart at the start of b, which begins with an ill-formed
// sequence: the bytes that could have begun a well-formed one, and at least one.
func subpart(b []byte) int {
	lo, hi := byte(0x80), byte(0xBF) // bounds of the second byte; the others' are these
	var size int                     // of a whole sequence
	switch lead := b[0]; {
	case lead >= 0xC2 && lead <= 0xDF:
		size = 2
	case lead >= 0xE0 && lead <= 0xEF:
		size = 3
		if lead == 0xE0 {
			lo = 0xA0 // below: overlong
		}
		if lead == 0xED {
			hi = 0x9F // above: surrogates
		}
	case lead >= 0xF0 && lead <= 0xF4:
		size = 4
		if lead == 0xF0 {
			lo = 0x90 // below: overlong
		}
		if lead == 0xF4 {
			hi = 0x8F // above: beyond U+10FFFF
		}
	default:
		return 1
	}
	n := 1
	for n < min(size, len(b)) && lo <= b[n] && b[n] <= hi {
		lo, hi = 0x80, 0xBF
		n++
	}
	return n
}
