package disk

import (
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"
)

// Pebble tries at once again what has failed in the background. With a damaged file that is thousands of times a second,
// for ever: nobody may write a line for each.
const (
	repeatedInterval = time.Minute
	repeatedMost     = 100
)

// repeated logs errors of which most are what was said before: each once a minute, with the number of those in between,
// and no more than some in all.
type repeated struct {
	logger *slog.Logger

	mu   sync.Mutex
	said map[string]*saidError
}

type saidError struct {
	at    time.Time
	since int // how often it came since
}

// error logs err, in short: pebble's errors have stack traces, of which nobody gets anything here. What differs only in
// numbers is the same: who tries again takes a new file. file is what err is about, if that tells it from others.
func (r *repeated) error(message, file string, err error, attrs ...any) {
	text := err.Error()
	before, speak := r.say(message + "\x00" + file + "\x00" + withoutNumbers(text))
	if !speak {
		return
	}
	attrs = append([]any{"error", text, "before", before}, attrs...)
	if file != "" {
		attrs = append([]any{"file", file}, attrs...)
	}
	r.logger.Error(message, attrs...)
}

func withoutNumbers(text string) string {
	return strings.Map(func(c rune) rune {
		if '0' <= c && c <= '9' {
			return -1
		}
		return c
	}, text)
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
	case len(r.said) >= repeatedMost:
		maps.DeleteFunc(r.said, func(_ string, s *saidError) bool { return now.Sub(s.at) >= repeatedInterval })
		if len(r.said) >= repeatedMost {
			return 0, false
		}
	case r.said == nil:
		r.said = map[string]*saidError{}
	}
	r.said[what] = &saidError{at: now}
	return before, true
}
