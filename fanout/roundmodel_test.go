package fanout

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/logtest"
	"github.com/tidings-hub/tidings/internal/bubbletest"
)

// TestRoundModel plays a shard that is published to, that others come to and that time goes by for while it writes: in
// the middle of its rounds of writes, and between them. Each subscriber gets what its filter selects behind where it
// began, once and in order, to the last update if it stays, and up to some update if it goes.
func TestRoundModel(t *testing.T) {
	happened := &tally{count: map[string]int{}}
	rapid.Check(t, func(rt *rapid.T) {
		bubbletest.Run(t, rt, func(*testing.T) {
			w := newRoundWorld(rt, happened)
			defer w.close()
			rt.Repeat(map[string]func(*rapid.T){
				"publish": w.drawn(w.publish),
				"attach":  w.drawn(func() { w.attach(1 + w.random.IntN(3*aheadOf)) }),
				"turn":    w.drawn(w.turn),
				"turns":   w.drawn(func() { w.turns(2 + w.random.IntN(8)) }),
				"drain":   w.drawn(func() { w.drain(w.one(1, 50, 500, 5000)) }),
				"leave":   w.drawn(w.leave),
				"wait":    w.drawn(func() { time.Sleep(time.Duration(1+w.random.IntN(40)) * time.Second) }),
			})
			w.settle()
		})
	})
	for _, what := range []string{
		"published in a round", "expired in a round", "left in a round", "attached in a round", "shut down in a round", "gathered",
		"behind slow", "behind overflow", "ended expired", "ended gone", "ended closed", "ended shutdown", "live", "log read",
	} {
		if happened.count[what] == 0 {
			t.Errorf("%q never happened: the test does not test it", what)
		}
	}
	t.Logf("happened: %v", happened.count)
}

// roundWorld is a fan-out of which the only shard takes its turns when it is told to.
type roundWorld struct {
	rt       *rapid.T
	random   *rand.Rand // not rapid's: in which order those are written to who want the same is the index's to say
	log      *eventlog.Memory
	fan      *Fanout
	shard    *shard
	subs     []*roundSink
	happened *tally
	calm     bool // nothing happens in the middle of a round any more
	inRound  bool
	shut     bool
}

func newRoundWorld(rt *rapid.T, happened *tally) *roundWorld {
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		rt.Fatal(err)
	}
	w := &roundWorld{rt: rt, log: log, happened: happened}
	w.fan = stillFanout(log, Options{
		Shards: 1, Readers: 1, WindowBytes: 3000, KeptBytes: 3000,
		MailboxBytes: rapid.SampledFrom([]int{2000, 20000, 1 << 20}).Draw(rt, "mailbox"), PendingBytes: 1000, ChunkBytes: 800,
		Observer: Observer{
			Live:    func(SubscriberID) { happened.add("live") },
			Behind:  func(_ SubscriberID, why BehindReason) { happened.add("behind " + why.String()) },
			Ended:   func(_ SubscriberID, why EndReason) { happened.add("ended " + why.String()) },
			LogRead: func(int) { happened.add("log read") },
		},
	})
	w.shard = w.fan.shards[0]
	return w
}

func (w *roundWorld) close() {
	w.fan.readers.close()
	w.log.Close()
}

// drawn returns an action with luck of its own.
func (w *roundWorld) drawn(action func()) func(*rapid.T) {
	return func(rt *rapid.T) {
		w.random = rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "luck"), 0))
		action()
	}
}

func (w *roundWorld) one(of ...int) int { return of[w.random.IntN(len(of))] }

// publish publishes some updates, each of which says its offset.
func (w *roundWorld) publish() {
	updates := make([]eventlog.Update, 1+w.random.IntN(4))
	for i := range updates {
		updates[i] = eventlog.Update{
			Topics: []string{[]string{"a", "b"}[w.random.IntN(2)]},
			Data:   fmt.Sprintf("%d %s", w.log.Head()+1+uint64(i), strings.Repeat("x", w.one(0, 0, 300))),
		}
	}
	appended, err := w.log.Append(context.Background(), logtest.Entries(updates...))
	if err != nil {
		w.rt.Fatal(err)
	}
	records := make([]*eventlog.Record, len(appended))
	for i, a := range appended {
		records[i] = a.Record
	}
	b, err := NewBatch(records)
	if err != nil {
		w.rt.Fatal(err)
	}
	w.fan.Publish(b)
}

// attach lets some come that want the same, from the same place on.
func (w *roundWorld) attach(n int) {
	filters := []*eventlog.Filter{filterA, filterB, filterAny}
	o := Subscription{
		Filter: filters[w.random.IntN(3)],
		After:  w.log.Head() / (1 + w.random.Uint64N(4)),
	}
	room := w.one(-1, -1, -1, 0, 100, 2000)
	if seconds := w.one(0, 0, 1, 30); seconds > 0 {
		o.Expires, o.ExpiresWhy = time.Now().Add(time.Duration(seconds)*time.Second), EndExpired
	}
	for range n {
		if len(w.shard.subs) > 6*aheadOf {
			return
		}
		o.ID = NewSubscriberID()
		sink := &roundSink{countSink: &countSink{room: room}, world: w, filter: o.Filter, after: o.After}
		sub, err := w.fan.Attach(o, sink)
		if err != nil {
			w.rt.Fatal(err)
		}
		sink.sub = sub
		w.subs = append(w.subs, sink)
	}
}

func (w *roundWorld) turn() {
	w.inRound = true
	w.shard.turn()
	w.inRound = false
	if len(w.shard.newer) > 0 { // at the last look of the turn
		w.happened.add("gathered")
	}
	synctest.Wait() // the reader
}

func (w *roundWorld) turns(n int) {
	for range n {
		w.turn()
	}
}

// connected returns those whose streams have not ended.
func (w *roundWorld) connected() []*roundSink {
	return slices.DeleteFunc(slices.Clone(w.subs), func(s *roundSink) bool { return s.sub.ended })
}

func (w *roundWorld) drain(bytes int) {
	for _, s := range w.connected() {
		if s.sub.blocked {
			s.room += bytes
			s.sub.Drained()
		}
	}
}

func (w *roundWorld) leave() {
	list := w.connected()
	if len(list) == 0 {
		return
	}
	s := list[w.random.IntN(len(list))]
	if w.random.IntN(2) == 0 {
		s.sub.Close()
	} else {
		s.gone = true
		s.sub.Gone(EndGone)
	}
}

// interfere is called in the middle of rounds.
func (w *roundWorld) interfere() {
	if w.calm || !w.inRound {
		return
	}
	switch w.random.IntN(60) {
	case 0, 1, 2:
		w.publish()
		w.happened.add("published in a round")
	case 3:
		time.Sleep(20 * time.Second)
		w.happened.add("expired in a round")
	case 4:
		w.leave()
		w.happened.add("left in a round")
	case 5:
		w.attach(3)
		w.happened.add("attached in a round")
	case 6:
		if !w.shut && w.random.IntN(10) == 0 {
			w.shut = true
			w.fan.post(msgShutdown)
			w.happened.add("shut down in a round")
		}
	}
}

// settle lets all have what there is, and looks at what they got.
func (w *roundWorld) settle() {
	w.calm = true
	for range 400 {
		w.turn()
		for _, s := range w.connected() {
			if s.room >= 0 {
				s.room = -1
				if s.sub.blocked {
					s.sub.Drained()
				}
			}
		}
	}
	for _, s := range w.subs {
		s.check(!s.sub.ended)
	}
	if left := len(w.connected()); w.shut && left > 0 {
		w.rt.Fatalf("%d are left behind a shutdown", left)
	}
}

// roundSink is a connection that keeps what it takes.
type roundSink struct {
	*countSink
	world  *roundWorld
	sub    *Subscriber
	filter *eventlog.Filter
	after  uint64
	stream bytes.Buffer
	gone   bool
}

func (s *roundSink) Offer(bufs [][]byte) (int, error) {
	if s.gone && s.world.random.IntN(2) == 0 {
		return 0, ErrClosed
	}
	n, err := s.countSink.Offer(bufs)
	s.stream.Write(bytes.Join(bufs, nil)[:n])
	s.world.interfere()
	return n, err
}

// check compares the updates of the stream with what there was for it: all of it, if it has not ended.
func (s *roundSink) check(all bool) {
	rt := s.world.rt
	var got []uint64
	for frame := range strings.SplitSeq(s.stream.String(), "\n\n") {
		_, data, found := strings.Cut(frame, "data: ")
		number, _, whole := strings.Cut(data, " ")
		if !found || !whole {
			continue
		}
		offset, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			continue // the farewell
		}
		got = append(got, offset)
	}
	want := s.wanted()
	if !all && len(got) < len(want) {
		want = want[:len(got)]
	}
	if !slices.Equal(got, want) {
		rt.Fatalf("a subscriber behind %d got %v, want %v", s.after, got, want)
	}
}

// wanted returns the offsets behind where the stream began that its filter selects.
func (s *roundSink) wanted() []uint64 {
	var list []uint64
	for after, head := s.after, s.world.log.Head(); after < head; {
		chunk, err := s.world.log.Read(context.Background(), eventlog.ReadRequest{After: after, To: head, Filter: s.filter})
		if err != nil {
			s.world.rt.Fatal(err)
		}
		for _, r := range chunk.Records {
			list = append(list, r.Position.Offset)
		}
		after = chunk.ScannedTo
	}
	return list
}
