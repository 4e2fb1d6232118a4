package hub_test

import (
	"context"
	"strings"
	"sync"

	"github.com/tidings-hub/tidings/fanout"
)

// sink is a connection that takes as many bytes as it has room for, at any byte, and gets room by drain.
type sink struct {
	seen *happenings

	mu      sync.Mutex
	notify  fanout.Notifier
	room    int
	refused bool
	bytes   []byte
	parsed  int
	taken   uint64
	failed  bool
	ended   bool

	properly bool // ended by End: the stream is well formed to its last byte
}

func (s *sink) Bind(n fanout.Notifier) { s.notify = n }
func (s *sink) Form() fanout.Form      { return fanout.FormEvent }

func (s *sink) Offer(bufs [][]byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed {
		return 0, context.Canceled
	}
	n := 0
	for _, b := range bufs {
		k := min(len(b), s.room)
		s.bytes = append(s.bytes, b[:k]...)
		s.room -= k
		n += k
		if k < len(b) {
			if k > 0 {
				s.seen.add("partial take")
			}
			s.refused = true
			break
		}
	}
	s.taken += uint64(n)
	return n, nil
}

func (s *sink) Taken() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func (s *sink) End()   { s.finish(true) }
func (s *sink) Abort() { s.finish(false) }

func (s *sink) finish(properly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.properly = true, properly
}

func (s *sink) drain(n int) {
	s.mu.Lock()
	s.room += n
	notify := s.refused && !s.ended
	s.refused = s.refused && !notify
	s.mu.Unlock()
	if notify {
		s.notify.Drained()
	}
}

// limit leaves room for n bytes more.
func (s *sink) limit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = n
}

// fail is the peer's end of the connection.
func (s *sink) fail() {
	s.mu.Lock()
	s.failed = true
	s.mu.Unlock()
	s.notify.Gone(fanout.EndGone)
}

func (s *sink) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed || s.ended
}

// complete returns the events that have come whole since the last call. What was begun waits for its end.
func (s *sink) complete() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := string(s.bytes[s.parsed:])
	end := strings.LastIndex(fresh, "\n\n")
	if end < 0 {
		return ""
	}
	s.parsed += end + 2
	return fresh[:end+2]
}

// torn returns what lies behind the last event of a stream that was ended properly: nothing but comments may.
func (s *sink) torn() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.properly {
		return ""
	}
	return strings.ReplaceAll(string(s.bytes[s.parsed:]), ":\n", "")
}
