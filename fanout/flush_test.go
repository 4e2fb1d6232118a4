package fanout

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// busyShard returns a shard with so many live subscribers, to each of which a write takes what writes does.
func busyShard(o Options, subscribers int, writes func(sub int)) (*shard, []*countSink) {
	s := stillShard(o)
	sinks := make([]*countSink, subscribers)
	for i := range sinks {
		sinks[i] = greedy()
		s.goLive(attachTo(s, filterA, 0, &watchSink{sinks[i], func() { writes(i) }}))
	}
	return s, sinks
}

// TestPublishedWhileWriting: what is published during a round of writes goes with them to those who are still to be
// written to, and to the others in the next turn.
func TestPublishedWhileWriting(t *testing.T) {
	const subscribers, during = 4 * aheadOf, aheadOf + 3
	var s *shard
	s, sinks := busyShard(Options{}, subscribers, func(sub int) {
		if sub == during && s.fan.window.head == 1 {
			s.fan.Publish(batchOf(t, 2, 2))
		}
	})
	s.fan.Publish(batchOf(t, 1, 1))
	for turn, want := range []func(sub int) (frames, offers int){
		func(sub int) (frames, offers int) {
			if sub < 2*aheadOf {
				return 1, 1
			}
			return 2, 1
		},
		func(sub int) (frames, offers int) {
			if sub < 2*aheadOf {
				return 2, 2
			}
			return 2, 1
		},
	} {
		s.turn()
		for i, sink := range sinks {
			if frames, offers := want(i); sink.frames != frames || sink.offers != offers {
				t.Fatalf("turn %d, subscriber %d: %d frames in %d writes, want %d in %d", turn, i, sink.frames, sink.offers, frames, offers)
			}
		}
		if again := s.rest() == 0; again != (turn == 0) {
			t.Errorf("turn %d: there is to be another one: %v", turn, again)
		}
	}
}

// TestWaitsOneRound: while more is published than can be written at once, an update waits for one round of writes to all
// subscribers, and not for the rest of one and its place in the next.
func TestWaitsOneRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			subscribers = 10 * aheadOf
			each        = time.Millisecond
			every       = 7 * time.Millisecond
			updates     = 500
			round       = (subscribers + aheadOf) * each // what is published just behind a look waits for the next
		)
		began := time.Now()
		var s *shard
		var sinks []*countSink
		published := 0
		served := make([]int, subscribers)
		publish := func() {
			for published < updates && time.Since(began) >= time.Duration(published)*every {
				published++
				s.fan.Publish(batchOf(t, uint64(published), uint64(published)))
			}
		}
		var longest time.Duration
		s, sinks = busyShard(Options{}, subscribers, func(sub int) {
			time.Sleep(each)
			publish()
			if served[sub] < sinks[sub].frames+len(s.subs[sub].pending) {
				oldest := time.Duration(served[sub]) * every // the next that it gets
				longest = max(longest, time.Since(began)-oldest)
				served[sub] = sinks[sub].frames + len(s.subs[sub].pending)
			}
		})
		for publish(); published < updates || s.rest() == 0 || len(s.mailbox.batches) > 0; publish() {
			s.turn()
		}
		for i, sink := range sinks {
			if sink.frames != updates {
				t.Fatalf("subscriber %d got %d of %d updates", i, sink.frames, updates)
			}
		}
		if sinks[0].offers > updates/4 {
			t.Fatalf("%d writes for %d updates: this is not about more than can be written at once", sinks[0].offers, updates)
		}
		if longest > round+every {
			t.Errorf("an update waited for %v, want at most %v", longest, round+every)
		}
	})
}

// TestGatherIsBounded: no more is taken during a round of writes than a mailbox may hold. What comes then waits there,
// and if that is too much, it is read again as ever.
func TestGatherIsBounded(t *testing.T) {
	const subscribers = 20 * aheadOf
	size := batchOf(t, 1000, 1000).size()
	var s *shard
	var behind int
	last := uint64(0)
	publish := func() {
		last++
		s.fan.Publish(batchOf(t, last, last))
	}
	o := Options{MailboxBytes: 4 * size, Observer: Observer{Behind: func(_ SubscriberID, why BehindReason) {
		if why != BehindOverflow {
			t.Errorf("behind for %v", why)
		}
		behind++
	}}}
	s, sinks := busyShard(o, subscribers, func(sub int) {
		if sub%aheadOf == 0 && last < 3*subscribers/aheadOf {
			publish()
		}
	})
	publish()
	s.turn()
	if got := int(s.head); got < 4 || got > 6 { // one at first, and of small ones four to five fit
		t.Errorf("the shard took %d updates in a turn, of %d", got, last)
	}
	if behind > 0 {
		t.Errorf("%d are behind before the next turn", behind)
	}
	for s.rest() == 0 || len(s.mailbox.batches) > 0 || s.mailbox.overflow {
		s.turn()
	}
	if behind == 0 {
		t.Error("the mailbox did not overflow")
	}
	var got []int
	for _, sink := range sinks {
		got = append(got, sink.frames)
	}
	want := make([]int, subscribers)
	for i := range want {
		want[i] = int(last)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updates of each (-want +got):\n%s", diff)
	}
}

// TestEndedWhileWriting: who expires during a round of writes gets nothing of what was published since, and others do not
// wait for that.
func TestEndedWhileWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *shard
		const during = aheadOf
		s, sinks := busyShard(Options{}, 3*aheadOf, func(sub int) {
			if sub == during && s.fan.window.head == 1 {
				time.Sleep(2 * time.Minute)
				s.fan.Publish(batchOf(t, 2, 2))
			}
		})
		early, late := s.subs[0], s.subs[3*aheadOf-1]
		for _, sub := range []*Subscriber{early, late} {
			sub.leave = &leave{at: time.Now().Add(time.Minute), why: EndExpired, place: -1}
			s.expect(sub)
		}
		s.fan.Publish(batchOf(t, 1, 1))
		s.turn()
		if sink := sinks[0]; !early.ended || sink.frames != 2 { // the first update and the farewell
			t.Errorf("who was written to before: ended %v, %d frames", early.ended, sink.frames)
		}
		if sink := sinks[3*aheadOf-1]; !late.ended || sink.frames != 1 { // the farewell
			t.Errorf("who was to be written to: ended %v, %d frames", late.ended, sink.frames)
		}
		if sinks[1].frames != 1 || sinks[3*aheadOf-2].frames != 2 {
			t.Errorf("others have %d and %d frames, want 1 and 2", sinks[1].frames, sinks[3*aheadOf-2].frames)
		}
	})
}

// TestShutdownWhileWriting: who has something new from during a round of writes gets it before a shutdown's farewell, and
// it does no harm if some of them are gone by then.
func TestShutdownWhileWriting(t *testing.T) {
	for name, gone := range map[string]bool{"all are there": false, "some are gone": true} {
		t.Run(name, func(t *testing.T) {
			const subscribers, during = 3 * aheadOf, aheadOf + 3
			var s *shard
			var sinks []*countSink
			s, sinks = busyShard(Options{}, subscribers, func(sub int) {
				if sub != during || s.fan.window.head != 1 {
					return
				}
				s.fan.Publish(batchOf(t, 2, 2))
				for i := 0; gone && i <= during; i++ {
					s.subs[i].sink = &brokenSink{sinks[i]}
				}
			})
			s.fan.Publish(batchOf(t, 1, 1))
			s.mailbox.post(message{kind: msgShutdown})
			for s.turn(); s.rest() == 0; {
				s.turn()
			}
			for i, sink := range sinks {
				frames, end := 3, "end" // two updates and the farewell
				if gone && i <= during {
					frames, end = 1, "abort"
				}
				if sink.frames != frames || len(sink.ends) != 1 || sink.ends[0] != end {
					t.Errorf("subscriber %d got %d frames and was ended by %q, want %d, %q", i, sink.frames, sink.ends, frames, end)
				}
			}
			if len(s.subs) > 0 {
				t.Errorf("%d subscribers are left", len(s.subs))
			}
		})
	}
}
