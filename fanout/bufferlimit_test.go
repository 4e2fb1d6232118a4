package fanout_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// TestBufferLimitDropsWhatIsNotBegun: blocked subscribers that together hold too much fall behind, and are complete
// when they have drained. Who keeps up beside them, on the same shard or another one, notices nothing.
func TestBufferLimitDropsWhatIsNotBegun(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				// Updates as small as these cost far more than their text: a chunk is a few of them, not half the limit.
				r := newRig(t, eventlog.Retention{}, fanout.Options{
					Shards: 2, WindowBytes: 2, KeptBytes: 2, BufferLimit: 20_000, PendingBytes: 1 << 20, ChunkBytes: 50,
				})
				attach := func(room int) *reader {
					sink := newFake(room)
					sink.form = form
					return r.attach(subscriptionOf("a"), sink)
				}
				var stuck, quick []*reader
				var rooms []int
				for room := 0; room < 40; room += 3 { // to within the first update, or to its beginning
					stuck, rooms = append(stuck, attach(room)), append(rooms, room)
				}
				for range 4 {
					quick = append(quick, attach(-1))
				}
				synctest.Wait()
				for range 60 {
					r.publish(1)
					synctest.Wait()
				}
				for _, c := range quick {
					c.wantStory("attached", "live")
					c.wantData(numbers(1, 60))
				}
				for _, c := range stuck {
					c.wantStory("attached", "live", "behind memory")
				}
				for _, c := range stuck { // what they are sent now is held too, while it is on its way
					c.drain(-1)
					synctest.Wait()
				}
				r.publish(1)
				synctest.Wait()
				for i, c := range stuck {
					c.wantStory("attached", "live", "behind memory", "live")
					if diff := cmp.Diff(numbers(1, 61), data(c.events())); diff != "" {
						t.Errorf("cut at byte %d (-want +got):\n%s", rooms[i], diff)
					}
				}
			})
		})
	}
}

// TestBufferLimitEndsTheOldest: of those who have begun large updates that nobody else holds any more, as many stay as
// the limit allows, and they are the ones with the newest.
func TestBufferLimitEndsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, limit = 10_000, 100_000
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 2, KeptBytes: 2, BufferLimit: limit})
		quick := r.attach(subscriptionOf("a"), newFake(-1))
		var stuck []*reader
		for range 10 {
			c := r.attach(subscriptionOf("a"), newFake(-1))
			synctest.Wait()
			c.limit(100)
			stuck = append(stuck, c)
			r.publishLarge(1) // which this one begins
			synctest.Wait()
		}
		var left []bool
		for _, c := range stuck {
			ended := slices.Contains(c.was(), "ended memory")
			left = append(left, !ended)
			if ended != (c.ended() == "abort") {
				t.Errorf("told %v, ended by %q", c.was(), c.ended())
			}
		}
		// An update counts with its frame and its record, twice its size and something.
		const stay = limit / (2*size + 1000)
		want := slices.Concat(slices.Repeat([]bool{false}, 10-stay), slices.Repeat([]bool{true}, stay))
		if diff := cmp.Diff(want, left); diff != "" {
			t.Errorf("who is left (-want +got):\n%s", diff)
		}
		quick.wantStory("attached", "live")
		for i, c := range stuck {
			if !left[i] {
				continue
			}
			c.drain(-1)
			synctest.Wait()
			var got []string
			for _, d := range data(c.events()) {
				got = append(got, strings.TrimRight(d, " "))
			}
			if diff := cmp.Diff(numbers(1, 10), got); diff != "" {
				t.Errorf("number %d (-want +got):\n%s", i, diff)
			}
		}
	})
}
