package hub_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// gatedLog is a log in memory of which a test can hold up or fail what the hub asks.
type gatedLog struct {
	*eventlog.Memory

	mu      sync.Mutex
	hold    chan struct{} // Append waits until it is closed
	err     error         // what Append, Verdict and Trim return
	batches []int         // how many updates each Append was given
	trims   int
}

func (l *gatedLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	l.mu.Lock()
	l.batches = append(l.batches, len(batch))
	hold := l.hold
	l.mu.Unlock()
	if hold != nil {
		<-hold
	}
	if err := l.broken(); err != nil {
		return nil, err
	}
	return l.Memory.Append(ctx, batch)
}

func (l *gatedLog) Verdict(ctx context.Context, c eventlog.Cursor, f *eventlog.Filter) (eventlog.Verdict, error) {
	if err := l.broken(); err != nil {
		return eventlog.Verdict{}, err
	}
	return l.Memory.Verdict(ctx, c, f)
}

func (l *gatedLog) Trim(ctx context.Context, now time.Time) error {
	l.mu.Lock()
	l.trims++
	l.mu.Unlock()
	if err := l.broken(); err != nil {
		return err
	}
	return l.Memory.Trim(ctx, now)
}

func (l *gatedLog) broken() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *gatedLog) set(hold chan struct{}, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold, l.err = hold, err
}

func (l *gatedLog) sizes() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]int(nil), l.batches...)
}

// rig is a hub over a gatedLog, and what its Observer was told.
type rig struct {
	t   *testing.T
	hub *hub.Hub
	log *gatedLog

	mu        sync.Mutex
	committed []int
	failed    []error
	trimming  []error
	refused   []hub.RefuseReason
}

// newRig starts a hub. It is closed at the end of the test.
func newRig(t *testing.T, rules eventlog.Retention, o hub.Options) *rig {
	t.Helper()
	memory, err := eventlog.NewMemory(rules)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, log: &gatedLog{Memory: memory}}
	note := func(f func()) {
		r.mu.Lock()
		defer r.mu.Unlock()
		f()
	}
	o.Log = r.log
	o.Observer = hub.Observer{
		Committed:  func(n int) { note(func() { r.committed = append(r.committed, n) }) },
		Failed:     func(_ int, err error) { note(func() { r.failed = append(r.failed, err) }) },
		TrimFailed: func(err error) { note(func() { r.trimming = append(r.trimming, err) }) },
		Refused:    func(why hub.RefuseReason) { note(func() { r.refused = append(r.refused, why) }) },
	}
	if r.hub, err = hub.New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.hub.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		memory.Close()
	})
	return r
}

// refusals returns what was refused since the last call.
func (r *rig) refusals() []hub.RefuseReason {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.refused
	r.refused = nil
	return list
}

func update(data string, topics ...string) eventlog.Update {
	if len(topics) == 0 {
		topics = []string{"a"}
	}
	return eventlog.Update{Topics: topics, Data: data}
}

func (r *rig) publish(updates ...eventlog.Update) []hub.Receipt {
	r.t.Helper()
	var receipts []hub.Receipt
	for _, u := range updates {
		receipt, err := r.hub.Publish(r.t.Context(), u, topic.All())
		if err != nil {
			r.t.Fatalf("Publish: %v", err)
		}
		receipts = append(receipts, receipt)
	}
	return receipts
}

func matchers(topics ...string) topic.Matchers {
	var ms topic.Matchers
	for _, t := range topics {
		ms = append(ms, topic.Exact(t))
	}
	return ms
}

// subscribe attaches a subscriber that reads everything at once.
func (r *rig) subscribe(request hub.Request) (*hub.Subscription, *sink) {
	r.t.Helper()
	sub, err := r.hub.Subscribe(r.t.Context(), request)
	if err != nil {
		r.t.Fatalf("Subscribe: %v", err)
	}
	s := &sink{seen: &happenings{count: map[string]int{}}, room: 1 << 30}
	if _, err := sub.Attach(s); err != nil {
		r.t.Fatalf("Attach: %v", err)
	}
	return sub, s
}

// events returns what a sink got since the last call.
func (s *sink) events(t *testing.T) []sse.Event {
	t.Helper()
	var list []sse.Event
	for e, err := range sse.Read(strings.NewReader(s.complete()), sse.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// data returns the data of the updates that a sink got since the last call.
func (s *sink) data(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, e := range s.events(t) {
		if !strings.HasPrefix(e.Type, "tidings.") {
			list = append(list, e.Data)
		}
	}
	return list
}

var _ fanout.Sink = (*sink)(nil)
