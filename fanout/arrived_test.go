package fanout

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestArrivedTakesItsTime: what was read from the log for many at once is handed out in several turns, each of which
// writes first what was published meanwhile. Nobody is forgotten, whoever leaves, and nothing of it is held in the end.
func TestArrivedTakesItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stillShard(Options{})
		turnOf(s, batchOf(t, 1, 5))
		s.fan.window.jump(5) // what lies before is in the log alone
		var order []int
		sink := func(name int) Sink {
			return &watchSink{countSink: greedy(), offered: func() {
				order = append(order, name)
				time.Sleep(turnTime / 2)
			}}
		}
		const live, gone = -1, 2
		first := attachTo(s, filterA, 5, sink(live))
		s.catchUp()
		c := &chunk{frames: batchOf(t, 1, 5).Frames, to: 5}
		var behind []*Subscriber
		for i := range 5 {
			sub := attachTo(s, filterA, 0, sink(i))
			behind = append(behind, sub)
		}
		s.catchUp()
		for _, sub := range behind {
			if !sub.reading {
				t.Fatal("no read from the log was asked for")
			}
			s.fan.budget.hold(c.frames...)
			s.mailbox.post(message{kind: msgChunk, sub: sub, chunk: c})
		}
		for turn := 0; turn < 20 && (turn == 0 || s.rest() == 0); turn++ {
			if turn < 3 {
				s.fan.Publish(batchOf(t, uint64(turn+6), uint64(turn+6)))
			}
			s.turn()
			if turn == 0 {
				s.mailbox.post(message{kind: msgGone, sub: behind[gone]})
			}
		}
		if !first.live || s.rest() == 0 {
			t.Errorf("live %v, something is left to do", first.live)
		}
		others := map[int]bool{}
		for _, name := range order[1 : 1+slices.Index(order[1:], live)] {
			others[name] = true
		}
		if len(others) != 2 {
			t.Errorf("what was published in the second turn came behind %d of the others: %v", len(others), order)
		}
		for i, sub := range behind {
			if n := sub.sink.(*watchSink).frames; i == gone && n > 0 || i != gone && (n != 8 || !sub.live) {
				t.Errorf("number %d got %d updates, live %v", i, n, sub.live)
			}
		}
		if got, want := s.fan.budget.used.Load(), sizes(s.fan.window.frames...); got != want {
			t.Errorf("%d bytes are held in the end, want %d of the window", got, want)
		}
	})
}
