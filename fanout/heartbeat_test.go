package fanout_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// farAhead is later than every rule by age that the tests use.
func farAhead() time.Time { return time.Now().Add(1000 * time.Hour) }

// writes returns when the sink was written to, since start.
func (s *fakeSink) writes(start time.Time) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []time.Duration
	for _, at := range s.at {
		list = append(list, at.Sub(start))
	}
	return list
}

// TestHeartbeat: a stream that is quiet for the interval gets a comment, and each write begins the interval anew.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: 16 * time.Second})
		start := time.Now()
		c := r.attach(subscriptionOf("a"), newFake(-1))
		time.Sleep(50 * time.Second) // heartbeats at 16, 32 and 48
		r.publish(1)
		synctest.Wait()
		time.Sleep(20 * time.Second) // at 66
		synctest.Wait()
		want := []time.Duration{16 * time.Second, 32 * time.Second, 48 * time.Second, 50 * time.Second, 66 * time.Second}
		if diff := cmp.Diff(want, c.writes(start)); diff != "" {
			t.Errorf("writes (-want +got):\n%s", diff)
		}
		id := r.log.Lineage().At(1)
		if want := fmt.Sprintf(":\n:\n:\nid: %v\ndata: 1\n\n:\n", id); c.stream() != want {
			t.Errorf("stream %q, want %q", c.stream(), want)
		}
	})
}

// TestHeartbeatIsNeverEarly nor late by more than a sixteenth, whenever the last write was.
func TestHeartbeatIsNeverEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 15 * time.Second
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		for i := range 40 {
			time.Sleep(time.Duration(i) * 77 * time.Millisecond)
			start := time.Now()
			c := r.attach(subscriptionOf("a"), newFake(-1))
			time.Sleep(interval + interval/16 + time.Millisecond)
			synctest.Wait()
			writes := c.writes(start)
			if len(writes) != 1 || writes[0] < interval || writes[0] > interval+interval/16 {
				t.Errorf("attached %v late: writes at %v", time.Duration(i)*77*time.Millisecond, writes)
			}
			c.fail()
			synctest.Wait()
		}
	})
}

// TestPing: with signals the heartbeat says where the stream is, so that a quiet stream resumes exactly.
func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: 16 * time.Second})
		o := subscriptionOf("a")
		o.Signals = true
		c := r.attach(o, newFake(-1))
		time.Sleep(17 * time.Second)
		r.publish(3, "b") // nothing for this reader, but the head moves
		time.Sleep(16 * time.Second)
		synctest.Wait()
		at := r.log.Lineage().At
		want := fmt.Sprintf("id: %v\nevent: tidings.ping\ndata: {}\n\nid: %v\nevent: tidings.ping\ndata: {}\n\n", at(0), at(3))
		if c.stream() != want {
			t.Errorf("stream %q, want %q", c.stream(), want)
		}
	})
}

// TestHeartbeatWhileReading: a subscriber that waits for the log gets comments, also with signals: a ping would move
// its cursor over what it has not had.
func TestHeartbeatWhileReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: 16 * time.Second, WindowBytes: 2})
		r.publish(3)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		o := subscriptionOf("a")
		o.Signals = true
		c := r.attach(o, newFake(-1))
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if got := c.stream(); got != ":\n:\n" {
			t.Errorf("while the log is read: %q, want two comments", got)
		}
		close(hold)
		synctest.Wait()
		c.wantData(numbers(1, 3))
	})
}

// TestNoHeartbeatToAFullSocket: what is not read is not made longer.
func TestNoHeartbeatToAFullSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: time.Second, Stall: time.Hour})
		c := r.attach(subscriptionOf("a"), newFake(5))
		synctest.Wait()
		r.publish(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		c.drain(-1)
		synctest.Wait()
		want := fmt.Sprintf("id: %v\ndata: 1\n\n", r.log.Lineage().At(1))
		if c.stream() != want {
			t.Errorf("stream %q, want %q", c.stream(), want)
		}
	})
}
