package protocol

import (
	"sync"
	"time"
)

// failureInterval is how often a failure of the log is logged as an error, at most.
const failureInterval = time.Minute

// failures remembers what failures of the log were logged. While its disk is full every publisher is refused, and asks
// again: it must not take a line for each, on what may be the same disk.
type failures struct {
	mu   sync.Mutex
	said map[string]*saidFailure
}

type saidFailure struct {
	at    time.Time
	since int // how many there were since
}

// say reports whether it is time to log a failure, and how many of its kind were not logged since the last one was.
func (f *failures) say(kind string) (untold int, speak bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.said == nil {
		f.said = map[string]*saidFailure{}
	}
	last := f.said[kind]
	if last == nil {
		last = &saidFailure{}
		f.said[kind] = last
	}
	now := time.Now()
	if now.Sub(last.at) < failureInterval {
		last.since++
		return 0, false
	}
	untold = last.since
	*last = saidFailure{at: now}
	return untold, true
}
