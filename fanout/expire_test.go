package fanout_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// expiring is a subscription whose stream ends after d.
func expiring(d time.Duration, why fanout.EndReason) fanout.Subscription {
	o := subscriptionOf("a")
	o.Expires, o.ExpiresWhy = time.Now().Add(d), why
	return o
}

// TestExpires: a stream gets what is published before its end, is told ahead if it asked for signals, and ends to the
// moment.
func TestExpires(t *testing.T) {
	for _, test := range []struct {
		name    string
		why     fanout.EndReason
		signals bool
		warned  bool
	}{
		{"leave of a stream with signals", fanout.EndExpired, true, true},
		{"leave of a plain stream", fanout.EndExpired, false, false},
		{"age of a stream with signals", fanout.EndAge, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{ExpiryWarning: 10 * time.Second, Heartbeat: time.Hour, Stall: time.Hour})
				o := expiring(time.Minute, test.why)
				o.Signals = test.signals
				c := r.attach(o, newFake(-1))
				synctest.Wait()
				r.publish(1)
				time.Sleep(50*time.Second - time.Nanosecond)
				synctest.Wait()
				if strings.Contains(c.stream(), fanout.SignalExpiring) {
					t.Error("told too soon")
				}
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				var told fanout.ExpiringData
				for _, e := range c.events() {
					if e.Type != fanout.SignalExpiring {
						continue
					}
					if err := json.Unmarshal([]byte(e.Data), &told); err != nil {
						t.Fatal(err)
					}
				}
				want := fanout.ExpiringData{}
				if test.warned {
					want = fanout.ExpiringData{At: o.Expires.Unix(), In: 10_000}
				}
				if diff := cmp.Diff(want, told); diff != "" {
					t.Errorf("told ahead (-want +got):\n%s", diff)
				}
				r.publish(1)
				time.Sleep(10*time.Second - time.Nanosecond)
				synctest.Wait()
				c.wantStory("attached", "live")
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				c.wantStory("attached", "live", "ended "+test.why.String())
				if c.ended() != "end" {
					t.Errorf("ended by %q", c.ended())
				}
				r.publish(1)
				synctest.Wait()
				c.wantData(numbers(1, 2))
			})
		})
	}
}

// TestExpiresWhileFull: a stream whose socket takes nothing is cut: nothing may go out later.
func TestExpiresWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: time.Hour, Stall: time.Hour})
		c := r.attach(expiring(time.Minute, fanout.EndExpired), newFake(7))
		synctest.Wait()
		r.publish(1)
		time.Sleep(time.Minute)
		synctest.Wait()
		c.wantStory("attached", "live", "ended expired")
		if c.ended() != "abort" {
			t.Errorf("ended by %q", c.ended())
		}
	})
}

// TestExpiredBeforeItBegan: a stream whose leave is over when it begins gets no update.
func TestExpiredBeforeItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		r.publish(3)
		c := r.attach(expiring(-time.Second, fanout.EndExpired), newFake(-1))
		synctest.Wait()
		if was := c.was(); was[len(was)-1] != "ended expired" {
			t.Errorf("it was %v", was)
		}
		c.wantData(nil)
	})
}

// TestManyExpire: each ends in its own time, in whatever order they came, and who leaves before is forgotten.
func TestManyExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: time.Hour, Stall: time.Hour})
		const n = 50
		var all []*reader
		for i := range n {
			all = append(all, r.attach(expiring(time.Duration(i*37%n+1)*time.Minute, fanout.EndExpired), newFake(-1)))
		}
		synctest.Wait()
		all[0].sub.Close() // its time would have come first
		for minute := range n + 1 {
			synctest.Wait()
			for i, c := range all[1:] {
				due := (i+1)*37%n + 1
				if over := c.ended() != ""; over != (due <= minute) {
					t.Fatalf("after %d minutes the stream of %d minutes is over: %v", minute, due, over)
				}
			}
			time.Sleep(time.Minute)
		}
		all[0].wantStory("attached", "live", "ended closed")
	})
}

// TestEndWhere ends the streams of some bearers, those too whose socket takes nothing, and nobody else's.
func TestEndWhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 3})
		with := func(bearer any, room int) *reader {
			o := subscriptionOf("a")
			o.Bearer = bearer
			return r.attach(o, newFake(room))
		}
		bad, stuck, good, nobody := with("bad", -1), with("bad", 3), with("good", -1), with(nil, -1)
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		n, err := r.fan.EndWhere(t.Context(), func(bearer any) bool { return bearer == "bad" }, fanout.EndRevoked)
		if err != nil || n != 2 {
			t.Errorf("EndWhere: %d, %v; want 2", n, err)
		}
		bad.wantStory("attached", "live", "ended revoked")
		stuck.wantStory("attached", "live", "ended revoked")
		if bad.ended() != "end" || stuck.ended() != "abort" {
			t.Errorf("ended by %q and %q", bad.ended(), stuck.ended())
		}
		r.publish(1)
		synctest.Wait()
		bad.wantData(numbers(1, 1))
		good.wantData(numbers(1, 2))
		nobody.wantData(numbers(1, 2))
		if err := r.fan.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if _, err := r.fan.EndWhere(t.Context(), func(any) bool { return true }, fanout.EndRevoked); err == nil {
			t.Error("EndWhere after Shutdown has no error")
		}
	})
}
