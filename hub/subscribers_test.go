package hub_test

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// wantFull checks that err refuses a subscriber for want of room, and that the observer was told so.
func wantFull(t *testing.T, r *rig, err error, most int) {
	t.Helper()
	limit, ok := errors.AsType[*hub.LimitError](err)
	if !ok || *limit != (hub.LimitError{Limit: "Subscribers", Max: most, Got: most + 1}) {
		t.Fatalf("error %v, want that of the limit Subscribers, %d", err, most)
	}
	if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{hub.RefusedSubscribers}) {
		t.Fatalf("refusals %v, want one of %v", got, hub.RefusedSubscribers)
	}
}

// TestSubscriberLimit: the place of one that ended, however it did, is free for another.
func TestSubscriberLimit(t *testing.T) {
	const most = 2
	for name, end := range map[string]func(*fanout.Subscriber){
		"closed": (*fanout.Subscriber).Close,
		"gone":   func(s *fanout.Subscriber) { s.Gone(fanout.EndGone) },
		"told twice": func(s *fanout.Subscriber) {
			s.Gone(fanout.EndGone)
			s.Gone(fanout.EndStalled)
			s.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ended := 0
				r := newRig(t, eventlog.Retention{}, hub.Options{
					Limits: hub.Limits{Subscribers: most},
					Fanout: fanout.Options{Shards: 1, Observer: fanout.Observer{
						Ended: func(fanout.SubscriberID, fanout.EndReason) { ended++ },
					}},
				})
				request := hub.Request{Matchers: matchers("a")}
				attach := func() *fanout.Subscriber {
					t.Helper()
					sub, err := r.hub.Subscribe(t.Context(), request)
					if err != nil {
						t.Fatal(err)
					}
					attached, err := sub.Attach(newSink())
					if err != nil {
						t.Fatal(err)
					}
					return attached
				}
				attach()
				for i := range 3 {
					last := attach()
					_, err := r.hub.Subscribe(t.Context(), request)
					wantFull(t, r, err, most)
					end(last)
					synctest.Wait()
					if ended != i+1 {
						t.Fatalf("the hub's own observer was told of %d ends, want %d", ended, i+1)
					}
				}
				attach()
			})
		})
	}
}

// TestSubscriberLimitAtAttach: who was let in by Subscribe holds no place yet.
func TestSubscriberLimitAtAttach(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, hub.Options{Limits: hub.Limits{Subscribers: 1}})
	var subs [3]*hub.Subscription
	for i := range subs {
		var err error
		if subs[i], err = r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := subs[0].Attach(newSink()); err != nil {
		t.Fatal(err)
	}
	for _, sub := range subs[1:] {
		_, err := sub.Attach(newSink())
		wantFull(t, r, err, 1)
	}
}

// TestSubscriberLimitIsExact: of many at once, as many are let in as there is room for.
func TestSubscriberLimitIsExact(t *testing.T) {
	const most, callers = 10, 100
	r := newRig(t, eventlog.Retention{}, hub.Options{Limits: hub.Limits{Subscribers: most}})
	var in, refused atomic.Int64
	var running sync.WaitGroup
	for range callers {
		running.Go(func() {
			sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")})
			if err == nil {
				_, err = sub.Attach(newSink())
			}
			switch _, limit := errors.AsType[*hub.LimitError](err); {
			case limit:
				refused.Add(1)
			case err == nil:
				in.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	running.Wait()
	if in.Load() != most || refused.Load() != callers-most {
		t.Errorf("%d are in and %d refused, want %d and %d", in.Load(), refused.Load(), most, callers-most)
	}
}

// TestSubscriberLimitAndShutdown: a place that was taken for a stream that could not begin is given back, so that
// who comes next hears of the shutdown and not of the limit.
func TestSubscriberLimitAndShutdown(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, hub.Options{Limits: hub.Limits{Subscribers: 1}})
	var subs [2]*hub.Subscription
	for i := range subs {
		var err error
		if subs[i], err = r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.hub.Close(); err != nil {
		t.Fatal(err)
	}
	for _, sub := range subs {
		if _, err := sub.Attach(newSink()); !errors.Is(err, hub.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	}
}

// newSink returns a sink that takes everything.
func newSink() *sink { return &sink{seen: &happenings{count: map[string]int{}}, room: 1 << 30} }
