package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// visit is a subscription that says of itself "topic name".
type visit struct{ to, name string }

func (v visit) Group() hub.PresenceGroup {
	return hub.PresenceGroup{Dialect: "test", Type: "exact", Match: v.to}
}

func (v visit) Update(active bool) eventlog.Update {
	word := "left "
	if active {
		word = "came "
	}
	return eventlog.Update{Topics: []string{"/subscriptions/" + v.to + "/" + v.name}, Type: "presence", Data: word + v.to + " " + v.name}
}

// visits describes subscriptions to topics under a name of the test's own.
func visits(name string, topics ...string) func(fanout.SubscriberID) []hub.Presence {
	return func(fanout.SubscriberID) []hub.Presence {
		var list []hub.Presence
		for _, t := range topics {
			list = append(list, visit{t, name})
		}
		return list
	}
}

// come attaches a subscriber that others are told of.
func (r *rig) come(name string, topics ...string) *fanout.Subscriber {
	r.t.Helper()
	attached, err := r.tryCome(name, topics...)
	if err != nil {
		r.t.Fatal(err)
	}
	return attached
}

func (r *rig) tryCome(name string, topics ...string) (*fanout.Subscriber, error) {
	sub, err := r.hub.Subscribe(r.t.Context(), hub.Request{Matchers: matchers(topics...), Presence: visits(name, topics...)})
	if err != nil {
		return nil, err
	}
	return sub.Attach(newSink())
}

// said returns the data of everything in a log, and checks that it is private and marked as presence if it should be.
func said(t *testing.T, log eventlog.Log) []string {
	t.Helper()
	var list []string
	chunk, err := log.Read(t.Context(), eventlog.ReadRequest{
		To: log.Head(), Filter: &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}, MaxBytes: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range chunk.Records {
		list = append(list, record.Data)
		if is := record.Type == "presence"; record.Private != is || record.Presence != is {
			t.Errorf("%q has Private = %t, Presence = %t", record.Data, record.Private, record.Presence)
		}
	}
	return list
}

func marked(t *testing.T, log eventlog.Log) int {
	t.Helper()
	marks, err := log.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(marks)
}

func (r *rig) wantSaid(want ...string) {
	r.t.Helper()
	synctest.Wait()
	if diff := cmp.Diff(want, said(r.t, r.log)); diff != "" {
		r.t.Errorf("the log (-want +got):\n%s", diff)
	}
}

var telling = hub.Options{Subscriptions: true, Fanout: fanout.Options{Shards: 1}}

// TestPresence: each subscription begins and ends with an update that is private, and is a mark in between.
func TestPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, telling)
		_, watcher := r.subscribe(hub.Request{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()})
		_, stranger := r.subscribe(hub.Request{Matchers: topic.Matchers{topic.Any()}})
		ann := r.come("ann", "a", "b")
		r.wantSaid("came a ann", "came b ann")
		if n := marked(t, r.log); n != 2 {
			t.Errorf("%d marks for two subscriptions", n)
		}
		bob := r.come("bob", "a")
		synctest.Wait()
		r.publish(update("hello"))
		ann.Close()
		r.wantSaid("came a ann", "came b ann", "came a bob", "hello", "left a ann", "left b ann")
		bob.Gone(fanout.EndGone)
		r.wantSaid("came a ann", "came b ann", "came a bob", "hello", "left a ann", "left b ann", "left a bob")
		if n := marked(t, r.log); n != 0 {
			t.Errorf("%d marks when all have left", n)
		}
		if diff := cmp.Diff(said(t, r.log), watcher.data(t)); diff != "" {
			t.Errorf("who may know was sent (-log +sent):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"hello"}, stranger.data(t)); diff != "" {
			t.Errorf("who may not know was sent (-want +got):\n%s", diff)
		}
	})
}

// TestPresenceOff: unless it is asked for, nobody is told of anybody.
func TestPresenceOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		r.come("ann", "a").Close()
		r.wantSaid()
		if page := r.hub.Present(visit{to: "a"}.Group(), 0, 10); page.Total != 0 {
			t.Errorf("listed: %+v", page)
		}
	})
}

// TestPresenceAfterRegistration: when others learn that somebody has come, it misses nothing that they say then; and it
// is listed before.
func TestPresenceAfterRegistration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, telling)
		sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Presence: visits("ann", "a")})
		if err != nil {
			t.Fatal(err)
		}
		r.wantSaid() // it has only asked
		if page := r.hub.Present(visit{to: "a"}.Group(), 0, 10); page.Total != 0 {
			t.Errorf("listed before it was attached: %+v", page)
		}
		hold := make(chan struct{})
		r.log.set(hold, nil)
		s := newSink()
		if _, err := sub.Attach(s); err != nil { // does not wait for the log
			t.Fatal(err)
		}
		synctest.Wait()
		page := r.hub.Present(visit{to: "a"}.Group(), 0, 10)
		if page.Total != 1 || page.Position.Offset != 0 {
			t.Errorf("listed: %+v", page)
		}
		r.log.set(nil, nil)
		close(hold)
		r.wantSaid("came a ann")
		r.publish(update("welcome"))
		synctest.Wait()
		if diff := cmp.Diff([]string{"welcome"}, s.data(t)); diff != "" {
			t.Errorf("it was sent (-want +got):\n%s", diff)
		}
	})
}

// TestPresenceStorm: what comes while the log writes goes in few batches, in order, each once.
func TestPresenceStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 2500
		r := newRig(t, eventlog.Retention{}, telling)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		var subs []*fanout.Subscriber
		for i := range many {
			subs = append(subs, r.come(fmt.Sprint(i), "a"))
		}
		r.log.set(nil, nil)
		close(hold)
		synctest.Wait()
		hold = make(chan struct{})
		r.log.set(hold, nil)
		for _, s := range subs {
			s.Close()
		}
		synctest.Wait()
		r.log.set(nil, nil)
		close(hold)
		synctest.Wait()
		batches, sum := r.log.sizes(), 0
		for _, n := range batches {
			sum += n
			if n > 1000 {
				t.Errorf("a batch of %d", n)
			}
		}
		if sum != 2*many || len(batches) > 20 {
			t.Errorf("%d updates in %d batches, want %d in a few: %v", sum, len(batches), 2*many, batches)
		}
		seen := map[string]int{}
		for _, word := range said(t, r.log) {
			seen[word]++
		}
		if len(seen) != 2*many || marked(t, r.log) != 0 {
			t.Errorf("%d different updates of %d, and %d marks", len(seen), 2*many, marked(t, r.log))
		}
	})
}

// TestPresenceQueueFull: who cannot be told of is not let in; who is in can leave, and nothing is left unsaid.
func TestPresenceQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := telling
		o.Limits.PresenceQueue = 4
		r := newRig(t, eventlog.Retention{}, o)
		wantRefused := func(err error) {
			t.Helper()
			limit, ok := errors.AsType[*hub.LimitError](err)
			if !ok || limit.Limit != "PresenceQueue" || limit.Max != 4 {
				t.Fatalf("error %v, want that of the limit PresenceQueue", err)
			}
			if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{hub.RefusedPresence}) {
				t.Fatalf("refusals %v", got)
			}
		}
		early, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Presence: visits("early", "a")})
		if err != nil {
			t.Fatal(err)
		}
		hold := make(chan struct{})
		r.log.set(hold, nil)
		ann, bob := r.come("ann", "a", "b"), r.come("bob", "a", "b")
		_, err = r.tryCome("eve", "a")
		wantRefused(err)
		_, err = early.Attach(newSink())
		wantRefused(err)
		if _, plain := r.subscribe(hub.Request{Matchers: matchers("a")}); plain.over() {
			t.Error("one whom nobody is told of is concerned")
		}
		ann.Close()
		bob.Close()
		synctest.Wait()
		r.log.set(nil, nil)
		close(hold)
		r.wantSaid("came a ann", "came b ann", "came a bob", "came b bob", "left a ann", "left b ann", "left a bob", "left b bob")
		r.come("eve", "a", "b", "c", "d", "e") // more than the limit at once, when nobody waits
	})
}

// TestPresenceLogFails: what the log could not take is said when it can, once, and in order.
func TestPresenceLogFails(t *testing.T) {
	for _, failure := range []error{eventlog.ErrNoSpace, eventlog.ErrUnavailable, eventlog.ErrOutcomeUnknown} {
		t.Run(failure.Error(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, telling)
				_, watcher := r.subscribe(hub.Request{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()})
				sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Presence: visits("ann", "a")})
				if err != nil {
					t.Fatal(err)
				}
				r.log.set(nil, failure)
				ann, err := sub.Attach(newSink())
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				ann.Close()
				synctest.Wait()
				time.Sleep(time.Second)
				r.wantSaid()
				if got := r.log.sizes(); len(got) > 10 {
					t.Errorf("a log that fails was asked %d times in a second", len(got))
				}
				r.log.set(nil, nil)
				time.Sleep(time.Second)
				r.wantSaid("came a ann", "left a ann")
				if diff := cmp.Diff(said(t, r.log), watcher.data(t)); diff != "" {
					t.Errorf("sent (-log +sent):\n%s", diff)
				}
			})
		})
	}
}

// forgetfulLog has taken batches of which it says that nobody knows.
type forgetfulLog struct {
	*eventlog.Memory
	forget atomic.Bool
}

func (l *forgetfulLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	appended, err := l.Memory.Append(ctx, batch)
	if l.forget.Load() {
		return nil, fmt.Errorf("forgetful: %w", eventlog.ErrOutcomeUnknown)
	}
	return appended, err
}

// TestPresenceOutcomeUnknown: what may have been said is not said twice.
func TestPresenceOutcomeUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &forgetfulLog{Memory: memory(t)}
		log.forget.Store(true)
		o := telling
		o.Log = log
		h, err := hub.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		r := &rig{t: t, hub: h}
		ann := r.come("ann", "a", "b")
		synctest.Wait()
		time.Sleep(2 * time.Second)
		ann.Close()
		synctest.Wait()
		time.Sleep(2 * time.Second)
		log.forget.Store(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"came a ann", "came b ann", "left a ann", "left b ann"}, said(t, log)); diff != "" {
			t.Errorf("the log (-want +got):\n%s", diff)
		}
	})
}

// TestPresenceRecalled: what a hub did not live to say is said by the next one, before it serves, whether or not it
// tells of subscriptions itself.
func TestPresenceRecalled(t *testing.T) {
	for _, on := range []bool{true, false} {
		t.Run(fmt.Sprint(on), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, telling)
				r.come("ann", "a", "b")
				r.come("bob", "a").Close()
				synctest.Wait()
				r.log.set(nil, eventlog.ErrUnavailable) // for ever: it is dead

				next, err := hub.New(hub.Options{Log: r.log.Memory, Subscriptions: on})
				if err != nil {
					t.Fatal(err)
				}
				got := said(t, r.log.Memory)
				slices.Sort(got[4:])
				want := []string{"came a ann", "came b ann", "came a bob", "left a bob", "left a ann", "left b ann"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("the log when the next hub is there (-want +got):\n%s", diff)
				}
				if n := marked(t, r.log.Memory); n != 0 {
					t.Errorf("%d marks are left", n)
				}
				if err := next.Close(); err != nil {
					t.Error(err)
				}
				// That streams were cut too is no reason to keep quiet about it.
				if err := r.hub.Close(); !errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, context.Canceled) {
					t.Errorf("Close of the dead one: %v", err)
				}
			})
		})
	}
}

// TestPresenceRecallUnreadable: a mark that cannot be read is no reason to forget it.
func TestPresenceRecallUnreadable(t *testing.T) {
	log := memory(t)
	_, err := log.Append(t.Context(), []eventlog.Entry{{
		Update: update("x"), Mark: eventlog.Mark{Key: "presence/x/0", Value: "?"},
	}, {
		Update: update("x"), Mark: eventlog.Mark{Key: "of somebody else", Value: "?"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hub.New(hub.Options{Log: log}); err == nil {
		t.Error("no error")
	}
}

// TestPresenceAtShutdown: everybody has left when the hub has ended.
func TestPresenceAtShutdown(t *testing.T) {
	for _, stuck := range []bool{false, true} {
		t.Run(fmt.Sprintf("stuck %t", stuck), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, telling)
				sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Presence: visits("ann", "a")})
				if err != nil {
					t.Fatal(err)
				}
				s := newSink()
				if stuck {
					s.room = 1
				}
				if _, err := sub.Attach(s); err != nil {
					t.Fatal(err)
				}
				r.come("bob", "a")
				synctest.Wait()
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				err = r.hub.Shutdown(ctx)
				if cut := errors.Is(err, context.DeadlineExceeded); cut != stuck || err != nil && !cut {
					t.Errorf("Shutdown: %v", err)
				}
				got := said(t, r.log)
				slices.Sort(got)
				if diff := cmp.Diff([]string{"came a ann", "came a bob", "left a ann", "left a bob"}, got); diff != "" {
					t.Errorf("the log (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestPresenceAtShutdownOfALogThatHangs: the end waits no longer for the log than it may.
func TestPresenceAtShutdownOfALogThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, telling)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		r.come("ann", "a")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := r.hub.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(start); took > 3*time.Second+2*time.Second {
			t.Errorf("Shutdown took %v", took)
		}
		close(hold)
	})
}

// TestPresenceOfWhoIsGoneAtOnce: who ends before it has begun came and left.
func TestPresenceOfWhoIsGoneAtOnce(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, telling)
	const many = 200
	for i := range many {
		sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Presence: visits(fmt.Sprint(i), "a")})
		if err != nil {
			t.Fatal(err)
		}
		s := newSink()
		s.failed = true
		if _, err := sub.Attach(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.hub.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	came := map[string]bool{}
	for _, word := range said(t, r.log) {
		var what, to, name string
		if _, err := fmt.Sscan(word, &what, &to, &name); err != nil {
			t.Fatal(err)
		}
		if before := came[name]; before != (what == "left") {
			t.Errorf("%q, and it had come: %t", word, before)
		}
		came[name] = what == "came"
	}
	if len(came) != many || marked(t, r.log) != 0 {
		t.Errorf("%d of %d came, and %d marks are left", len(came), many, marked(t, r.log))
	}
}
