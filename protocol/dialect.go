package protocol

import (
	"fmt"

	"github.com/tidings-hub/tidings/auth"
)

// Dialects says which versions of the protocol a hub speaks. Which one a request speaks is told by its parameters and
// its token; the same URL serves both.
type Dialects uint8

// The choices of dialects.
const (
	// BothDialects is protocol 1.0 and protocol 0.x.
	BothDialects Dialects = iota
	// OnlyModern is protocol 1.0: the parameter topic and tokens of 0.x are refused.
	OnlyModern
	// OnlyLegacy is protocol 0.x: parameters whose names begin with match and tokens of 1.0 are refused.
	OnlyLegacy
)

// dialectNames are the names of the choices, in their order.
var dialectNames = [...]string{"both", "1.0", "0.x"}

// String returns the name of d as settings spell it.
func (d Dialects) String() string {
	if int(d) < len(dialectNames) {
		return dialectNames[d]
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler] with the name of d.
func (d Dialects) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]: it reads "both", "1.0" or "0.x".
func (d *Dialects) UnmarshalText(text []byte) error {
	for i, name := range dialectNames {
		if string(text) == name {
			*d = Dialects(i)
			return nil
		}
	}
	return fmt.Errorf("protocol: dialect %.20q is neither both, 1.0 nor 0.x", text)
}

// takes reports whether what is of a dialect is served, or of none.
func (d Dialects) takes(one auth.Dialect) bool {
	switch d {
	case OnlyModern:
		return one != auth.Legacy
	case OnlyLegacy:
		return one != auth.Modern
	}
	return true
}
