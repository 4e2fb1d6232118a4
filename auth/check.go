package auth

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check is one of the checks that a token must pass, in the order in which they are made.
type Check uint8

// The checks.
const (
	// CheckSize: the token is no longer than Options.MaxTokenBytes.
	CheckSize Check = iota + 1
	// CheckMalformed: it is a signed token in compact form, whose header and claims are JSON objects in which no
	// name occurs twice.
	CheckMalformed
	// CheckCritical: its header demands no extension. The hub knows none.
	CheckCritical
	// CheckType: its header has a type that belongs to a dialect.
	CheckType
	// CheckLegacyOff: if it is a legacy token, such tokens are served at all.
	CheckLegacyOff
	// CheckIssuer: it comes from a trusted issuer.
	CheckIssuer
	// CheckAlgorithm: it is signed with an algorithm that was allowed for this issuer.
	CheckAlgorithm
	// CheckKey: the issuer has a key that fits.
	CheckKey
	// CheckUnavailable: the issuer's keys, or the application's answer, can be had. It fails for reasons that are
	// not the token's, and may pass a moment later.
	CheckUnavailable
	// CheckSignature: the signature is right.
	CheckSignature
	// CheckAudience: it was made out to this hub.
	CheckAudience
	// CheckExpired: it has not ended.
	CheckExpired
	// CheckNotYetValid: it has begun, and was not issued in the future.
	CheckNotYetValid
	// CheckClaims: what it says about its bearer has the right types.
	CheckClaims
	// CheckDetails: what it grants is well formed, to the last entry.
	CheckDetails
	// CheckLimits: it grants no more, in number and length, than the limits of Options.
	CheckLimits
	// CheckRevoked: it was not revoked.
	CheckRevoked
	// CheckDenied: the application, asked for a ticket, did not say no.
	CheckDenied
)

// String returns the name of c as logs and tools show it.
func (c Check) String() string {
	switch c {
	case CheckSize:
		return "size"
	case CheckMalformed:
		return "malformed"
	case CheckCritical:
		return "critical"
	case CheckType:
		return "type"
	case CheckLegacyOff:
		return "legacy-off"
	case CheckIssuer:
		return "issuer"
	case CheckAlgorithm:
		return "algorithm"
	case CheckKey:
		return "key"
	case CheckUnavailable:
		return "unavailable"
	case CheckSignature:
		return "signature"
	case CheckAudience:
		return "audience"
	case CheckExpired:
		return "expired"
	case CheckNotYetValid:
		return "not-yet-valid"
	case CheckClaims:
		return "claims"
	case CheckDetails:
		return "details"
	case CheckLimits:
		return "limits"
	case CheckRevoked:
		return "revoked"
	case CheckDenied:
		return "denied"
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler] with the name of c.
func (c Check) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Error says why a token or a ticket was refused. It is for the log: what the client is told must not depend on it,
// except that a caller may answer [Error.Temporary] ones as its own failure instead of the client's.
type Error struct {
	// Check is the first check that failed.
	Check Check
	// Reason says in one line what is wrong. It may quote the token's claims, printable and cut to a bounded
	// length, but never the token, a signature or a secret.
	Reason string
	// Err is what lies behind the failure, if there is something: an error of the network or of a context.
	Err error
}

func (e *Error) Error() string { return "auth: " + e.Check.String() + ": " + e.Reason }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same token may be accepted a moment later, because what was needed to judge it could
// not be had.
func (e *Error) Temporary() bool { return e.Check == CheckUnavailable }

// refuse returns the error of a failed check.
func refuse(check Check, format string, args ...any) error {
	return &Error{Check: check, Reason: fmt.Sprintf(format, args...)}
}

// quotedBytes is how much of a string of a token's is repeated in a reason.
const quotedBytes = 100

// quote returns a string that comes from outside as a reason may repeat it: printable, and not long.
func quote(s string) string {
	if len(s) <= quotedBytes {
		return fmt.Sprintf("%+q", s)
	}
	cut := quotedBytes
	for cut > quotedBytes-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return fmt.Sprintf("%+q… (%d bytes)", s[:cut], len(s))
}

// quoteAll returns a list of strings as quote does, with commas between.
func quoteAll(list []string) string {
	const most = 5
	quoted := make([]string, 0, most+1)
	for i, s := range list {
		if i == most {
			quoted = append(quoted, fmt.Sprintf("and %d more", len(list)-most))
			break
		}
		quoted = append(quoted, quote(s))
	}
	return strings.Join(quoted, ", ")
}
