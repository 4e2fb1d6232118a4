package fanout_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/logtest"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// rig is a running fan-out over a log in memory, and what its Observer was told.
type rig struct {
	t   *testing.T
	log *watchedLog
	fan *fanout.Fanout

	mu    sync.Mutex
	told  map[fanout.SubscriberID][]string
	lives []fanout.SubscriberID
	reads []int
	next  int
}

// watchedLog counts reads, and holds them up while hold is not nil.
type watchedLog struct {
	*eventlog.Memory
	mu    sync.Mutex
	reads int
	hold  chan struct{}
	err   error
}

func (l *watchedLog) Read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	l.mu.Lock()
	l.reads++
	hold, err := l.hold, l.err
	l.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return eventlog.Chunk{}, ctx.Err()
		}
	}
	if err != nil {
		return eventlog.Chunk{}, err
	}
	return l.Memory.Read(ctx, r)
}

func (l *watchedLog) set(hold chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold, l.err = hold, err
}

func (l *watchedLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

// newRig starts a fan-out with one shard, unless o says otherwise. It is shut down at the end of the test.
func newRig(t *testing.T, rules eventlog.Retention, o fanout.Options) *rig {
	t.Helper()
	memory, err := eventlog.NewMemory(rules)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, log: &watchedLog{Memory: memory}, told: map[fanout.SubscriberID][]string{}}
	if o.Shards == 0 {
		o.Shards = 1
	}
	tell := func(id fanout.SubscriberID, what string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told[id] = append(r.told[id], what)
		if what == "live" {
			r.lives = append(r.lives, id)
		}
	}
	o.Observer = fanout.Observer{
		Attached:  func(id fanout.SubscriberID) { tell(id, "attached") },
		Live:      func(id fanout.SubscriberID) { tell(id, "live") },
		Behind:    func(id fanout.SubscriberID, why fanout.BehindReason) { tell(id, "behind "+why.String()) },
		Overtaken: func(id fanout.SubscriberID) { tell(id, "overtaken") },
		Ended:     func(id fanout.SubscriberID, why fanout.EndReason) { tell(id, "ended "+why.String()) },
		LogRead: func(n int) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.reads = append(r.reads, n)
		},
	}
	if r.fan, err = fanout.New(r.log, 0, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// close cuts what is left.
func (r *rig) close() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.fan.Shutdown(ctx) // an error only says that something was left to cut
	r.log.Close()
}

// publish publishes updates as one batch, numbered through the rig's life from 1 on.
func (r *rig) publish(n int, topics ...string) {
	r.t.Helper()
	if len(topics) == 0 {
		topics = []string{"a"}
	}
	batch := make([]eventlog.Update, n)
	for i := range batch {
		r.next++
		batch[i] = eventlog.Update{Topics: topics, Data: strconv.Itoa(r.next)}
	}
	r.publishUpdates(batch...)
}

func (r *rig) publishUpdates(updates ...eventlog.Update) {
	r.t.Helper()
	appended, err := r.log.Append(r.t.Context(), logtest.Entries(updates...))
	if err != nil {
		r.t.Fatal(err)
	}
	records := make([]*eventlog.Record, len(appended))
	for i, a := range appended {
		records[i] = a.Record
	}
	b, err := fanout.NewBatch(records)
	if err != nil {
		r.t.Fatal(err)
	}
	r.fan.Publish(b)
}

// numbers returns the data of the updates first to last.
func numbers(first, last int) []string {
	var list []string
	for i := first; i <= last; i++ {
		list = append(list, strconv.Itoa(i))
	}
	return list
}

// reader is a subscriber of a rig.
type reader struct {
	*fakeSink
	rig *rig
	id  fanout.SubscriberID
	sub *fanout.Subscriber
}

// subscriptionOf returns a subscription of the topic "a" from the log's beginning.
func subscriptionOf(topics ...string) fanout.Subscription {
	filter := &eventlog.Filter{}
	for _, t := range topics {
		filter.Matchers = append(filter.Matchers, topic.Exact(t))
	}
	return fanout.Subscription{ID: fanout.NewSubscriberID(), Filter: filter}
}

func (r *rig) attach(o fanout.Subscription, sink *fakeSink) *reader {
	r.t.Helper()
	sub, err := r.fan.Attach(o, sink)
	if err != nil {
		r.t.Fatal(err)
	}
	return &reader{fakeSink: sink, rig: r, id: o.ID, sub: sub}
}

// was returns what the Observer was told of the subscriber.
func (c *reader) was() []string {
	c.rig.mu.Lock()
	defer c.rig.mu.Unlock()
	return append([]string(nil), c.rig.told[c.id]...)
}

// wantStory compares what the Observer was told.
func (c *reader) wantStory(want ...string) {
	c.rig.t.Helper()
	if diff := cmp.Diff(want, c.was()); diff != "" {
		c.rig.t.Errorf("what the Observer was told (-want +got):\n%s", diff)
	}
}

// wantData compares the updates that the peer got.
func (c *reader) wantData(want []string) {
	c.rig.t.Helper()
	if diff := cmp.Diff(want, data(c.events())); diff != "" {
		c.rig.t.Errorf("updates (-want +got):\n%s", diff)
	}
}

func (r *rig) logReads() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]int(nil), r.reads...)
}
