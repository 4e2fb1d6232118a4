package fanout_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// lostSink is of a peer that goes before its stream has begun.
type lostSink struct {
	*fakeSink
	why fanout.EndReason
}

func (s lostSink) Bind(n fanout.Notifier) {
	s.fakeSink.Bind(n)
	n.Gone(s.why)
}

// TestGoneBeforeAttached: a stream whose peer has gone already ends as soon as it begins, and nothing is written to it.
func TestGoneBeforeAttached(t *testing.T) {
	for _, why := range []fanout.EndReason{fanout.EndGone, fanout.EndChatty} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, eventlog.Retention{}, fanout.Options{})
			r.publish(3)
			var done atomic.Int32
			o, sink := subscriptionOf("a"), newFake(-1)
			o.Done = func() { done.Add(1) }
			o.First = []*fanout.Frame{fanout.NewComment()}
			sub, err := r.fan.Attach(o, lostSink{sink, why})
			if err != nil {
				t.Fatal(err)
			}
			c := &reader{fakeSink: sink, rig: r, id: o.ID, sub: sub}
			synctest.Wait()
			c.wantStory("attached", "ended "+why.String())
			if c.ended() != "abort" || len(c.bytes) > 0 || done.Load() != 1 {
				t.Errorf("ended by %q behind %d bytes, Done was called %d times", c.ended(), len(c.bytes), done.Load())
			}
			c.sub.Close()
			c.sub.Gone(fanout.EndGone)
			synctest.Wait()
			c.wantStory("attached", "ended "+why.String())
			state, err := r.fan.State(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if n := len(state.Shards[0].Subscribers); n > 0 {
				t.Errorf("the shard still holds %d subscribers", n)
			}
		})
	}
}

// TestDoneOfWhoIsNotAttached is not called: the caller has the error.
func TestDoneOfWhoIsNotAttached(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, fanout.Options{})
	if err := r.fan.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := subscriptionOf("a")
	o.Done = func() { t.Error("Done was called") }
	if _, err := r.fan.Attach(o, newFake(-1)); !errors.Is(err, fanout.ErrClosed) {
		t.Errorf("Attach: %v", err)
	}
}
