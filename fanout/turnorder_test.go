package fanout

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// expiringIn attaches a live subscriber whose leave to receive ends after d.
func expiringIn(s *shard, d time.Duration, sink Sink) *Subscriber {
	sub := attachTo(s, filterA, 0, sink)
	s.goLive(sub)
	sub.leave = &leave{at: time.Now().Add(d), why: EndExpired, place: -1}
	s.expect(sub)
	return sub
}

// TestExpiredGetNothing: a turn may be late, because the loop was busy or the machine has slept. What was published
// meanwhile is not for those whose leave has ended.
func TestExpiredGetNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stillShard(Options{})
		var wrote []string
		sink := func(name string) Sink {
			return &watchSink{countSink: greedy(), offered: func() { wrote = append(wrote, name) }}
		}
		late, good := expiringIn(s, time.Minute, sink("late")), expiringIn(s, time.Hour, sink("good"))
		time.Sleep(2 * time.Minute)
		b := batchOf(t, 1, 1)
		s.mailbox.put(b, b.size())
		s.turn()
		if !late.ended || late.pos != 0 {
			t.Errorf("ended %v, at position %d; want ended at 0", late.ended, late.pos)
		}
		if good.ended || good.pos != 1 || strings.Join(wrote, " ") != "late good" { // the farewell first
			t.Errorf("the other has ended: %v; written: %q", good.ended, wrote)
		}
	})
}

// TestExpiredTogether: who ends first does not have written what the others have pending, whose time has come too.
func TestExpiredTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stillShard(Options{})
		first, sink := expiringIn(s, time.Minute, greedy()), &countSink{}
		full := expiringIn(s, time.Minute+1, sink)
		turnOf(s, batchOf(t, 1, 3)) // of which it takes nothing
		time.Sleep(2 * time.Minute)
		sink.room = -1
		full.Drained()
		s.turn()
		if !first.ended || !full.ended || sink.frames != 1 { // the farewell
			t.Errorf("ended: %v, %v; %d frames written behind the end, want the farewell", first.ended, full.ended, sink.frames)
		}
	})
}

// TestDrainedKeepsUp: whose socket has drained by the time of a turn is not behind for want of room.
func TestDrainedKeepsUp(t *testing.T) {
	var behind int
	s := stillShard(Options{PendingBytes: 1, Observer: Observer{Behind: func(SubscriberID, BehindReason) { behind++ }}})
	sink := &countSink{room: len(batchOf(t, 1, 1).Frames[0].Bytes(FormEvent)) - 1} // a byte is left
	sub := attachTo(s, filterA, 0, sink)
	s.goLive(sub)
	turnOf(s, batchOf(t, 1, 1))
	if !sub.blocked || !sub.live {
		t.Fatalf("blocked %v, live %v", sub.blocked, sub.live)
	}
	sink.room = -1
	sub.Drained()
	b := batchOf(t, 2, 2)
	s.mailbox.put(b, b.size())
	s.turn()
	if !sub.live || behind > 0 || len(sub.pending) > 0 {
		t.Errorf("live %v, behind %d times, %d frames pending; want it live", sub.live, behind, len(sub.pending))
	}
}

// TestGoneSaysWhy: why a sink has ended is what it has told, also if an update comes in the same turn.
func TestGoneSaysWhy(t *testing.T) {
	var why EndReason
	s := stillShard(Options{Observer: Observer{Ended: func(_ SubscriberID, r EndReason) { why = r }}})
	sub := attachTo(s, filterA, 0, &brokenSink{countSink: greedy()})
	s.goLive(sub)
	sub.Gone(EndStalled)
	b := batchOf(t, 1, 1)
	s.mailbox.put(b, b.size())
	s.turn()
	if !sub.ended || why != EndStalled {
		t.Errorf("ended %v for %v, want %v", sub.ended, why, EndStalled)
	}
}

// brokenSink is of a connection that is gone.
type brokenSink struct{ *countSink }

func (brokenSink) Offer([][]byte) (int, error) { return 0, ErrClosed }

// TestGoneForAge: a sink whose time has come does not know why that was. What is told is what ends the stream.
func TestGoneForAge(t *testing.T) {
	for _, want := range []EndReason{EndExpired, EndAge} {
		var why EndReason
		s := stillShard(Options{Observer: Observer{Ended: func(_ SubscriberID, r EndReason) { why = r }}})
		sub := attachTo(s, filterA, 0, greedy())
		sub.leave = &leave{at: time.Now().Add(time.Hour), why: want, place: -1}
		s.expect(sub)
		sub.Gone(EndExpired)
		s.turn()
		if !sub.ended || why != want {
			t.Errorf("ended %v for %v, want %v", sub.ended, why, want)
		}
	}
}
