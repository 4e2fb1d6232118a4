package disk

import (
	"log/slog"
	"sync"
	"time"
)

// Pebble tries at once again what has failed in the background. With a damaged file that is thousands of times a second,
// for ever: nobody may write a line for each.
const (
	repeatedInterval = time.Minute
	repeatedMost     = 100
)

// repeated logs errors of which most are what was said before: each once a minute, with the number of those in between.
type repeated struct {
	logger *slog.Logger

	mu   sync.Mutex
	said map[string]*saidError
}

type saidError struct {
	at    time.Time
	since int // how often it came since
}

// error logs err, in short: pebble's errors have stack traces, of which nobody gets anything here.
func (r *repeated) error(message string, err error, attrs ...any) {
	text := err.Error()
	if before, speak := r.say(message + "\x00" + text); speak {
		r.logger.Error(message, append(attrs, "error", text, "before", before, "from", "pebble")...)
	}
}

func (r *repeated) say(what string) (before int, speak bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	last := r.said[what]
	switch {
	case last != nil && now.Sub(last.at) < repeatedInterval:
		last.since++
		return 0, false
	case last != nil:
		before = last.since
	case r.said == nil || len(r.said) >= repeatedMost: // so many at once: some are going to be said again
		r.said = map[string]*saidError{}
	}
	r.said[what] = &saidError{at: now}
	return before, true
}
