package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/leaktest"
	"github.com/tidings-hub/tidings/topic"
)

// TestShutdownMakesDurableWhatWaits: whoever was let in is answered, and what he published is sent.
func TestShutdownMakesDurableWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		_, reader := r.subscribe(hub.Request{Matchers: matchers("a")})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		answers := make(chan error, 10)
		for i := range 4 {
			go func() {
				_, err := r.hub.Publish(t.Context(), update(fmt.Sprint(i)), topic.All())
				answers <- err
			}()
			synctest.Wait()
		}
		done := make(chan error, 1)
		go func() { done <- r.hub.Shutdown(t.Context()) }()
		synctest.Wait()
		if len(answers)+len(done) > 0 {
			t.Fatal("an end before the log has written")
		}
		if _, err := r.hub.Publish(t.Context(), update("late"), topic.All()); !errors.Is(err, hub.ErrClosed) {
			t.Errorf("Publish during Shutdown: %v", err)
		}
		if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{hub.RefusedClosed}) {
			t.Errorf("the Observer was told %v", got)
		}
		close(hold)
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		for range 4 {
			if err := <-answers; err != nil {
				t.Errorf("Publish: %v", err)
			}
		}
		if head := r.log.Head(); head != 4 {
			t.Errorf("the log's head is %d, want 4", head)
		}
		if diff := cmp.Diff([]string{"0", "1", "2", "3"}, reader.data(t)); diff != "" {
			t.Errorf("the subscriber got (-want +got):\n%s", diff)
		}
		if !reader.over() {
			t.Error("the stream was not ended")
		}
	})
}

// TestShutdownOfALogThatHangs: a Shutdown lasts no longer than its context, and the publisher learns its outcome late.
func TestShutdownOfALogThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		published := make(chan error, 1)
		go func() {
			_, err := r.hub.Publish(t.Context(), update("x"), topic.All())
			published <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := r.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v, want an error that wraps that of the context", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("Shutdown took %v", took)
		}
		close(hold)
		if err := <-published; err != nil {
			t.Errorf("Publish: %v", err)
		}
	})
}

// TestAfterShutdown: whatever comes then is refused, with a log of the hub's own and with another one.
func TestAfterShutdown(t *testing.T) {
	for name, log := range map[string]*eventlog.Memory{"own log": nil, "given log": memory(t)} {
		t.Run(name, func(t *testing.T) {
			var refused []hub.RefuseReason
			o := hub.Options{Observer: hub.Observer{Refused: func(why hub.RefuseReason) { refused = append(refused, why) }}}
			if log != nil {
				o.Log = log
			}
			h, err := hub.New(o)
			if err != nil {
				t.Fatal(err)
			}
			early, err := h.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := h.Shutdown(t.Context()); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
				if err := h.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			if _, err := h.Publish(t.Context(), update("x"), topic.All()); !errors.Is(err, hub.ErrClosed) {
				t.Errorf("Publish: %v", err)
			}
			if _, err := early.Attach(&sink{}); !errors.Is(err, hub.ErrClosed) {
				t.Errorf("Attach: %v", err)
			}
			// A subscription is refused when it is asked for or, at the latest, when it is attached.
			late, err := h.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")})
			if err == nil {
				_, err = late.Attach(&sink{})
			}
			if !errors.Is(err, hub.ErrClosed) {
				t.Errorf("Subscribe: %v", err)
			}
			if want := []hub.RefuseReason{hub.RefusedClosed, hub.RefusedClosed, hub.RefusedClosed}; !slices.Equal(refused, want) {
				t.Errorf("the Observer was told %v, want %v", refused, want)
			}
			if _, err := h.State(t.Context()); !errors.Is(err, hub.ErrClosed) {
				t.Errorf("State: %v", err)
			}
			if log != nil {
				if _, err := log.Append(t.Context(), []eventlog.Entry{{Update: update("x")}}); err != nil {
					t.Errorf("the hub has closed a log that is not its own: %v", err)
				}
			}
		})
	}
}

func memory(t *testing.T) *eventlog.Memory {
	t.Helper()
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// TestCloseCutsWhoIsStuck at once, and Shutdown when its context ends.
func TestCloseCutsWhoIsStuck(t *testing.T) {
	tests := []struct {
		name string
		end  func(h *hub.Hub) error
		want error
		took time.Duration
	}{
		{"Close", func(h *hub.Hub) error { return h.Close() }, nil, 0},
		{"Shutdown", func(h *hub.Hub) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return h.Shutdown(ctx)
		}, context.DeadlineExceeded, time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, hub.Options{})
				_, stuck := r.subscribe(hub.Request{Matchers: matchers("a")})
				synctest.Wait() // the comment with which it begins
				stuck.limit(5)
				r.publish(update("x"))
				synctest.Wait()
				start := time.Now()
				if err := tt.end(r.hub); !errors.Is(err, tt.want) {
					t.Errorf("error %v, want %v", err, tt.want)
				}
				if took := time.Since(start); took != tt.took {
					t.Errorf("it took %v, want %v", took, tt.took)
				}
				if !stuck.over() {
					t.Error("the stream was not cut")
				}
			})
		})
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	leaktest.Run(t, func(started func() int) {
		h, err := hub.New(hub.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if started() == 0 {
			t.Error("no goroutine: the test does not see them")
		}
		sub, err := h.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sub.Attach(&sink{seen: &happenings{count: map[string]int{}}}); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Publish(t.Context(), update("x"), topic.All()); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
