package protocol_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

func TestHeartbeats(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Fanout: fanout.Options{Heartbeat: 10 * time.Millisecond}}, protocol.Options{})
		plain := s.subscribe(t, "topic=a")
		lines := bufio.NewReader(plain.response.Body)
		for range 4 { // the first is there from the beginning
			if line, err := lines.ReadString('\n'); err != nil || line != ":\n" {
				t.Fatalf("got %q, %v", line, err)
			}
		}
		signals := s.subscribe(t, "topic=a&signals=1")
		if e := signals.next(); e.Type != fanout.SignalHello {
			t.Fatalf("got %+v", e)
		}
		for range 3 {
			if e := signals.next(); e.Type != fanout.SignalPing || e.ID != s.hub.Head().String() {
				t.Fatalf("got %+v", e)
			}
		}
		// A ping moves the cursor along with what this reader does not ask for.
		s.publish(t, eventlog.Update{Topics: []string{"b"}})
		for e := signals.next(); e.ID != s.hub.Head().String(); e = signals.next() {
			if e.Type != fanout.SignalPing {
				t.Fatalf("got %+v", e)
			}
		}
	})
}

// TestServerTimeouts: a server's timeouts are for requests; a stream outlives them.
func TestServerTimeouts(t *testing.T) {
	const limit = 50 * time.Millisecond
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Fanout: fanout.Options{Heartbeat: limit / 2}}, protocol.Options{}, func(c *http.Server) {
			c.ReadTimeout, c.WriteTimeout, c.IdleTimeout = limit, limit, limit
		})
		r := s.subscribe(t, "topic=a&signals=1")
		for begun := time.Now(); time.Since(begun) < 4*limit; {
			r.next()
		}
	})
}

// TestIdleStreamOutlivesStall: the stall limit is for writes; a stream on which nothing is written stays.
func TestIdleStreamOutlivesStall(t *testing.T) {
	const stall = 50 * time.Millisecond
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Fanout: fanout.Options{Heartbeat: time.Hour, Stall: stall}}, protocol.Options{})
		r := s.subscribe(t, "topic=a")
		<-time.After(4 * stall)
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "after a while"})
		r.want("after a while")
	})
}

// scripted is a response writer whose connection takes what follows the head when the test says so, and which
// keeps the write deadlines.
type scripted struct {
	*httptest.ResponseRecorder
	opened chan struct{} // has one when the head is out
	begun  chan struct{}
	gate   chan struct{}

	mu        sync.Mutex
	deadlines []time.Time
}

func (w *scripted) SetWriteDeadline(d time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadlines = append(w.deadlines, d)
	return nil
}

func (w *scripted) Flush() {
	if !w.Flushed {
		w.opened <- struct{}{}
	}
	w.ResponseRecorder.Flush()
}

func (w *scripted) Write(b []byte) (int, error) {
	if w.Flushed {
		w.begun <- struct{}{}
		<-w.gate
	}
	return w.ResponseRecorder.Write(b)
}

// TestLastDeadline: what net/http writes behind a stream's proper end may take the stall limit at most; behind a
// stream that was cut it cannot be written, so that the cut is seen.
func TestLastDeadline(t *testing.T) {
	const stall = 100 * time.Millisecond
	for _, tt := range []struct {
		name string
		end  func(*hub.Hub, *journal)
		cut  bool
	}{
		{"proper end", func(h *hub.Hub, _ *journal) { _ = h.Shutdown(context.Background()) }, false},
		{"stalled", func(h *hub.Hub, j *journal) {
			for i := range 8 { // more than a sink takes
				publish(t, h, update(i))
			}
			if e := wait(t, j.ended, "the end"); e.reason != fanout.EndStalled {
				t.Errorf("ended because of %v", e.reason)
			}
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJournal()
			h := newHub(t, hub.Options{Fanout: fanout.Options{Heartbeat: time.Hour, Stall: stall, Observer: j.observer()}})
			handler, err := protocol.Handler(h, protocol.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w := &scripted{ResponseRecorder: httptest.NewRecorder(), opened: make(chan struct{}, 1), begun: make(chan struct{}, 100), gate: make(chan struct{})}
			done := make(chan struct{})
			go func() {
				defer close(done)
				handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?topic=a", nil))
			}()
			wait(t, w.opened, "the stream's begin")
			publish(t, h, eventlog.Update{Topics: []string{"a"}})
			wait(t, w.begun, "the first event")
			begun := time.Now()
			tt.end(h, j)
			close(w.gate)
			wait(t, done, "the handler's return")
			if len(w.deadlines) < 2 || !w.deadlines[0].IsZero() {
				t.Fatalf("deadlines %v: the first takes the server's own away, the last is for what follows", w.deadlines)
			}
			last := w.deadlines[len(w.deadlines)-1]
			switch left := last.Sub(begun); {
			case last.IsZero():
				t.Error("there is none")
			case tt.cut && last.After(time.Now()):
				t.Errorf("it is %v after a cut", left)
			case !tt.cut && left < stall:
				t.Errorf("it is %v after a proper end", left)
			}
		})
	}
}
