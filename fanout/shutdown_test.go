package fanout_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestShutdownEndsEveryStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 3})
		var readers []*reader
		for range 10 {
			readers = append(readers, r.attach(subscriptionOf("a"), newFake(-1)))
		}
		synctest.Wait()
		r.publish(2)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if err := r.fan.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		for _, c := range readers {
			c.wantStory("attached", "live", "ended shutdown")
			c.wantData(numbers(1, 2)) // what was published before
			c.wantFarewell(fanout.EndShutdown, false)
		}
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Errorf("the second Shutdown: %v", err)
		}
		if _, err := r.fan.Attach(subscriptionOf("a"), newFake(-1)); !errors.Is(err, fanout.ErrClosed) {
			t.Errorf("Attach after Shutdown: %v", err)
		}
		if _, err := r.fan.State(t.Context()); !errors.Is(err, fanout.ErrClosed) {
			t.Errorf("State after Shutdown: %v", err)
		}
		r.publish(1) // to nobody, but without harm
		readers[0].sub.Close()
		readers[0].sub.Drained()
		readers[0].sub.Gone(fanout.EndGone)
	})
}

// TestShutdownCutsWhoIsStuck: a stream that does not take the rest of its frame is waited for as long as the context
// lives, then cut.
func TestShutdownCutsWhoIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 2})
		stuck := r.attach(subscriptionOf("a"), newFake(7))
		quick := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		done := make(chan error, 1)
		go func() { done <- r.fan.Shutdown(ctx) }()
		synctest.Wait()
		quick.wantStory("attached", "live", "ended shutdown")
		stuck.wantStory("attached", "live")

		err := <-done
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want an error that wraps that of the context", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("Shutdown took %v", took)
		}
		stuck.wantStory("attached", "live", "ended shutdown")
		if stuck.ended() != "abort" || quick.ended() != "end" {
			t.Errorf("ended by %q and %q, want abort and end", stuck.ended(), quick.ended())
		}
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown of what has ended: %v", err)
		}
	})
}

// TestShutdownWhileTheLogIsRead does not wait for a read that lasts.
func TestShutdownWhileTheLogIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 2, Readers: 1})
		r.publish(3)
		r.log.set(make(chan struct{}), nil) // for ever
		first := r.attach(subscriptionOf("a"), newFake(-1))
		second := r.attach(subscriptionOf("*"), newFake(-1)) // waits for a reader
		synctest.Wait()
		if r.log.count() != 1 {
			t.Fatalf("%d reads are under way, want 1", r.log.count())
		}
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		first.wantStory("attached", "ended shutdown")
		second.wantStory("attached", "ended shutdown")
	})
}

// TestAttachWhileShuttingDown: who comes while others are still being finished is ended, not forgotten.
func TestAttachWhileShuttingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		stuck := r.attach(subscriptionOf("a"), newFake(7))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- r.fan.Shutdown(t.Context()) }()
		synctest.Wait()
		late := r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		late.wantStory("attached", "ended shutdown")
		late.wantFarewell(fanout.EndShutdown, false)
		stuck.drain(-1)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestAttachRacesShutdown: whoever is attached is told an end, and whoever is not gets an error.
func TestAttachRacesShutdown(t *testing.T) {
	for range 200 {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 2})
		var group sync.WaitGroup
		var mu sync.Mutex
		var readers []*reader
		for range 4 {
			group.Go(func() {
				o, sink := subscriptionOf("a"), newFake(-1)
				sub, err := r.fan.Attach(o, sink)
				if err != nil {
					if !errors.Is(err, fanout.ErrClosed) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				readers = append(readers, &reader{fakeSink: sink, rig: r, id: o.ID, sub: sub})
			})
		}
		group.Go(func() {
			if err := r.fan.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
		group.Wait()
		for _, c := range readers {
			if was := c.was(); len(was) == 0 || was[len(was)-1] != "ended shutdown" || c.ended() != "end" {
				t.Fatalf("told %v, ended by %q", was, c.ended())
			}
		}
		r.close()
	}
}

func TestShutdownLeavesNoGoroutine(t *testing.T) {
	leaktest.Run(t, func(started func() int) {
		memory, err := eventlog.NewMemory(eventlog.Retention{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := fanout.New(memory, 0, fanout.Options{Shards: 4, Readers: 8})
		if err != nil {
			t.Fatal(err)
		}
		if got := started(); got < 12 {
			t.Errorf("%d goroutines, want at least 12: the test does not see them", got)
		}
		var sinks []*fakeSink
		for range 100 {
			sinks = append(sinks, newFake(7)) // less than a farewell
			if _, err := f.Attach(subscriptionOf("a"), sinks[len(sinks)-1]); err != nil {
				t.Fatal(err)
			}
		}
		ended := make(chan error, 1)
		go func() { ended <- f.Shutdown(t.Context()) }()
		for _, s := range sinks {
			s.drain(-1)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
