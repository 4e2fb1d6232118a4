package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes. Its text is a whole number with an optional unit: 512, 64KiB, 16MiB, 1GiB.
type Bytes int64

// units are the units of Bytes, the largest first.
var units = []struct {
	name string
	size int64
}{
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"B", 1},
}

// UnmarshalText implements [encoding.TextUnmarshaler]. Units are read in upper and lower case.
func (b *Bytes) UnmarshalText(text []byte) error {
	digits, size := string(text), int64(1)
	for _, unit := range units {
		head := max(0, len(digits)-len(unit.name))
		if strings.EqualFold(digits[head:], unit.name) {
			digits, size = digits[:head], unit.size
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || int64(n) > math.MaxInt64/size {
		return fmt.Errorf("%q is not a number of bytes such as 512, 64KiB, 16MiB or 1GiB", text)
	}
	*b = Bytes(int64(n) * size)
	return nil
}

// MarshalText implements [encoding.TextMarshaler].
func (b Bytes) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// String returns b in the largest unit of which it is a whole number.
func (b Bytes) String() string {
	for _, unit := range units[:len(units)-1] {
		if n := int64(b); n != 0 && n%unit.size == 0 {
			return strconv.FormatInt(n/unit.size, 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
