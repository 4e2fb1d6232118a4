package fanout_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// TestStormSharesReads: a thousand subscribers return with a thousand missed updates each, which the window does
// not hold, and the log is read at most three times as often as for one of them.
func TestStormSharesReads(t *testing.T) {
	const subscribers, updates = 1000, 1000
	storms := []struct {
		name    string
		arrive  func()          // what happens between two that come
		cursors int             // how many different ones they come with
		room    func(i int) int // what a socket takes at once; negative for everything
	}{
		{"all at once", func() {}, 1, roomy},
		{"one after the other is done", synctest.Wait, 1, roomy},
		{"over ten seconds", func() { time.Sleep(10 * time.Millisecond) }, 1, roomy},
		{"with different cursors", synctest.Wait, 50, roomy},
		{"with sockets that take little", func() {}, 1, func(int) int { return 2000 }},
		{"with sockets of many speeds", func() {}, 1, func(i int) int { return 1000 + 3*i }},
	}
	for _, storm := range storms {
		t.Run(storm.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 4, WindowBytes: 2, ChunkBytes: 256})
				r.publish(updates)
				r.attach(subscriptionOf("a"), newFake(-1))
				synctest.Wait()
				one := r.log.count()
				if one < 10 {
					t.Fatalf("one subscriber needs %d reads: the test is not about many", one)
				}
				time.Sleep(time.Minute) // what it had read is forgotten

				var readers []*reader
				for i := range subscribers {
					o := subscriptionOf("a")
					o.After = uint64(i % storm.cursors)
					readers = append(readers, r.attach(o, newFake(storm.room(i))))
					storm.arrive()
				}
				synctest.Wait()
				for pending := true; pending; {
					pending = false
					for _, i := range rand.Perm(subscribers) {
						readers[i].drain(storm.room(i))
						pending = pending || len(readers[i].was()) < 2 // not live
					}
					synctest.Wait()
				}
				whole := map[int]string{} // what was found right, by cursor: to decode it all takes long
				for i, c := range readers {
					at := i % storm.cursors
					if got := c.stream(); got == "" || got != whole[at] {
						c.wantData(numbers(1+at, updates))
						whole[at] = got
					}
				}
				if reads := r.log.count() - one; reads > 3*one {
					t.Errorf("the storm read the log %d times, one subscriber %d times", reads, one)
				}
			})
		})
	}
}

func roomy(int) int { return -1 }

// TestLastChunksAreForgotten: who comes long after everybody else is not served from what they had read.
func TestLastChunksAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := behindTheWindow(t, 100, fanout.Options{})
		for _, tt := range []struct {
			after time.Duration
			reads int
		}{{0, 1}, {time.Second, 1}, {time.Minute, 2}} {
			time.Sleep(tt.after)
			c := r.attach(subscriptionOf("a"), newFake(-1))
			synctest.Wait()
			c.wantData(numbers(1, 100))
			if n := r.log.count(); n != tt.reads {
				t.Errorf("%v after the last: the log was read %d times, want %d", tt.after, n, tt.reads)
			}
		}
	})
}
