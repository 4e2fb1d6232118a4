package eventlog

import (
	"crypto/rand"
	"encoding/base32"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Epoch names one term of a log's writer. Every opening of a log makes a new one, at random: two logs that
// part from a common copy can never continue in the same epoch. It consists of lower-case letters and digits.
type Epoch string

// epochLen is the length of an Epoch: 10 characters of 5 bits each.
const epochLen = 10

var epochEncoding = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// NewEpoch returns an epoch that nobody has used.
func NewEpoch() Epoch {
	var b [7]byte
	rand.Read(b[:]) // never fails, says its documentation
	return Epoch(epochEncoding.EncodeToString(b[:])[:epochLen])
}

// Position is a place in a log: an offset as it was counted in an epoch. Each position is a valid cursor, also
// one at which the publisher's own id is what subscribers see, and one at which no record lies.
type Position struct {
	Epoch  Epoch
	Offset uint64
}

// String returns p as an event id, "#<epoch>.<offset>". Ids that begin with # are reserved to the hub, so a
// position is never mistaken for a publisher's id.
func (p Position) String() string { return string(p.Append(nil)) }

// Append appends the text of p to dst.
func (p Position) Append(dst []byte) []byte {
	dst = append(dst, '#')
	dst = append(dst, p.Epoch...)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, p.Offset, 10)
}

// ParsePosition reads what [Position.String] writes, and nothing else.
func ParsePosition(s string) (Position, bool) {
	rest, ok := strings.CutPrefix(s, "#")
	if !ok {
		return Position{}, false
	}
	epoch, digits, ok := strings.Cut(rest, ".")
	if !ok || epoch == "" || digits == "" || (digits[0] == '0' && digits != "0") {
		return Position{}, false
	}
	offset, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return Position{}, false
	}
	return Position{Epoch: Epoch(epoch), Offset: offset}, true
}

// Term is an epoch's part of a log: it begins at First and ends before the First of the next term.
type Term struct {
	Epoch Epoch  `json:"epoch"`
	First uint64 `json:"first"`
}

// Lineage lists the terms that a log consists of, oldest first. The last one is the present one. It is never
// empty, and immutable.
type Lineage []Term

// Current returns the epoch in which updates are appended now.
func (l Lineage) Current() Epoch { return l[len(l)-1].Epoch }

// At returns the position of offset: with the epoch in which that offset was, or will be, appended. Offset 0,
// the place before the first update, belongs to the oldest term.
func (l Lineage) At(offset uint64) Position {
	// The last term that begins there or before: terms in which nothing was written share their First.
	i := sort.Search(len(l), func(i int) bool { return l[i].First > offset })
	return Position{Epoch: l[max(i-1, 0)].Epoch, Offset: offset}
}

// Contains reports whether p is a place in this log's own history, given its head: its epoch is one of the
// terms, and its offset was reached before the next term began and is not above head.
func (l Lineage) Contains(p Position, head uint64) bool {
	i := slices.IndexFunc(l, func(t Term) bool { return t.Epoch == p.Epoch })
	if i < 0 || p.Offset > head {
		return false
	}
	return i+1 == len(l) || p.Offset < l[i+1].First
}

// shared returns up to where the history that p is a place in, and which is not this log's, is this log's too: to the
// end of p's term, where the two have parted. It is 0 if that is not known.
func (l Lineage) shared(p Position) uint64 {
	for i := range len(l) - 1 {
		if l[i].Epoch == p.Epoch {
			return min(p.Offset, l[i+1].First-1)
		}
	}
	return 0
}
