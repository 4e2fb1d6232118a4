package server

import (
	"sync"
	"time"
)

// spellInterval is how often a spell is spoken of, at most: while it lasts, and that it is over.
const spellInterval = time.Minute

// spell is a time in which the same thing goes wrong again and again. A full disk is likely to be that of the hub's own
// log lines, and publishers ask again: it must not take a line for each.
type spell struct {
	mu         sync.Mutex
	lasts      bool
	since      time.Time
	all, told  int // how much has gone wrong since it began, and how much of that was spoken of
	said, over time.Time
}

// more counts n more. It returns whether to speak of that, and how many there were before of which nobody spoke.
func (s *spell) more(n int) (untold int, speak bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.lasts {
		s.lasts, s.since = true, now
	}
	untold = s.all - s.told
	s.all += n
	if now.Sub(s.said) < spellInterval {
		return 0, false
	}
	s.said, s.told = now, s.all
	return untold, true
}

// end is called whenever it goes well. It returns whether to say that the spell is over, with what has gone wrong in it,
// and since when. One that ends soon after another has ended goes on until it may be said.
func (s *spell) end() (all int, since time.Time, speak bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lasts {
		return 0, time.Time{}, false
	}
	now := time.Now()
	if now.Sub(s.over) < spellInterval {
		return 0, time.Time{}, false
	}
	all, since = s.all, s.since
	s.lasts, s.over, s.all, s.told = false, now, 0, 0
	return all, since, true
}
