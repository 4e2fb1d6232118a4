package fanout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 2, WindowBytes: 10_000, PendingBytes: 100})
		quiet := r.attach(subscriptionOf("b", "*"), newFake(-1)) // to the second shard
		o := subscriptionOf("a")
		o.Signals = true
		slow := r.attach(o, newFake(10))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		got, err := r.fan.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		size := len(quiet.stream())
		if got.Window.Bytes <= size || got.Window.Bytes > 10_000 {
			t.Errorf("the window holds %d bytes", got.Window.Bytes)
		}
		want := fanout.State{
			Window: fanout.WindowState{Head: 1, Frames: 1, Bytes: got.Window.Bytes, MaxBytes: 10_000},
			Replay: fanout.ReplayState{MaxBehind: 1000},
			Shards: []fanout.ShardState{
				{Head: 1, Topics: 1, Subscribers: []fanout.SubscriberState{{
					ID: slow.id.String(), Matchers: []string{"exact:a"}, Position: 1, Live: true, Blocked: true,
					Signals: true, Pending: 1, PendingBytes: size - 10, TakenBytes: 10,
				}}},
				{Head: 1, Topics: 1, Subscribers: []fanout.SubscriberState{{
					ID: quiet.id.String(), Matchers: []string{"exact:b", "any:*"}, Position: 1, Live: true,
					TakenBytes: uint64(size),
				}}},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	})
}

// TestStateOfAShardThatIsBusy does not wait longer than its context.
func TestStateOfAShardThatIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		held := newFake(-1)
		held.hold = make(chan struct{})
		r.attach(subscriptionOf("a"), held)
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 1)
		defer cancel()
		if _, err := r.fan.State(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("State: %v", err)
		}
		close(held.hold)
	})
}
