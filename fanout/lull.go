package fanout

import "time"

// A loop that is done with a round of writes, and finds that more was published meanwhile, could begin the next at once, with the
// two or three updates that there are. Then it would take all of a processor under any load in which a round lasts longer than
// the next update is away, and most of that for what a write costs the kernel whatever is in it. It lets more come
// instead, so that the same updates leave in a third fewer writes.
const (
	// lullAfter is how long a round of writes takes at least that is followed by a lull.
	lullAfter = 5 * time.Millisecond
	// longestLull bounds what a lull adds to what an update waits for.
	longestLull = 20 * time.Millisecond
	// fewFrames is how many frames are so few in a write that it would cost little more with some more in it.
	fewFrames = 8
)

// lullFor returns how long to wait for more after a round of so many writes, with so many frames in all. With hardly more
// than one frame a write the loop nearly keeps up, and the next update may well be further away than the lull is long.
func lullFor(took time.Duration, writes, frames int) time.Duration {
	if took < lullAfter || 2*frames < 3*writes || frames >= fewFrames*writes {
		return 0
	}
	return min(took/2, longestLull)
}

// lull returns how much is left of the lull before the next round, in which batches wake nobody.
func (s *shard) lull(now time.Duration) time.Duration {
	if now >= s.nextRound || !s.mailbox.hush() {
		return 0
	}
	return s.nextRound - now
}
