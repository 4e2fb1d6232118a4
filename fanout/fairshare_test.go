package fanout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// behindTheWindow returns a rig whose window is too small for anything, with so many updates in its log.
func behindTheWindow(t *testing.T, updates int, o fanout.Options) *rig {
	t.Helper()
	o.WindowBytes = 2
	r := newRig(t, eventlog.Retention{}, o)
	r.publish(updates)
	synctest.Wait()
	return r
}

// wantReplay compares how many are served from the log, and how many wait.
func (r *rig) wantReplay(reading, waiting int) {
	r.t.Helper()
	state, err := r.fan.State(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	shown := 0
	for _, s := range state.Shards {
		for _, sub := range s.Subscribers {
			if sub.Waiting {
				shown++
			}
		}
	}
	if state.Replay.Reading != reading || state.Replay.Waiting != waiting || shown != waiting {
		r.t.Errorf("%d are served from the log, %d wait, %d are said to; want %d, %d",
			state.Replay.Reading, state.Replay.Waiting, shown, reading, waiting)
	}
}

// liveOrder returns the subscribers in the order in which they became live.
func (r *rig) liveOrder() []fanout.SubscriberID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]fanout.SubscriberID(nil), r.lives...)
}

// TestMaxBehindWaitsInOrder: two at once are served from the log, the others in the order in which they came,
// over all shards, and everybody gets everything.
func TestMaxBehindWaitsInOrder(t *testing.T) {
	for _, shards := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d shards", shards), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := behindTheWindow(t, 100, fanout.Options{Shards: shards, MaxBehind: 2, ChunkBytes: 20})
				var readers []*reader
				var ids []fanout.SubscriberID
				for range 10 {
					c := r.attach(subscriptionOf("a"), newFake(0))
					synctest.Wait()
					readers, ids = append(readers, c), append(ids, c.id)
				}
				r.wantReplay(2, 8)
				for i, c := range readers {
					for j, other := range readers {
						if got := other.stream() != ""; got && j > i+1 {
							t.Errorf("number %d was served while %d had its place", j, i)
						}
					}
					c.drain(-1)
					synctest.Wait()
					c.wantStory("attached", "live")
					c.wantData(numbers(1, 100))
					r.wantReplay(min(2, 9-i), max(0, 7-i))
				}
				if diff := cmp.Diff(ids, r.liveOrder()); diff != "" {
					t.Errorf("order of becoming live (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestMaxBehindIsForTheLogAlone: who is in the window needs no place, and neither does who is live.
func TestMaxBehindIsForTheLogAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{MaxBehind: 1, WindowBytes: 5000})
		r.publish(50)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		held := r.attach(subscriptionOf("a"), newFake(-1))
		waits := r.attach(subscriptionOf("a"), newFake(-1))
		o := subscriptionOf("a")
		o.After = 49
		recent := r.attach(o, newFake(-1))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		recent.wantData(numbers(50, 51))
		held.wantData(nil)
		waits.wantData(nil)
		r.wantReplay(1, 1)
		close(hold)
		synctest.Wait()
		held.wantData(numbers(1, 51))
		waits.wantData(numbers(1, 51))
		r.wantReplay(0, 0)
	})
}

// TestPlaceIsPassedOn: however a subscriber goes, that holds a place or waits for one, the others get theirs.
func TestPlaceIsPassedOn(t *testing.T) {
	leave := map[string]func(*reader){
		"gone":   func(c *reader) { c.fail() },
		"closed": func(c *reader) { c.sub.Close() },
	}
	for name, leave := range leave {
		for _, who := range []string{"holds", "waits", "both"} {
			t.Run(name+", "+who, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := behindTheWindow(t, 20, fanout.Options{Shards: 2, MaxBehind: 1})
					hold := make(chan struct{})
					r.log.set(hold, nil)
					holds := r.attach(subscriptionOf("a"), newFake(-1))
					synctest.Wait()
					waits := r.attach(subscriptionOf("a"), newFake(-1))
					last := r.attach(subscriptionOf("a"), newFake(-1))
					synctest.Wait()
					r.wantReplay(1, 2)
					left := map[string][]*reader{"holds": {holds}, "waits": {waits}, "both": {holds, waits}}[who]
					for _, c := range left {
						leave(c)
					}
					synctest.Wait()
					r.wantReplay(1, 2-len(left))
					close(hold)
					synctest.Wait()
					r.wantReplay(0, 0)
					for _, c := range left {
						c.wantStory("attached", "ended "+name)
					}
					last.wantData(numbers(1, 20))
				})
			})
		}
	}
}

// TestShutdownWhileWaiting: who waits for a place, or has had its share, is ended properly and at once.
func TestShutdownWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := behindTheWindow(t, 100, fanout.Options{MaxBehind: 1, ReplayRate: 100})
		paced := r.attach(subscriptionOf("a"), newFake(-1))
		waits := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		r.wantReplay(1, 1)
		began := time.Now()
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the end took %v", took)
		}
		for _, c := range []*reader{paced, waits} {
			c.wantStory("attached", "ended shutdown")
			if c.ended() != "end" {
				t.Errorf("ended by %q", c.ended())
			}
		}
		if _, err := r.fan.State(t.Context()); !errors.Is(err, fanout.ErrClosed) {
			t.Errorf("State after the end: %v", err)
		}
	})
}

// TestSlowPeerDoesNotHoldItsPlace: one that takes nothing, or next to nothing, is passed by those who wait; when it
// drains it goes on where it was.
func TestSlowPeerDoesNotHoldItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const heartbeat = 10 * time.Second
		r := behindTheWindow(t, 100, fanout.Options{MaxBehind: 1, ChunkBytes: 20, Heartbeat: heartbeat, Stall: time.Hour})
		slow := r.attach(subscriptionOf("a"), newFake(3))
		synctest.Wait()
		quick := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		r.wantReplay(1, 1)
		quick.wantData(nil)
		for range 12 {
			time.Sleep(heartbeat / 10)
			slow.drain(1)
			synctest.Wait()
		}
		quick.wantData(numbers(1, 100))
		slow.drain(-1)
		synctest.Wait()
		slow.wantData(numbers(1, 100))
		slow.wantStory("attached", "live")
		r.wantReplay(0, 0)
	})
}

// TestHeartbeatWhileWaiting: a stream that waits for its place is kept alive.
func TestHeartbeatWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := behindTheWindow(t, 10, fanout.Options{MaxBehind: 1, Heartbeat: time.Second})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		waits := r.attach(subscriptionOf("a"), newFake(-1))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if n := strings.Count(waits.stream(), ":"); n < 4 || n > 5 {
			t.Errorf("%d heartbeats in 5 s: %q", n, waits.stream())
		}
		close(hold)
		synctest.Wait()
		waits.wantData(numbers(1, 10))
	})
}

// TestReplayRate: at no time has a subscriber been sent more of the log than the rate and one chunk allow, and it
// gets everything in the time that this takes. Others do not change that.
func TestReplayRate(t *testing.T) {
	for _, subscribers := range []int{1, 5} {
		t.Run(fmt.Sprintf("%d subscribers", subscribers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rate = 1000
				r := behindTheWindow(t, 1000, fanout.Options{ChunkBytes: 50, ReplayRate: rate})
				began := time.Now()
				var readers []*reader
				for range subscribers {
					readers = append(readers, r.attach(subscriptionOf("a"), newFake(-1)))
				}
				synctest.Wait()
				largest := len(readers[0].stream()) // the first chunk goes at once; none is larger by half
				if largest == 0 || largest > rate {
					t.Fatalf("the first chunk has %d bytes", largest)
				}
				var done time.Duration
				for range 600 {
					time.Sleep(100 * time.Millisecond)
					synctest.Wait()
					for i, c := range readers {
						sent := len(c.stream())
						allowed := int(time.Since(began).Seconds()*rate) + largest*3/2
						if sent > allowed {
							t.Fatalf("number %d was sent %d bytes in %v, allowed are %d", i, sent, time.Since(began), allowed)
						}
						if done == 0 && len(c.was()) < 2 && sent < allowed-3*largest {
							t.Fatalf("number %d was sent only %d bytes in %v; chunk %d", i, sent, time.Since(began), largest)
						}
					}
				}
				for _, c := range readers {
					c.wantData(numbers(1, 1000))
					c.wantStory("attached", "live")
				}
				r.publish(1)
				synctest.Wait()
				readers[0].wantData(numbers(1, 1001)) // live at once
			})
		})
	}
}

// TestReplayRateOfLargeChunks: no more than a second's worth goes at once.
func TestReplayRateOfLargeChunks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 2, ReplayRate: 1000})
		data := strings.Repeat("x", 100)
		for range 50 {
			r.publishUpdates(eventlog.Update{Topics: []string{"a"}, Data: data})
		}
		c := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		if n := len(c.events()); n < 5 || n > 10 {
			t.Errorf("%d events of 100 bytes at once", n)
		}
		state, err := r.fan.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if sub := state.Shards[0].Subscribers[0]; !sub.Paced || sub.Waiting || sub.Reading {
			t.Errorf("state of who has had its share: %+v", sub)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(c.events()); n != 50 {
			t.Errorf("%d events in all", n)
		}
	})
}

// TestReplayRateIsForTheLogAlone: the window is served as fast as it goes.
func TestReplayRateIsForTheLogAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{ReplayRate: 1})
		r.publish(100)
		c := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		c.wantData(numbers(1, 100))
	})
}
