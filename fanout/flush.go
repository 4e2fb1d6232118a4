package fanout

import "slices"

const (
	// flushEvery is how many frames of a burst are gathered for a subscriber before they are written, in however many
	// batches they came: it bounds the pending lists of subscribers that keep up.
	flushEvery = 256
	// aheadOf is how many subscribers are read ahead of at once, and after how many the shard looks for newer batches.
	aheadOf = 16
)

// flush writes to each subscriber in dirty[from:], once for all its frames. Who has something new when that is done is
// left there for the next turn.
func (s *shard) flush(from int) {
	room := s.fan.options.MailboxBytes // what is pending for all is bounded, as what waits in the mailbox is
	to := len(s.dirty)
	from = min(from, to) // a shutdown has written to all
	began, frames := s.clock(), 0
	for i := from; i < to; i++ {
		if (i-from)%aheadOf == 0 {
			if i > from {
				room -= s.gather(room)
			}
			s.readAhead(s.dirty[i:min(i+aheadOf, to)])
		}
		sub := s.dirty[i]
		sub.dirty = false
		frames += len(sub.pending)
		s.offerNext(i, sub)
	}
	now := s.clock()
	s.nextRound = max(s.nextRound, now+lullFor(now-began, to-from, frames))
	s.dirty = slices.Delete(s.dirty, from, to) // which clears what is left behind
}

// gather takes what was published while the shard was writing. Who has not been written to yet gets it in the same write,
// and the others in the next turn, in the same order: with a turn that never ends, an update waits for one round of
// writes at most, and not for what is left of one and its place in another. It returns the bytes that it took.
func (s *shard) gather(room int) int {
	var size int
	if s.newer, size = s.mailbox.takeBatches(s.newer, room); len(s.newer) == 0 {
		return 0
	}
	s.expire() // a round of writes may last
	for _, b := range s.newer {
		s.deliver(b)
	}
	return size
}

// flushFull writes to those for whom as much as may be was gathered. A burst may last: who expires meanwhile gets no more
// of it.
func (s *shard) flushFull() {
	for i, sub := range s.full {
		s.offerNext(i, sub)
	}
	clear(s.full)
	s.full = s.full[:0]
	s.expire()
}

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

// offerNext is offer for one of many.
func (s *shard) offerNext(i int, sub *Subscriber) {
	if i%yieldEvery == yieldEvery-1 {
		s.breathe()
	}
	if !sub.ended {
		s.offer(sub)
	}
}
