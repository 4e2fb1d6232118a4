package fanout_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// TestCatchUpFromWindow: who comes with a cursor that the window reaches is served without the log.
func TestCatchUpFromWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		r.publish(10)
		for after := range uint64(11) {
			o := subscriptionOf("a")
			o.After = after
			c := r.attach(o, newFake(-1))
			synctest.Wait()
			c.wantData(numbers(int(after)+1, 10))
			c.wantStory("attached", "live")
		}
		if n := r.log.count(); n != 0 {
			t.Errorf("the log was read %d times", n)
		}
	})
}

// TestCatchUpFromLog: what the window no longer holds comes from the log in chunks, the rest from the window, and
// what is published meanwhile follows without a seam.
func TestCatchUpFromLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 4000, ChunkBytes: 100})
		r.publish(100)
		c := r.attach(subscriptionOf("a"), newFake(0))
		for range 30 {
			c.drain(100)
			synctest.Wait()
			r.publish(1)
			r.publish(1, "b")
		}
		c.drain(-1)
		synctest.Wait()
		want := numbers(1, 100)
		for i := 101; i <= 160; i += 2 {
			want = append(want, numbers(i, i)...)
		}
		c.wantData(want)
		c.wantStory("attached", "live")
		if n := r.log.count(); n < 2 {
			t.Errorf("the log was read %d times: the test is not about the log", n)
		}
	})
}

// TestCatchUpPastWhatDoesNotMatch: a position moves over everything that was looked at, so that a reader of a rare
// topic reaches the head.
func TestCatchUpPastWhatDoesNotMatch(t *testing.T) {
	for name, window := range map[string]int{"window": 16 << 20, "log": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: window})
				for range 100 {
					r.publish(100, "b") // more than one look at the window, and more than one read of the log, take
				}
				r.publish(1)
				c := r.attach(subscriptionOf("a"), newFake(-1))
				synctest.Wait()
				r.publish(1)
				synctest.Wait()
				c.wantData(numbers(10_001, 10_002))
				c.wantStory("attached", "live")
			})
		})
	}
}

// TestMailboxOverflow holds a shard up until its mailbox overflows. Everybody gets everything all the same.
func TestMailboxOverflow(t *testing.T) {
	for name, window := range map[string]int{"what was dropped is in the window": 16 << 20, "in the log": 3000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: window, MailboxBytes: 3000})
				quick := r.attach(subscriptionOf("a"), newFake(-1))
				slow := r.attach(subscriptionOf("*"), newFake(20))
				quiet := r.attach(subscriptionOf("never"), newFake(-1))
				held := newFake(-1)
				held.hold = make(chan struct{})
				last := r.attach(subscriptionOf("a"), held)
				synctest.Wait()

				r.publish(1)
				synctest.Wait() // the shard is in held.Offer
				for range 30 {
					r.publish(2)
				}
				late := r.attach(subscriptionOf("a"), newFake(-1))
				r.publish(1)
				close(held.hold)
				synctest.Wait()
				slow.drain(-1)
				synctest.Wait()
				r.publish(1)
				synctest.Wait()

				for _, c := range []*reader{quick, slow, last, late} {
					c.wantData(numbers(1, 63))
				}
				quick.wantStory("attached", "live", "behind overflow", "live")
				slow.wantStory("attached", "live", "behind overflow", "live")
				quiet.wantStory("attached", "live", "behind overflow", "live")
				late.wantStory("attached", "live")
			})
		})
	}
}

// TestPrivateIsJudgedOnEveryWay: live, from the window and from the log.
func TestPrivateIsJudgedOnEveryWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 2500, ChunkBytes: 100})
		attach := func(grant ...string) *reader {
			o := subscriptionOf("a")
			for _, g := range grant {
				o.Filter.Grant.Subscribe = append(o.Filter.Grant.Subscribe, topic.Exact(g))
			}
			return r.attach(o, newFake(-1))
		}
		publish := func(rounds int) (all, public []string) {
			for range rounds {
				r.publishUpdates(
					eventlog.Update{Topics: []string{"a"}, Data: "public"},
					eventlog.Update{Topics: []string{"a", "b"}, Data: "private", Private: true},
				)
				synctest.Wait()
				all = append(all, "public", "private")
				public = append(public, "public")
			}
			return all, public
		}
		live := []*reader{attach(), attach("a"), attach("b"), attach("*"), attach("c")}
		all, public := publish(20)
		late := []*reader{attach(), attach("a"), attach("b"), attach("*"), attach("c")}
		synctest.Wait()
		if r.log.count() == 0 {
			t.Error("the log was never read: the test is not about it")
		}
		for _, readers := range [][]*reader{live, late} {
			for i, want := range [][]string{public, all, all, all, public} {
				readers[i].wantData(want)
			}
		}
	})
}

// TestOvertaken: retention drops what a slow reader has yet to get. With signals it is told, and goes on; without,
// the stream ends, so that its return gets the verdict.
func TestOvertaken(t *testing.T) {
	for _, signals := range []bool{false, true} {
		t.Run(map[bool]string{true: "with signals", false: "without signals"}[signals], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{MaxRecords: 5}, fanout.Options{WindowBytes: 2, PendingBytes: 1})
				o := subscriptionOf("a")
				o.Signals = signals
				c := r.attach(o, newFake(10))
				synctest.Wait()
				r.publish(3)
				synctest.Wait()
				r.publish(17)
				synctest.Wait()
				c.drain(-1)
				synctest.Wait()
				if !signals {
					c.wantData([]string{"1"}) // begun, and therefore finished
					c.wantStory("attached", "live", "behind slow", "ended overtaken")
					if c.ended() != "end" {
						t.Errorf("the stream was ended by %q", c.ended())
					}
					return
				}
				c.wantData(append([]string{"1"}, numbers(16, 20)...))
				c.wantStory("attached", "live", "behind slow", "overtaken", "live")
				lineage := r.log.Lineage()
				want := fanout.GapData{From: lineage.At(1).String(), To: lineage.At(15).String(), Why: "retention"}
				if diff := cmp.Diff([]fanout.GapData{want}, gapsOf(t, c)); diff != "" {
					t.Errorf("gaps said (-want +got):\n%s", diff)
				}
				r.publish(1)
				synctest.Wait()
				c.wantData(append([]string{"1"}, numbers(16, 21)...))
			})
		})
	}
}

// TestOvertakenByEverything: nothing is left at all, so the stream goes on at the head.
func TestOvertakenByEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{MaxAge: 1}, fanout.Options{WindowBytes: 2})
		r.publish(10)
		if err := r.log.Trim(t.Context(), farAhead()); err != nil {
			t.Fatal(err)
		}
		o := subscriptionOf("a")
		o.Signals = true
		c := r.attach(o, newFake(-1))
		synctest.Wait()
		c.wantStory("attached", "overtaken", "live")
		r.publish(1)
		synctest.Wait()
		c.wantData(numbers(11, 11))
	})
}

// TestLogThatFails ends who needs it, and nobody else.
func TestLogThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 1000})
		live := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		r.publish(10)
		r.log.set(nil, errors.New("disk on fire"))
		c := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		c.wantStory("attached", "ended log")
		c.wantData(nil)
		r.publish(1)
		synctest.Wait()
		live.wantData(numbers(1, 11))
		if slices.Contains(live.was(), "ended log") {
			t.Error("a live subscriber was ended")
		}
	})
}

// gapsOf returns what the tidings.gap signals say that the peer got.
func gapsOf(t *testing.T, c *reader) []fanout.GapData {
	t.Helper()
	var gaps []fanout.GapData
	for _, e := range c.events() {
		if e.Type == fanout.SignalGap {
			var gap fanout.GapData
			if err := json.Unmarshal([]byte(e.Data), &gap); err != nil {
				t.Fatal(err)
			}
			gaps = append(gaps, gap)
		}
	}
	return gaps
}
