package fanout_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

func TestEndReasonNames(t *testing.T) {
	checkNames(t, fanout.EndReasons(), func(i int) fanout.EndReason { return fanout.EndReason(i) })
}

func TestBehindReasonNames(t *testing.T) {
	checkNames(t, fanout.BehindReasons(), func(i int) fanout.BehindReason { return fanout.BehindReason(i) })
}

// checkNames checks that a list of reasons, which begin at 0, is complete, and that each has its own name.
func checkNames[R interface {
	comparable
	fmt.Stringer
}](t *testing.T, reasons []R, number func(int) R,
) {
	t.Helper()
	seen := map[string]bool{"unknown": true}
	for i, r := range reasons {
		if r != number(i) {
			t.Errorf("number %d of the list is %v, want %v", i, r, number(i))
		}
		if seen[r.String()] {
			t.Errorf("reason %d has the name %q, which is taken", i, r)
		}
		seen[r.String()] = true
	}
	if beyond := number(len(reasons)); beyond.String() != "unknown" {
		t.Errorf("reason %q is not in the list", beyond)
	}
}

// cause is how a reason comes about.
type cause struct {
	options fanout.Options
	rules   eventlog.Retention
	// subscription, if it is not nil, says more of the subscription.
	subscription func(*fanout.Subscription)
	// happen makes it happen to the subscriber that it attaches and returns.
	happen func(t *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader
}

// expires is the cause of an end that comes with time.
func expires(why fanout.EndReason) cause {
	return cause{
		subscription: func(o *fanout.Subscription) { o.Expires, o.ExpiresWhy = time.Now().Add(10*time.Millisecond), why },
		happen:       func(_ *testing.T, _ *rig, attach func(fanout.Sink) *reader) *reader { return attach(newFake(-1)) },
	}
}

// stuck attaches a live subscriber whose socket takes so many bytes.
func stuck(attach func(fanout.Sink) *reader, room int) *reader {
	c := attach(newFake(room))
	c.awaitStory("live")
	return c
}

var smallWindow = fanout.Options{WindowBytes: 2, KeptBytes: 2, PendingBytes: 1}

// endCauses has one for every EndReason.
var endCauses = map[fanout.EndReason]cause{
	fanout.EndGone: {happen: func(_ *testing.T, _ *rig, attach func(fanout.Sink) *reader) *reader {
		c := attach(newFake(-1))
		c.fail()
		return c
	}},
	fanout.EndStalled: {
		options: fanout.Options{Heartbeat: 10 * time.Millisecond, Stall: 20 * time.Millisecond},
		happen: func(_ *testing.T, _ *rig, attach func(fanout.Sink) *reader) *reader {
			return attach(newFake(0)) // which does not take the heartbeat
		},
	},
	fanout.EndOvertaken: {
		options: smallWindow, rules: eventlog.Retention{MaxRecords: 5},
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			c := stuck(attach, 10)
			r.publish(3)
			c.awaitStory("behind slow")
			r.publish(17)
			c.drain(-1)
			return c
		},
	},
	fanout.EndClosed: {happen: func(_ *testing.T, _ *rig, attach func(fanout.Sink) *reader) *reader {
		c := attach(newFake(-1))
		c.sub.Close()
		return c
	}},
	fanout.EndExpired: expires(fanout.EndExpired),
	fanout.EndAge:     expires(fanout.EndAge),
	fanout.EndRevoked: {
		subscription: func(o *fanout.Subscription) { o.Bearer = "bearer" },
		happen: func(t *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			c := attach(newFake(-1))
			n, err := r.fan.EndWhere(t.Context(), func(any) bool { return true }, fanout.EndRevoked)
			if err != nil || n != 1 {
				t.Errorf("EndWhere: %d, %v", n, err)
			}
			return c
		},
	},
	fanout.EndShutdown: {happen: func(t *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
		c := attach(newFake(-1))
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		return c
	}},
	fanout.EndLog: {
		options: smallWindow,
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			r.publish(3)
			r.log.set(nil, errors.New("disk on fire"))
			return attach(newFake(-1))
		},
	},
	fanout.EndMemory: {
		options: fanout.Options{WindowBytes: 2, KeptBytes: 2, BufferLimit: 15_000},
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			c := stuck(attach, 10)
			r.publishLarge(1)
			return c
		},
	},
	fanout.EndChatty: {happen: func(t *testing.T, _ *rig, attach func(fanout.Sink) *reader) *reader {
		server, client := connected(t)
		sink, err := fanout.NewSocketSink(server, fanout.FormChunk, fanout.SocketOptions{Heard: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		c := attach(sink)
		if _, err := client.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		return c
	}},
}

// behindCauses has one for every BehindReason.
var behindCauses = map[fanout.BehindReason]cause{
	fanout.BehindSlow: {
		options: fanout.Options{PendingBytes: 1},
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			c := stuck(attach, 10)
			r.publish(1)
			return c
		},
	},
	fanout.BehindOverflow: {
		options: fanout.Options{WindowBytes: 2},
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			sink := newFake(-1)
			sink.hold = make(chan struct{})
			c := attach(sink)
			c.awaitStory("live")
			for range 10 { // one is taken by the shard, which is held up then; the next one fills the mailbox
				r.publish(1)
			}
			close(sink.hold)
			return c
		},
	},
	fanout.BehindMemory: {
		options: fanout.Options{WindowBytes: 2, KeptBytes: 2, BufferLimit: 15_000},
		happen: func(_ *testing.T, r *rig, attach func(fanout.Sink) *reader) *reader {
			c := stuck(attach, 0)
			r.publishLarge(1)
			return c
		},
	},
}

// connected returns both ends of a TCP connection.
func connected(t *testing.T) (server, client net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.Dial("tcp", listener.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = listener.Accept(); err != nil {
		t.Fatal(err)
	}
	return server, client
}

// TestEveryEndReasonHappens, and is told once, to the Observer and by Done.
func TestEveryEndReasonHappens(t *testing.T) {
	for _, why := range fanout.EndReasons() {
		t.Run(why.String(), func(t *testing.T) {
			c, r, done := bringAbout(t, endCauses, why)
			c.awaitStory("ended " + why.String())
			c.sub.Close()
			c.sub.Gone(fanout.EndGone)
			c.sub.Drained()
			if err := r.fan.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			ends := 0
			for _, what := range c.was() {
				if strings.HasPrefix(what, "ended ") {
					ends++
				}
			}
			if ends != 1 || done.Load() != 1 {
				t.Errorf("the Observer was told %v; Done was called %d times", c.was(), done.Load())
			}
		})
	}
}

func TestEveryBehindReasonHappens(t *testing.T) {
	for _, why := range fanout.BehindReasons() {
		t.Run(why.String(), func(t *testing.T) {
			c, _, _ := bringAbout(t, behindCauses, why)
			c.awaitStory("behind " + why.String())
		})
	}
}

// bringAbout makes a reason happen. One that is new and has no cause fails.
func bringAbout[R interface {
	comparable
	fmt.Stringer
}](t *testing.T, causes map[R]cause, why R,
) (*reader, *rig, *atomic.Int32) {
	t.Helper()
	cause, ok := causes[why]
	if !ok {
		t.Fatalf("no test makes %v happen", why)
	}
	r := newRig(t, cause.rules, cause.options)
	done := new(atomic.Int32)
	return cause.happen(t, r, func(sink fanout.Sink) *reader {
		o := subscriptionOf("a")
		o.Done = func() { done.Add(1) }
		if cause.subscription != nil {
			cause.subscription(&o)
		}
		sub, err := r.fan.Attach(o, sink)
		if err != nil {
			t.Fatal(err)
		}
		fake, _ := sink.(*fakeSink)
		return &reader{fakeSink: fake, rig: r, id: o.ID, sub: sub}
	}), r, done
}
