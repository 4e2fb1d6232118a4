package fanout_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// TestEqualRequestsShareOneRead holds the only reader up while others queue for it.
func TestEqualRequestsShareOneRead(t *testing.T) {
	for _, shards := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: shards, Readers: 1, WindowBytes: 2})
			r.publish(20)
			synctest.Wait()
			hold := make(chan struct{})
			r.log.set(hold, nil)
			r.attach(subscriptionOf("b"), newFake(-1)) // the reader is busy with this one
			synctest.Wait()
			var same []*reader
			for range 10 {
				same = append(same, r.attach(subscriptionOf("a"), newFake(-1)))
			}
			other := subscriptionOf("a")
			other.After = 5
			otherPlace := r.attach(other, newFake(-1))
			granted := subscriptionOf("a")
			granted.Filter.Grant = topic.All()
			otherGrant := r.attach(granted, newFake(-1))
			synctest.Wait()
			close(hold)
			synctest.Wait()
			if diff := cmp.Diff([]int{1, 10, 1, 1}, r.logReads()); diff != "" {
				t.Errorf("%d shards: subscribers of each read (-want +got):\n%s", shards, diff)
			}
			if n := r.log.count(); n != 4 {
				t.Errorf("the log was read %d times, want 4", n)
			}
			for _, c := range append(same, otherGrant) {
				c.wantData(numbers(1, 20))
			}
			otherPlace.wantData(numbers(6, 20))
		})
	}
}

// TestReadThatIsOverIsNotShared: who asks for the same later gets a read of its own, with what was added meanwhile.
func TestReadThatIsOverIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Readers: 1, WindowBytes: 2})
		for i := 1; i <= 3; i++ {
			r.publish(1)
			c := r.attach(subscriptionOf("a"), newFake(-1))
			synctest.Wait()
			c.wantData(numbers(1, i))
			if n := r.log.count(); n != i {
				t.Errorf("the log was read %d times for %d subscribers, one after the other", n, i)
			}
		}
	})
}

// TestSharedReadKeepsPrivate: the grant is a part of what makes requests equal.
func TestSharedReadKeepsPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Readers: 1, WindowBytes: 2})
		r.publishUpdates(
			eventlog.Update{Topics: []string{"a"}, Data: "private", Private: true},
			eventlog.Update{Topics: []string{"a"}, Data: "public"},
		)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		granted := subscriptionOf("a")
		granted.Filter.Grant.Subscribe = granted.Filter.Matchers
		may := r.attach(granted, newFake(-1))
		mayNot := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		close(hold)
		synctest.Wait()
		may.wantData([]string{"private", "public"})
		mayNot.wantData([]string{"public"})
	})
}

// TestReaderForWhoHasGone: a chunk for a subscriber that has ended goes nowhere, those who share it get theirs.
func TestReaderForWhoHasGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Readers: 1, WindowBytes: 2})
		r.publish(5)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		gone := r.attach(subscriptionOf("a"), newFake(-1))
		stays := r.attach(subscriptionOf("a"), newFake(-1))
		closed := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		gone.fail()
		closed.sub.Close()
		synctest.Wait()
		close(hold)
		synctest.Wait()
		gone.wantStory("attached", "ended gone")
		closed.wantStory("attached", "ended closed")
		gone.wantData(nil)
		closed.wantData(nil)
		stays.wantData(numbers(1, 5))
	})
}
