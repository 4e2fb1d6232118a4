package fanout

// aheadOf is how many subscribers are read ahead of at once.
const aheadOf = 16

// readAhead reads what a write to each of subs will need. Every write has the kernel's memory take the place of theirs in
// the processor's caches, and to wait for it here, for many at the same time, is half as long as one by one in between.
func (s *shard) readAhead(subs []*Subscriber) {
	read := 0
	for _, sub := range subs {
		if len(sub.pending) > 0 && sub.pending[0] != nil && !sub.ended {
			read += int(sub.sink.Form())
		}
	}
	s.read = read // or the compiler would leave it out
}
