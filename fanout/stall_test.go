package fanout_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

const (
	testStall     = 48 * time.Second
	testHeartbeat = 16 * time.Second
)

func stallRig(t *testing.T) *rig {
	return newRig(t, eventlog.Retention{}, fanout.Options{Stall: testStall, Heartbeat: testHeartbeat, PendingBytes: 60})
}

// TestStall: a socket that takes no byte for the stall limit, counted from when it was first full, is ended. Its
// frame stays cut, as the peer reads nothing more of it anyway.
func TestStall(t *testing.T) {
	tests := []struct {
		name  string
		room  int
		quiet time.Duration // how long nothing was written before
	}{
		{"nothing taken", 0, 0},
		{"in the middle of a frame", 7, 0},
		{"after a quiet time", 0, 10 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := stallRig(t)
				c := r.attach(subscriptionOf("a"), newFake(tt.room))
				other := r.attach(subscriptionOf("a"), newFake(-1))
				synctest.Wait()
				time.Sleep(tt.quiet)
				r.publish(1)
				time.Sleep(testStall - time.Millisecond)
				synctest.Wait()
				c.wantStory("attached", "live")
				time.Sleep(testHeartbeat/16 + time.Millisecond)
				synctest.Wait()
				c.wantStory("attached", "live", "ended stalled")
				if c.ended() != "abort" {
					t.Errorf("the stream was ended by %q", c.ended())
				}
				r.publish(1)
				synctest.Wait()
				other.wantData(numbers(1, 2))
			})
		})
	}
}

// TestStallOfWhoIsBehind: being behind does not save who takes nothing.
func TestStallOfWhoIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		c := r.attach(subscriptionOf("a"), newFake(7))
		synctest.Wait()
		for range 10 {
			r.publish(5)
			time.Sleep(testStall / 9) // publishing is no progress
		}
		synctest.Wait()
		c.wantStory("attached", "live", "behind slow", "ended stalled")
	})
}

// TestStallWhileEnding: who is to end and does not take the rest of his frame is cut.
func TestStallWhileEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		c := r.attach(subscriptionOf("a"), newFake(7))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		c.sub.Close()
		time.Sleep(2 * testStall)
		synctest.Wait()
		c.wantStory("attached", "live", "ended stalled")
		if c.ended() != "abort" {
			t.Errorf("the stream was ended by %q", c.ended())
		}
	})
}

// TestSlowIsNotStalled: a byte now and then is enough, whether it makes room or only leaves the sink.
func TestSlowIsNotStalled(t *testing.T) {
	for name, step := range map[string]func(c *reader){
		"drains a byte":       func(c *reader) { c.drain(1) },
		"a byte leaves":       func(c *reader) { c.progress() },
		"drains many at once": func(c *reader) { c.drain(1000) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := stallRig(t)
				c := r.attach(subscriptionOf("a"), newFake(0))
				synctest.Wait()
				for range 20 {
					r.publish(1)
					time.Sleep(testStall - 2*time.Second)
					step(c)
					synctest.Wait()
				}
				for _, what := range c.was() {
					if what == "ended stalled" {
						t.Fatalf("%v, though it took a byte every %v", c.was(), testStall-2*time.Second)
					}
				}
				c.drain(-1)
				synctest.Wait()
				c.wantData(numbers(1, 20))
			})
		})
	}
}

// TestQuietIsNotStalled: a stream on which nothing happens lives as long as its heartbeats are taken.
func TestQuietIsNotStalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		c := r.attach(subscriptionOf("a"), newFake(-1))
		time.Sleep(time.Hour)
		synctest.Wait()
		c.wantStory("attached", "live")
		r.publish(1)
		synctest.Wait()
		c.wantData(numbers(1, 1))
	})
}

// TestGone: the peer's end takes the subscriber out at once, also while it is behind or its frame is cut.
func TestGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		var readers []*reader
		for _, room := range []int{-1, 7} {
			readers = append(readers, r.attach(subscriptionOf("a"), newFake(room)))
		}
		synctest.Wait()
		r.publish(20)
		synctest.Wait()
		for _, c := range readers {
			c.fail()
			c.fail()
			c.sub.Close()
		}
		synctest.Wait()
		for _, c := range readers {
			was := c.was()
			if was[len(was)-1] != "ended gone" || slices.Contains(was, "ended closed") {
				t.Errorf("told: %v", was)
			}
			if c.ended() != "abort" {
				t.Errorf("the stream was ended by %q", c.ended())
			}
		}
		state, err := r.fan.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(state.Shards[0].Subscribers) + state.Shards[0].Topics; n > 0 {
			t.Errorf("the shard still holds %+v", state.Shards[0])
		}
	})
}

// TestFailingOffer: a write that fails is the peer's end too.
func TestFailingOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		c := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		c.mu.Lock()
		c.failed = true
		c.mu.Unlock()
		r.publish(1)
		synctest.Wait()
		c.wantStory("attached", "live", "ended gone")
	})
}
