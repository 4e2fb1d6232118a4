package protocol

import (
	"net/http"
	"strings"
)

// acceptsGzip reports whether a stream may be compressed by what the request says of content codings
// (RFC 9110 §12.5.3): gzip is named, or all are, and the plain stream is not preferred. A weight that cannot be
// read is no leave.
func acceptsGzip(header http.Header) bool {
	const unnamed = -1
	gzip, identity, others := unnamed, unnamed, unnamed
	for _, value := range header.Values("Accept-Encoding") {
		for element := range strings.SplitSeq(value, ",") {
			name, weight, weighted := strings.Cut(element, ";")
			name = trimBlanks(name)
			var coding *int
			switch {
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"): // are the same (§8.4.1.3)
				coding = &gzip
			case strings.EqualFold(name, "identity"):
				coding = &identity
			case name == "*":
				coding = &others
			default:
				continue
			}
			q := maxQuality
			if weighted {
				var ok bool
				if q, ok = parseWeight(trimBlanks(weight)); !ok {
					return false
				}
			}
			switch {
			case *coding == unnamed:
				*coding = q
			case coding == &identity: // named twice with different weights: be careful
				*coding = max(*coding, q)
			default:
				*coding = min(*coding, q)
			}
		}
	}
	if gzip == unnamed {
		gzip = others
	}
	if identity == unnamed {
		identity = others
	}
	return gzip > 0 && gzip >= identity
}

// maxQuality is a quality value of 1; they are counted in thousandths.
const maxQuality = 1000

// parseWeight reads "q=" and a quality value (§12.4.2), in either case and at most three digits after the point.
func parseWeight(text string) (q int, ok bool) {
	if len(text) < 3 || text[0] != 'q' && text[0] != 'Q' || text[1] != '=' || text[2] != '0' && text[2] != '1' {
		return 0, false
	}
	q = int(text[2]-'0') * maxQuality
	digits := text[3:]
	if digits == "" {
		return q, true
	}
	if digits[0] != '.' || len(digits) > 4 {
		return 0, false
	}
	unit := maxQuality
	for _, digit := range []byte(digits[1:]) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		unit /= 10
		q += int(digit-'0') * unit
	}
	return q, q <= maxQuality
}

// trimBlanks removes the optional white space of header fields (§5.6.3).
func trimBlanks(text string) string { return strings.Trim(text, " \t") }
