package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// flakyLog is a log whose disk fails: the batch is stored in part, and until the log is mended there is nothing
// to be had of it, and nobody knows what was stored.
type flakyLog struct {
	*eventlog.Memory
	mu     sync.Mutex
	breaks bool // at the next Append
	stores int  // so many of its entries
	down   bool
	head   uint64 // as it was known before
	reads  int    // refused
}

// breakAt lets the next Append fail when it has stored so many entries.
func (l *flakyLog) breakAt(stores int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.breaks, l.stores = true, stores
}

func (l *flakyLog) takeDown() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.head = true, l.Memory.Head()
}

func (l *flakyLog) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

func (l *flakyLog) check() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return fmt.Errorf("%w: for a test", eventlog.ErrUnavailable)
	}
	return nil
}

func (l *flakyLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.breaks {
		return l.Memory.Append(ctx, batch)
	}
	l.breaks, l.down, l.head = false, true, l.Memory.Head()
	if _, err := l.Memory.Append(ctx, batch[:l.stores]); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%w: for a test", eventlog.ErrOutcomeUnknown)
}

func (l *flakyLog) Read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	if err := l.check(); err != nil {
		l.mu.Lock()
		l.reads++
		l.mu.Unlock()
		return eventlog.Chunk{}, err
	}
	return l.Memory.Read(ctx, r)
}

func (l *flakyLog) Verdict(ctx context.Context, c eventlog.Cursor, f *eventlog.Filter) (eventlog.Verdict, error) {
	if err := l.check(); err != nil {
		return eventlog.Verdict{}, err
	}
	return l.Memory.Verdict(ctx, c, f)
}

func (l *flakyLog) Head() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return l.head
	}
	return l.Memory.Head()
}

// listener is a subscriber whose connection takes everything.
type listener struct {
	t    testing.TB
	sub  *hub.Subscription
	sink *sink
}

// listen subscribes to everything; change may say otherwise.
func listen(t testing.TB, h *hub.Hub, change func(*hub.Request)) *listener {
	t.Helper()
	l := prepare(t, h, change)
	l.attach()
	return l
}

// prepare subscribes without beginning the stream.
func prepare(t testing.TB, h *hub.Hub, change func(*hub.Request)) *listener {
	t.Helper()
	r := hub.Request{Matchers: topic.Matchers{topic.Any()}}
	if change != nil {
		change(&r)
	}
	sub, err := h.Subscribe(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return &listener{t: t, sub: sub, sink: &sink{seen: &happenings{count: map[string]int{}}, room: 1 << 30}}
}

func (l *listener) attach() {
	l.t.Helper()
	if _, err := l.sub.Attach(l.sink); err != nil {
		l.t.Fatal(err)
	}
}

// read returns the events that have come since the last call.
func (l *listener) read() []sse.Event {
	l.t.Helper()
	var events []sse.Event
	for e, err := range sse.Read(strings.NewReader(l.sink.complete()), sse.Options{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// want compares the data of the updates that have come since the last call, once nothing moves any more.
func (l *listener) want(data ...string) {
	l.t.Helper()
	synctest.Wait()
	var got []string
	for _, e := range l.read() {
		got = append(got, e.Data)
	}
	if diff := cmp.Diff(data, got, cmpopts.EquateEmpty()); diff != "" {
		l.t.Errorf("events (-want +got):\n%s", diff)
	}
}

func publishData(t testing.TB, h *hub.Hub, name string, data ...string) {
	t.Helper()
	for _, d := range data {
		if o := submit(h, name, d, ""); o.Err != nil {
			t.Fatal(o.Err)
		}
	}
}

func fromEarliest(r *hub.Request) { r.Cursor = eventlog.ParseCursor(eventlog.Earliest) }

// tinyWindow makes subscribers that are behind read the log.
func tinyWindow() fanout.Options {
	return fanout.Options{Shards: 2, WindowBytes: 200, MailboxBytes: 200, PendingBytes: 100, ChunkBytes: 64, Readers: 1}
}

// TestRecover: what a log that has failed turns out to hold is sent to the subscribers, once, in order, and before
// anything newer; its publishers were told that nobody knows.
func TestRecover(t *testing.T) {
	for _, stored := range []int{0, 2, 3} {
		for _, atOnce := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d of 3 stored, published at once %v", stored, atOnce), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var seen tally
					log := &flakyLog{Memory: memoryLog(t)}
					h := startHub(t, hub.Options{Log: log, Observer: seen.observer()})
					live := listen(t, h, nil)
					publishData(t, h, "a", "1")
					live.want("1")

					log.breakAt(stored)
					batch := []hub.Submission{submission("a", "2", "k2"), submission("a", "3", "k3"), submission("a", "4", "k4")}
					for i, o := range h.PublishAll(t.Context(), batch, topic.All()) {
						if !errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
							t.Errorf("outcome %d: %v", i, o.Err)
						}
					}
					for range 2 {
						o := submit(h, "a", "refused", "")
						if !errors.Is(o.Err, eventlog.ErrUnavailable) || errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
							t.Errorf("while the log is down: %v", o.Err)
						}
						time.Sleep(time.Second)
					}
					live.want()
					if diff := cmp.Diff([]int{3, 1, 1}, seen.failed); diff != "" {
						t.Errorf("failed (-want +got):\n%s", diff)
					}

					log.mend()
					found := []string{"2", "3", "4"}[:stored]
					if !atOnce {
						time.Sleep(time.Second) // nobody publishes
						live.want(found...)
						found = nil
					}
					publishData(t, h, "a", "5")
					live.want(append(found, "5")...)

					// A publisher that tries again finds out.
					for i, o := range h.PublishAll(t.Context(), batch, topic.All()) {
						if o.Err != nil || o.Repeated != (i < stored) {
							t.Errorf("second attempt %d: %+v, %d were stored", i, o, stored)
						}
					}
					live.want([]string{"2", "3", "4"}[stored:]...)
					all := append(append([]string{"1"}, []string{"2", "3", "4"}[:stored]...), "5")
					listen(t, h, fromEarliest).want(append(all, []string{"2", "3", "4"}[stored:]...)...)
				})
			})
		}
	}
}

// TestRecoverMuch: more than one read returns is found.
func TestRecoverMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &flakyLog{Memory: memoryLog(t)}
		h := startHub(t, hub.Options{Log: log})
		live := listen(t, h, nil)
		const n = 10
		batch := make([]hub.Submission, n)
		want := make([]string, n)
		for i := range batch {
			want[i] = fmt.Sprint(i, strings.Repeat("x", 100<<10)) // a read returns 256 KiB
			batch[i] = submission("a", want[i], "")
		}
		log.breakAt(n)
		for _, o := range h.PublishAll(t.Context(), batch, topic.All()) {
			if !errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
				t.Errorf("outcome %v", o.Err)
			}
		}
		log.mend()
		time.Sleep(time.Second)
		live.want(want...)
	})
}

// TestRecoverTwice: a log may fail again while what it holds is looked for.
func TestRecoverTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &flakyLog{Memory: memoryLog(t)}
		h := startHub(t, hub.Options{Log: log})
		live := listen(t, h, nil)
		for i, data := range []string{"1", "2"} {
			log.breakAt(1)
			if o := submit(h, "a", data, ""); !errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
				t.Fatalf("outcome %d: %v", i, o.Err)
			}
			time.Sleep(time.Second)
			log.mend()
		}
		time.Sleep(time.Second)
		live.want("1", "2")
	})
}

// TestSubscribeWhileDown: who comes now is asked to come back; who waits for the past is served when it is there.
func TestSubscribeWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 200) // more than the window holds
		log := &flakyLog{Memory: memoryLog(t)}
		h := startHub(t, hub.Options{Log: log, Fanout: tinyWindow()})
		want := []string{"1" + long, "2" + long, "3" + long}
		publishData(t, h, "a", want...)
		waiting := prepare(t, h, fromEarliest)
		log.takeDown()
		_, err := h.Subscribe(t.Context(), hub.Request{Matchers: topic.Matchers{topic.Any()}})
		if !errors.Is(err, eventlog.ErrUnavailable) {
			t.Errorf("subscribe: %v", err)
		}
		waiting.attach()
		time.Sleep(5 * time.Second)
		waiting.want()
		if log.reads == 0 || waiting.sink.over() {
			t.Errorf("%d reads were refused, the stream is over %v", log.reads, waiting.sink.over())
		}
		log.mend()
		time.Sleep(time.Second)
		waiting.want(want...)
		publishData(t, h, "a", "4")
		waiting.want("4")
	})
}

// TestShutdownWhileDown: a hub whose log does not come back can be ended.
func TestShutdownWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &flakyLog{Memory: memoryLog(t)}
		h := startHub(t, hub.Options{Log: log})
		live := listen(t, h, nil)
		log.breakAt(0)
		if o := submit(h, "a", "lost", ""); !errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
			t.Fatalf("outcome %v", o.Err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := h.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if !live.sink.over() {
			t.Error("the stream has not ended")
		}
	})
}

// TestRecoverWhatRetentionTook: of what is found some is dropped before anybody could be fed with it. Nobody is left in
// silence: who asked for signals is told, and gets what is left; another's stream ends, for the verdict of its return.
func TestRecoverWhatRetentionTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory, err := eventlog.NewMemory(eventlog.Retention{MaxRecords: 2})
		if err != nil {
			t.Fatal(err)
		}
		log := &flakyLog{Memory: memory}
		h := startHub(t, hub.Options{Log: log})
		told := listen(t, h, func(r *hub.Request) { r.Signals = true })
		plain := listen(t, h, nil)
		publishData(t, h, "a", "1")
		plain.want("1")
		synctest.Wait()
		told.read()

		log.breakAt(3)
		batch := []hub.Submission{submission("a", "2", ""), submission("a", "3", ""), submission("a", "4", "")}
		for _, o := range h.PublishAll(t.Context(), batch, topic.All()) {
			if !errors.Is(o.Err, eventlog.ErrOutcomeUnknown) {
				t.Fatal(o.Err)
			}
		}
		if err := memory.Trim(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if floor := memory.Floor(); floor <= 2 {
			t.Fatalf("the floor is %d: nothing that was not fed is dropped", floor)
		}
		log.mend()
		publishData(t, h, "a", "5")
		synctest.Wait()
		var got []string
		for _, e := range told.read() {
			got = append(got, e.Type+e.Data)
		}
		if len(got) < 2 || !strings.HasPrefix(got[0], fanout.SignalGap) || got[len(got)-1] != "5" {
			t.Errorf("who asked for signals got %q, want a gap and then what is left", got)
		}
		if !plain.sink.over() {
			t.Error("the stream without signals goes on in silence")
		}
		after := listen(t, h, nil)
		publishData(t, h, "a", "6")
		after.want("6")
	})
}
