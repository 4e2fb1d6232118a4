package hub_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/bubbletest"
	"github.com/tidings-hub/tidings/topic"
)

// TestPropertyDelivery plays publishers, retention, restarts and subscribers on connections of every quality
// against a model: nothing missing, nothing twice, order kept, or a gap said. It also asserts that what makes
// this hard has really happened.
func TestPropertyDelivery(t *testing.T) {
	seen := &happenings{count: map[string]int{}}
	rapid.Check(t, func(rt *rapid.T) {
		bubbletest.Run(t, rt, func(*testing.T) {
			w := newWorld(rt, seen)
			defer w.close()
			rt.Repeat(map[string]func(*rapid.T){
				"publish":   w.publish,
				"burst":     w.burst,
				"subscribe": w.subscribe,
				"drain":     w.drain,
				"cut":       w.cut,
				"return":    w.comeBack,
				"wait":      w.wait,
				"restart":   w.restart,
				"":          w.check,
			})
			w.settle()
		})
	})
	for _, what := range []string{
		"behind slow", "behind overflow", "behind memory", "live", "ended memory", "ended stalled", "ended gone", "ended overtaken", "overtaken",
		"log read", "partial take", "resumed", "gap retention", "gap lineage", "gap unknown-id", "ping",
	} {
		if seen.count[what] == 0 {
			t.Errorf("%q never happened: the test does not test it", what)
		}
	}
	t.Logf("happened: %v", seen.count)
}

type happenings struct {
	mu    sync.Mutex
	count map[string]int
}

func (h *happenings) add(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count[what]++
}

// world is a hub, its model, and the clients that watch it.
type world struct {
	hub     *hub.Hub
	log     *eventlog.Memory
	seen    *happenings
	updates []*published // of the present log, by offset-1
	clients []*client
	serial  int
}

// published is an update as the model knows it.
type published struct {
	eventlog.Update
	offset uint64
	id     string
}

const (
	modelRecords = 24 // what the log keeps: little, so that retention overtakes
	modelStall   = 40 * time.Second
)

func newWorld(rt *rapid.T, seen *happenings) *world {
	w := &world{seen: seen}
	w.start(rt)
	return w
}

func (w *world) start(t rapid.TB) {
	var err error
	if w.log, err = eventlog.NewMemory(eventlog.Retention{MaxRecords: modelRecords, MaxAge: 5 * time.Minute}); err != nil {
		t.Fatal(err)
	}
	w.updates = nil
	w.hub, err = hub.New(hub.Options{
		Log:       w.log,
		GapReplay: 5,
		Fanout: fanout.Options{
			Shards: 2, Stall: modelStall,
			WindowBytes: 3000, MailboxBytes: 900, PendingBytes: 150, ChunkBytes: 400, Readers: 2,
			KeptBytes: 1500, BufferLimit: 4800,
			Observer: fanout.Observer{
				Live:      func(fanout.SubscriberID) { w.seen.add("live") },
				Behind:    func(_ fanout.SubscriberID, why fanout.BehindReason) { w.seen.add("behind " + why.String()) },
				Overtaken: func(fanout.SubscriberID) { w.seen.add("overtaken") },
				Ended:     func(_ fanout.SubscriberID, why fanout.EndReason) { w.seen.add("ended " + why.String()) },
				LogRead:   func(int) { w.seen.add("log read") },
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) close() {
	w.hub.Close()
	w.log.Close()
	synctest.Wait()
}

var modelTopics = []string{"a", "b", "c"}

func drawUpdate(rt *rapid.T, serial int) eventlog.Update {
	u := eventlog.Update{
		Topics:  rapid.SliceOfNDistinct(rapid.SampledFrom(modelTopics), 1, 2, rapid.ID).Draw(rt, "topics"),
		Private: rapid.IntRange(0, 3).Draw(rt, "private") == 0,
		Data:    strconv.Itoa(serial) + " " + strings.Repeat("x", rapid.IntRange(0, 80).Draw(rt, "size")),
	}
	if rapid.IntRange(0, 3).Draw(rt, "own id") == 0 {
		u.ID = fmt.Sprintf("own-%d", serial)
	}
	return u
}

func (w *world) publish(rt *rapid.T) { w.publishAll(rt, rapid.IntRange(1, 3).Draw(rt, "n")) }
func (w *world) burst(rt *rapid.T)   { w.publishAll(rt, rapid.IntRange(10, 40).Draw(rt, "n")) }

// publishAll publishes n updates at once, so that batches and the race between committer and shards are real.
func (w *world) publishAll(rt *rapid.T, n int) {
	updates := make([]eventlog.Update, n)
	for i := range updates {
		w.serial++
		updates[i] = drawUpdate(rt, w.serial)
	}
	receipts := make([]hub.Receipt, n)
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range updates {
		group.Go(func() { receipts[i], errs[i] = w.hub.Publish(context.Background(), updates[i], topic.All()) })
	}
	group.Wait()
	added := make([]*published, n)
	for i, r := range receipts {
		if errs[i] != nil {
			rt.Fatalf("publish: %v", errs[i])
		}
		added[i] = &published{Update: updates[i], offset: r.Position.Offset, id: r.ID}
	}
	slices.SortFunc(added, func(a, b *published) int { return int(a.offset) - int(b.offset) })
	for _, p := range added {
		if p.offset != uint64(len(w.updates))+1 {
			rt.Fatalf("offset %d after %d updates", p.offset, len(w.updates))
		}
		w.updates = append(w.updates, p)
	}
}

func (w *world) subscribe(rt *rapid.T) {
	if len(w.clients) >= 6 {
		return
	}
	c := &client{world: w, signals: rapid.Bool().Draw(rt, "signals")}
	for _, t := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "*"}), 1, 3, rapid.ID).Draw(rt, "matchers") {
		c.filter.Matchers = append(c.filter.Matchers, topic.Exact(t))
	}
	if rapid.Bool().Draw(rt, "granted") {
		c.filter.Grant.Subscribe = topic.Matchers{topic.Exact(rapid.SampledFrom(modelTopics).Draw(rt, "grant"))}
	}
	w.clients = append(w.clients, c)
	c.connect(rt)
}

func (w *world) drain(rt *rapid.T) {
	if c := w.draw(rt, true); c != nil {
		c.sink.drain(rapid.SampledFrom([]int{1, 7, 50, 300, 5000}).Draw(rt, "bytes"))
	}
}

func (w *world) cut(rt *rapid.T) {
	if c := w.draw(rt, true); c != nil {
		c.sink.fail()
	}
}

func (w *world) comeBack(rt *rapid.T) {
	if c := w.draw(rt, false); c != nil {
		c.connect(rt)
	}
}

func (w *world) draw(rt *rapid.T, connected bool) *client {
	var some []*client
	for _, c := range w.clients {
		if !c.sink.over() == connected {
			some = append(some, c)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return rapid.SampledFrom(some).Draw(rt, "client")
}

func (w *world) wait(rt *rapid.T) {
	time.Sleep(rapid.SampledFrom([]time.Duration{time.Second, 16 * time.Second, 2 * modelStall, 4 * time.Minute}).Draw(rt, "time"))
}

// restart ends the hub together with its log in memory: offsets begin anew, and no old cursor is good.
func (w *world) restart(rt *rapid.T) {
	if rapid.IntRange(0, 4).Draw(rt, "really") != 0 {
		return
	}
	w.close()
	for _, c := range w.clients {
		c.read(rt)
	}
	w.start(rt)
	for _, c := range w.clients {
		c.served, c.gapped, c.told = 0, false, 0
	}
}

func (w *world) check(rt *rapid.T) {
	synctest.Wait()
	for _, c := range w.clients {
		c.read(rt)
	}
}

// settle lets everybody come back and read everything, and asserts that nobody misses anything then.
func (w *world) settle() {
	synctest.Wait()
	for _, c := range w.clients {
		for range 50 {
			c.read(c.t)
			if c.sink.over() {
				c.connect(c.t)
			}
			c.sink.drain(1 << 20)
			synctest.Wait()
		}
		c.read(c.t)
		if want := c.next(); want != nil {
			c.t.Fatalf("client %v served up to %d was never sent offset %d (head %d)", c.filter.Matchers, c.served, want.offset, len(w.updates))
		}
	}
}
