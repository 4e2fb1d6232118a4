package ssetest

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// Patience is how long the functions of this package wait for what ought to happen at once.
const Patience = 30 * time.Second

// Stream records an event stream while it runs. Its methods may be called from the test's goroutine only.
type Stream struct {
	// Status and Header are the response's.
	Status int
	Header http.Header

	tb    testing.TB
	leave func() // ends the stream from this side
	done  chan struct{}

	mu   sync.Mutex
	rec  Recording
	more chan struct{} // closed when there is more
	read int           // how many events Next has returned
}

// Open sends a request and records the stream that it is answered with. A nil client means
// http.DefaultClient. The test fails if there is no answer; what it says is for the test to look at.
func Open(tb testing.TB, c *http.Client, r *http.Request) *Stream {
	tb.Helper()
	if c == nil {
		c = http.DefaultClient
	}
	ctx, cancel := context.WithCancel(r.Context())
	timer := time.AfterFunc(Patience, cancel)
	resp, err := c.Do(r.WithContext(ctx))
	if !timer.Stop() || err != nil {
		cancel()
		tb.Fatalf("ssetest: no answer: %v", err)
	}
	return record(tb, resp.StatusCode, resp.Header, resp.Body, func() {
		cancel()
		resp.Body.Close()
	})
}

// record reads body in a goroutine of its own until it ends.
func record(tb testing.TB, status int, header http.Header, body io.Reader, leave func()) *Stream {
	s := &Stream{
		Status: status, Header: header, tb: tb, leave: leave,
		done: make(chan struct{}), more: make(chan struct{}),
	}
	go s.run(body)
	tb.Cleanup(s.Close)
	return s
}

// run records.
func (s *Stream) run(body io.Reader) {
	defer close(s.done)
	d := sse.NewDecoder(body, sse.Options{MaxLine: 64 << 20, MaxEvent: 64 << 20, OnComment: func(text string) {
		s.change(func() { s.rec.Comments = append(s.rec.Comments, text) })
	}})
	for ended := false; !ended; {
		event, err := d.Decode()
		s.change(func() {
			if err != nil {
				ended = true
				s.rec.end(d, err)
				return
			}
			s.rec.note(d)
			s.rec.Events = append(s.rec.Events, event)
		})
	}
}

// change changes the recording and wakes who waits for that.
func (s *Stream) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.more)
	s.more = make(chan struct{})
}

// Recording returns what has come so far.
func (s *Stream) Recording() Recording {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.rec
	rec.Events, rec.Comments = slices.Clone(rec.Events), slices.Clone(rec.Comments)
	return rec
}

// Next returns the next event, waiting for it if need be. The test fails if none comes.
func (s *Stream) Next() sse.Event {
	s.tb.Helper()
	var event sse.Event
	s.until("no further event", func(rec *Recording) bool {
		if s.read == len(rec.Events) {
			return false
		}
		event = rec.Events[s.read]
		s.read++
		return true
	})
	return event
}

// NextComment waits until there are n comments in all, and returns the last of these.
func (s *Stream) NextComment(n int) string {
	s.tb.Helper()
	var text string
	s.until("not so many comments", func(rec *Recording) bool {
		if len(rec.Comments) < n {
			return false
		}
		text = rec.Comments[n-1]
		return true
	})
	return text
}

// Wait waits for the stream's end and returns the whole of it.
func (s *Stream) Wait() Recording {
	s.tb.Helper()
	select {
	case <-s.done:
	case <-time.After(Patience):
		s.tb.Fatal("ssetest: the stream does not end")
	}
	return s.Recording()
}

// Close leaves the stream, as a client does that closes its connection, and returns when the recording has
// ended. It is called at the test's end by itself.
func (s *Stream) Close() {
	s.leave()
	<-s.done
}

// until waits for a condition.
func (s *Stream) until(failure string, met func(*Recording) bool) {
	s.tb.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		ok, ended, err, more := met(&s.rec), s.rec.Ended, s.rec.Err, s.more
		s.mu.Unlock()
		if ok {
			return
		}
		if ended {
			s.tb.Fatalf("ssetest: %s: the stream has ended: %v", failure, err)
		}
		select {
		case <-more:
		case <-timeout.C:
			s.tb.Fatalf("ssetest: %s within %v", failure, Patience)
		}
	}
}
