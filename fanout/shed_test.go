package fanout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stories returns an Observer that notes what happens, and how a subscriber fared.
func stories() (Observer, func(*Subscriber) []string) {
	told := map[SubscriberID][]string{}
	o := Observer{
		Behind: func(id SubscriberID, why BehindReason) { told[id] = append(told[id], "behind "+why.String()) },
		Live:   func(id SubscriberID) { told[id] = append(told[id], "live") },
		Ended:  func(id SubscriberID, why EndReason) { told[id] = append(told[id], "ended "+why.String()) },
	}
	return o, func(sub *Subscriber) []string { return told[sub.id] }
}

// liveTo attaches a live subscriber whose sink has room for so many whole frames and so many bytes more.
func liveTo(s *shard, b *Batch, frames, bytes int) *Subscriber {
	sink := &countSink{room: bytes}
	for _, f := range b.Frames[:frames] {
		sink.room += len(f.Bytes(FormEvent))
	}
	sub := attachTo(s, filterA, 0, sink)
	sub.id = NewSubscriberID()
	s.goLive(sub)
	return sub
}

// keepBudgets lets a shard see to the budget, and all take their turns until nothing is asked of any.
func keepBudgets(s *shard) {
	s.keepBudget()
	for range 4 {
		for _, other := range s.fan.shards {
			other.turn()
		}
	}
}

// wantStories compares what was told of each subscriber, the first "live" left out.
func wantStories(t *testing.T, of func(*Subscriber) []string, want map[*Subscriber][]string) {
	t.Helper()
	for sub, story := range want {
		if diff := cmp.Diff(story, of(sub)[1:], equateEmpty); diff != "" {
			t.Errorf("subscriber number %d (-want +got):\n%s", sub.at, diff)
		}
	}
}

// TestShedOrder: first whoever is blocked gives up what he has not begun; if that is not enough, those end who have
// begun the oldest updates, no more of them than it takes. Who keeps up is not touched, and neither is who holds
// nothing.
func TestShedOrder(t *testing.T) {
	o, story := stories()
	s := stillShard(Options{WindowBytes: 1, Observer: o})
	b := batchOf(t, 1, 4)
	later := liveTo(s, b, 1, 5) // has begun the second update
	early := liveTo(s, b, 0, 5) // the first
	unbegun := liveTo(s, b, 2, 0)
	keeps := liveTo(s, b, 4, 1000)
	turnOf(s, b)
	wantUsed(t, "blocked", &s.fan.budget, sizes(b.Frames...))

	s.fan.budget.limit = sizes(b.Frames...)
	keepBudgets(s)
	wantStories(t, story, map[*Subscriber][]string{later: nil, early: nil, unbegun: nil, keeps: nil})

	s.fan.budget.limit--
	keepBudgets(s)
	behind := []string{"behind memory"}
	wantStories(t, story, map[*Subscriber][]string{later: behind, early: behind, unbegun: behind, keeps: nil})
	wantUsed(t, "what is begun is left", &s.fan.budget, sizes(b.Frames[:2]...))
	if early.pos != 1 || later.pos != 2 || unbegun.pos != 2 {
		t.Errorf("positions %d, %d, %d; want 1, 2, 2", early.pos, later.pos, unbegun.pos)
	}

	s.fan.budget.limit = sizes(b.Frames[:2]...) - 1
	keepBudgets(s)
	ended := []string{"behind memory", "ended memory"}
	wantStories(t, story, map[*Subscriber][]string{later: behind, early: ended, unbegun: behind, keeps: nil})
	wantUsed(t, "the older one is gone", &s.fan.budget, sizes(b.Frames[1]))
	if diff := cmp.Diff([]string{"abort"}, early.sink.(*countSink).ends); diff != "" {
		t.Errorf("its sink's end (-want +got):\n%s", diff)
	}

	s.fan.budget.limit = 0
	keepBudgets(s)
	wantStories(t, story, map[*Subscriber][]string{later: ended, unbegun: behind, keeps: nil})
	wantUsed(t, "nothing is left", &s.fan.budget, 0)
	if keeps.sink.(*countSink).frames != 4 || !keeps.live {
		t.Error("who keeps up was touched")
	}
}

// TestShedTakesNoMoreThanItNeeds: when enough is let go of, the others stay live.
func TestShedTakesNoMoreThanItNeeds(t *testing.T) {
	o, story := stories()
	s := stillShard(Options{WindowBytes: 1, Observer: o})
	b := batchOf(t, 1, 4)
	first, second := liveTo(s, b, 0, 0), liveTo(s, b, 3, 0) // holds only what the first one holds too
	turnOf(s, b)
	s.fan.budget.limit = sizes(b.Frames[3])
	keepBudgets(s)
	wantStories(t, story, map[*Subscriber][]string{first: {"behind memory"}, second: nil})
	if !second.live || len(second.pending) != 1 {
		t.Errorf("live %v, %d frames pending", second.live, len(second.pending))
	}
}

// TestShedOfWhoIsBehindAlready: what it was handed is given up, and read again when it drains.
func TestShedOfWhoIsBehindAlready(t *testing.T) {
	s := stillShard(Options{WindowBytes: 1})
	turnOf(s, batchOf(t, 1, 5))
	b := batchOf(t, 1, 5)
	sink := &countSink{room: len(b.Frames[0].Bytes(FormEvent))}
	sub := attachTo(s, filterA, 0, sink)
	s.catchUp()
	s.receive(sub, &chunk{frames: b.Frames, to: 5})
	if sub.pos != 5 || len(sub.pending) != 4 {
		t.Fatalf("position %d, %d frames pending", sub.pos, len(sub.pending))
	}
	s.fan.budget.limit = 0
	keepBudgets(s)
	if sub.pos != 1 || len(sub.pending) > 0 || sub.ended {
		t.Errorf("position %d, %d frames pending, ended %v", sub.pos, len(sub.pending), sub.ended)
	}
	wantUsed(t, "given up", &s.fan.budget, 0)
	sink.room = -1
	s.handle([]message{{kind: msgDrained, sub: sub}})
	s.flush(0)
	s.catchUp()
	if !sub.reading {
		t.Error("it does not go on")
	}
}

// TestCutSparesWhoHasDrained: a socket that has room again is about to take what it has begun.
func TestCutSparesWhoHasDrained(t *testing.T) {
	o, story := stories()
	s := stillShard(Options{WindowBytes: 1, Observer: o})
	b := batchOf(t, 1, 2)
	drained, stuck := liveTo(s, b, 0, 5), liveTo(s, b, 1, 5)
	turnOf(s, b)
	s.fan.budget.limit = 0
	drained.sink.(*countSink).room = -1
	s.handle([]message{{kind: msgDrained, sub: drained}, {kind: msgShed}, {kind: msgCut}})
	s.flush(0)
	wantStories(t, story, map[*Subscriber][]string{drained: {"behind memory"}, stuck: {"behind memory", "ended memory"}})
	if drained.sink.(*countSink).frames == 0 {
		t.Error("it was not written to")
	}
}

// TestShedBeforeCut: as long as some shard holds what can be read again, nobody is ended.
func TestShedBeforeCut(t *testing.T) {
	for _, first := range []int{0, 1} {
		o, story := stories()
		f := stillFanout(lineageLog{}, Options{Shards: 2, WindowBytes: 1, Observer: o})
		b := batchOf(t, 1, 4)
		begun, unbegun := liveTo(f.shards[0], b, 0, 5), liveTo(f.shards[1], b, 1, 0)
		for _, s := range f.shards {
			s.deliver(b)
			s.flush(0)
		}
		f.budget.limit = sizes(b.Frames[0])
		keepBudgets(f.shards[first])
		wantStories(t, story, map[*Subscriber][]string{begun: {"behind memory"}, unbegun: {"behind memory"}})
		wantUsed(t, "what is begun is left", &f.budget, sizes(b.Frames[0]))
	}
}

// TestShedAsksTheOtherShards, once for each time that the limit is passed.
func TestShedAsksTheOtherShards(t *testing.T) {
	o, story := stories()
	f := stillFanout(lineageLog{}, Options{Shards: 2, WindowBytes: 1, Observer: o})
	quiet, full := f.shards[0], f.shards[1]
	asked := func(s *shard) int {
		n := 0
		for _, m := range s.mailbox.messages {
			if m.kind == msgShed {
				n++
			}
		}
		return n
	}
	for offset := uint64(1); offset <= 6; offset += 3 {
		b := batchOf(t, offset, offset+2)
		sub := liveTo(full, b, 0, 0)
		turnOf(full, b)
		f.budget.limit = 1
		quiet.keepBudget()
		quiet.keepBudget()
		if asked(quiet) != 1 || asked(full) != 1 || f.budget.round.Load() == 0 {
			t.Fatalf("asked %d and %d times, want once each", asked(quiet), asked(full))
		}
		full.turn()
		wantStories(t, story, map[*Subscriber][]string{sub: {"behind memory"}})
		wantUsed(t, "after the other shard's turn", &f.budget, 0)
		quiet.turn() // answers its own question
		if f.budget.round.Load() != 0 {
			t.Error("the round is not over though the limit is kept")
		}
		full.finish(sub, EndGone)
		f.budget.limit = 1 << 20
	}
}
