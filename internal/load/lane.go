package load

// lane checks the numbers that one subscriber receives from one publisher in one topic. The zero value awaits 1.
type lane struct {
	last uint32 // the highest so far
	seen uint64 // bit i: last-i has been received
}

// verdict is what a lane says of a number.
type verdict uint8

const (
	inOrder verdict = iota // the one behind the last
	ahead                  // others before it have not come
	late                   // came after a higher one
	doubled                // came before; also what lies more than 63 behind, where nobody remembers
)

// take is told of the next number.
func (l *lane) take(seq uint32) verdict {
	switch {
	case seq == l.last+1:
		l.last = seq
		l.seen = l.seen<<1 | 1
		return inOrder
	case seq > l.last:
		l.seen = l.seen<<(seq-l.last) | 1
		l.last = seq
		return ahead
	}
	back := l.last - seq
	if seq == 0 || back >= 64 || l.seen>>back&1 != 0 {
		return doubled
	}
	l.seen |= 1 << back
	return late
}
