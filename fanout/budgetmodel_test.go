package fanout

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/logtest"
	"github.com/tidings-hub/tidings/internal/bubbletest"
)

// TestBudgetModel plays subscribers with sockets of every quality on two shards, and compares after every step what
// the budget counts with what is really held. It also asserts that what makes this hard has happened.
func TestBudgetModel(t *testing.T) {
	happened := &tally{count: map[string]int{}}
	rapid.Check(t, func(rt *rapid.T) {
		bubbletest.Run(t, rt, func(*testing.T) {
			w := newBudgetWorld(rt, happened)
			defer w.close()
			rt.Repeat(map[string]func(*rapid.T){
				"publish": w.publish,
				"attach":  w.attach,
				"flow":    w.flow,
				"turn":    w.turn,
				"relieve": w.relieve,
				"drain":   w.drain,
				"leave":   w.leave,
				"wait":    func(*rapid.T) { time.Sleep(6 * time.Second) },
				"":        w.check,
			})
			w.settle(rt)
		})
	})
	for _, what := range []string{
		"behind slow", "behind memory", "behind overflow", "ended memory", "ended gone", "ended closed", "live",
		"log read", "on its way", "kept", "pinned", "pinned and compressed", "held by two", "over",
	} {
		if happened.count[what] == 0 {
			t.Errorf("%q never happened: the test does not test it", what)
		}
	}
	t.Logf("happened: %v", happened.count)
}

// tally counts what happens.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[what]++
}

// budgetWorld is a fan-out whose shards take their turns when they are told to.
type budgetWorld struct {
	log      *eventlog.Memory
	fan      *Fanout
	subs     []*Subscriber
	happened *tally
}

func newBudgetWorld(rt *rapid.T, happened *tally) *budgetWorld {
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		rt.Fatal(err)
	}
	w := &budgetWorld{log: log, happened: happened}
	w.fan = stillFanout(log, Options{
		Shards: 2, Readers: 1, WindowBytes: 1500, KeptBytes: 1500, BufferLimit: 6000,
		MailboxBytes: 4000, PendingBytes: 300, ChunkBytes: 400,
		Observer: Observer{
			Live:    func(SubscriberID) { happened.add("live") },
			Behind:  func(_ SubscriberID, why BehindReason) { happened.add("behind " + why.String()) },
			Ended:   func(_ SubscriberID, why EndReason) { happened.add("ended " + why.String()) },
			LogRead: func(int) { happened.add("log read") },
		},
	})
	return w
}

func (w *budgetWorld) close() {
	w.fan.readers.close()
	w.log.Close()
}

func (w *budgetWorld) publish(rt *rapid.T) {
	updates := make([]eventlog.Update, rapid.IntRange(1, 6).Draw(rt, "updates"))
	for i := range updates {
		updates[i] = eventlog.Update{
			Topics: []string{rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "topic")},
			Data:   strings.Repeat("x", rapid.IntRange(0, 400).Draw(rt, "size")),
		}
	}
	appended, err := w.log.Append(context.Background(), logtest.Entries(updates...))
	if err != nil {
		rt.Fatal(err)
	}
	records := make([]*eventlog.Record, len(appended))
	for i, a := range appended {
		records[i] = a.Record
	}
	b, err := NewBatch(records)
	if err != nil {
		rt.Fatal(err)
	}
	w.fan.Publish(b)
}

var modelForms = []Form{FormEvent, FormChunk, FormGzip, FormGzip | FormChunk}

func (w *budgetWorld) attach(rt *rapid.T) {
	w.subs = w.connected()
	if len(w.subs) >= 6 {
		return
	}
	filters := []*eventlog.Filter{filterA, filterB, filterAny}
	o := Subscription{
		ID: NewSubscriberID(), Filter: filters[rapid.IntRange(0, 2).Draw(rt, "filter")],
		After: w.log.Head() / rapid.Uint64Range(1, 4).Draw(rt, "part"), Signals: rapid.Bool().Draw(rt, "signals"),
	}
	sink := &countSink{form: rapid.SampledFrom(modelForms).Draw(rt, "form"), room: rapid.SampledFrom([]int{-1, 0, 30, 300, 1000, 3000}).Draw(rt, "room")}
	sub, err := w.fan.Attach(o, sink)
	if err != nil {
		rt.Fatal(err)
	}
	w.subs = append(w.subs, sub)
}

func (w *budgetWorld) connected() []*Subscriber {
	var list []*Subscriber
	for _, sub := range w.subs {
		if !sub.ended {
			list = append(list, sub)
		}
	}
	return list
}

// flow publishes to shards that do not lag behind.
func (w *budgetWorld) flow(rt *rapid.T) {
	for range rapid.IntRange(1, 4).Draw(rt, "batches") {
		w.publish(rt)
		for _, s := range w.fan.shards {
			w.turnOf(rt, s)
		}
	}
}

func (w *budgetWorld) turn(rt *rapid.T) {
	w.turnOf(rt, w.fan.shards[rapid.IntRange(0, 1).Draw(rt, "shard")])
}

// turnOf lets a shard take its turn. While too much is held it holds nothing that can be read again then.
func (w *budgetWorld) turnOf(rt *rapid.T, s *shard) {
	s.turn()
	synctest.Wait() // what the reader sends meanwhile counts too
	s.keepBudget()
	if w.fan.budget.over() <= 0 {
		return
	}
	w.happened.add("over")
	for _, sub := range s.subs {
		if sub.pinned && sub.firstUnbegun() < len(sub.pending) {
			rt.Fatalf("%d bytes too much are held, but a subscriber holds what it could read again", w.fan.budget.over())
		}
	}
}

// relieve lets all shards do what is asked of them. If too much is held then, it is not by subscribers.
func (w *budgetWorld) relieve(rt *rapid.T) {
	for asked, rounds := true, 0; asked && rounds < 100; rounds++ {
		asked = false
		for _, s := range w.fan.shards {
			w.turnOf(rt, s)
		}
		for _, s := range w.fan.shards {
			asked = asked || len(w.messages(s)) > 0
		}
	}
	if w.fan.budget.over() <= 0 {
		return
	}
	for _, sub := range w.connected() {
		if sub.pinned && len(sub.pending) > 0 {
			rt.Fatalf("%d bytes too much are held, but a subscriber still holds some", w.fan.budget.over())
		}
	}
}

func (w *budgetWorld) drain(rt *rapid.T) {
	for _, sub := range w.connected() {
		if sub.blocked && rapid.Bool().Draw(rt, "this one") {
			sub.sink.(*countSink).room += rapid.SampledFrom([]int{1, 20, 100, 500}).Draw(rt, "bytes")
			sub.Drained()
		}
	}
}

func (w *budgetWorld) leave(rt *rapid.T) {
	if list := w.connected(); len(list) > 3 {
		sub := list[rapid.IntRange(0, len(list)-1).Draw(rt, "subscriber")]
		if rapid.Bool().Draw(rt, "properly") {
			sub.Close()
		} else {
			sub.Gone(EndGone)
		}
	}
}

// kept returns the frames of the chunks that are kept; one that lies in two of them is there twice.
func (w *budgetWorld) kept() []*Frame {
	r := w.fan.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	var frames []*Frame
	for _, k := range r.last.kept {
		frames = append(frames, k.chunk.frames...)
	}
	return frames
}

func (w *budgetWorld) messages(s *shard) []message {
	s.mailbox.mu.Lock()
	defer s.mailbox.mu.Unlock()
	return slices.Clone(s.mailbox.messages)
}

// held returns how often each frame is held by those whom the budget counts.
func (w *budgetWorld) held() map[*Frame]int {
	held := map[*Frame]int{}
	hold := func(who string, frames []*Frame) {
		for _, f := range frames {
			held[f]++
			w.happened.add(who)
			if held[f] == 2 {
				w.happened.add("held by two")
			}
		}
	}
	hold("window", w.fan.window.frames)
	hold("kept", w.kept())
	for _, s := range w.fan.shards {
		for _, m := range w.messages(s) {
			if m.kind == msgChunk {
				hold("on its way", m.chunk.frames)
			}
		}
		for _, m := range s.arrived {
			hold("arrived", m.chunk.frames)
		}
		for _, sub := range s.subs {
			if sub.pinned {
				hold("pinned", sub.pending)
				if len(sub.pending) > 0 && sub.form&FormGzip != 0 {
					w.happened.add("pinned and compressed")
				}
			}
		}
	}
	return held
}

// check compares the count with the frames, and each frame's holders with those who have it.
func (w *budgetWorld) check(rt *rapid.T) {
	synctest.Wait() // the reader
	want := int64(0)
	for f, n := range w.held() {
		want += int64(f.size())
		if f.record != nil { // what else there is counts without its form in a gzip stream if a stream began with it
			want += sizes(f) - int64(f.size())
		} else {
			want += int64(f.holds.Load() >> 32)
		}
		if got := int(uint32(f.holds.Load())); got != n {
			rt.Fatalf("the frame at offset %d has %d holders, want %d", f.Offset(), got, n)
		}
	}
	if got := w.fan.budget.used.Load(); got != want {
		rt.Fatalf("%d bytes are counted, want %d", got, want)
	}
	for _, s := range w.fan.shards {
		pinned := 0
		for _, sub := range s.subs {
			if sub.pinned {
				pinned++
			}
			if between := len(w.messages(s)) == 0 && !sub.dirty; between && len(sub.pending) > 0 && !sub.pinned {
				rt.Fatalf("%d frames pending between two turns are not counted", len(sub.pending))
			}
		}
		if pinned != s.pinned {
			rt.Fatalf("a shard counts %d who hold something, want %d", s.pinned, pinned)
		}
	}
}

// settle ends every stream, properly where its socket takes it. What the window and the kept chunks hold is left.
func (w *budgetWorld) settle(rt *rapid.T) {
	w.fan.post(msgShutdown)
	for range 100 {
		for _, s := range w.fan.shards {
			s.turn()
		}
		for _, sub := range w.connected() {
			if sub.blocked {
				sub.sink.(*countSink).room = -1
				sub.Drained()
			}
		}
		w.check(rt)
	}
	frames := slices.Concat(w.fan.window.frames, w.kept())
	if got, want := w.fan.budget.used.Load(), sizes(frames...); got != want || len(w.connected()) > 0 {
		rt.Fatalf("with %d left, %d bytes are counted, want %d of the window and the kept chunks", len(w.connected()), got, want)
	}
	w.fan.readers.forget()
	if got, want := w.fan.budget.used.Load(), sizes(w.fan.window.frames...); got != want {
		rt.Fatalf("%d bytes are counted, want %d of the window", got, want)
	}
}
