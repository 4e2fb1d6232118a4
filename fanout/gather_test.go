package fanout

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// TestBurstOfBatches: what a turn gathers for a subscriber before it is written is bounded, also if a burst came in
// many small batches, as updates do that are published one by one while a turn lasts.
func TestBurstOfBatches(t *testing.T) {
	for _, tt := range []struct {
		name    string
		batches uint64
		each    uint64
		offers  int
	}{
		{"one by one", 4 * flushEvery, 1, 4},
		{"few", 10, 1, 1},
		{"of a size that does not divide the bound", 20, flushEvery/2 - 1, 10},
		{"of the bound", 3, flushEvery, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := stillShard(Options{})
			sink := &mostSink{countSink: greedy()}
			s.goLive(attachTo(s, filterA, 0, sink))
			for i := range tt.batches {
				s.fan.Publish(batchOf(t, i*tt.each+1, (i+1)*tt.each))
			}
			s.turn()
			if sink.most > flushEvery || sink.offers != tt.offers || sink.frames != int(tt.batches*tt.each) {
				t.Errorf("%d frames in %d writes, of up to %d; want %d writes of at most %d",
					sink.frames, sink.offers, sink.most, tt.offers, flushEvery)
			}
		})
	}
}

// mostSink notes how many buffers it was offered at once.
type mostSink struct {
	*countSink
	most int
}

func (m *mostSink) Offer(bufs [][]byte) (int, error) {
	m.most = max(m.most, len(bufs))
	return m.countSink.Offer(bufs)
}

// TestFirehoseBesideOthers: one subscriber with much to write does not have the others written to more often.
func TestFirehoseBesideOthers(t *testing.T) {
	s := stillShard(Options{})
	all, rare := &mostSink{countSink: greedy()}, greedy()
	s.goLive(attachTo(s, filterAny, 0, all))
	s.goLive(attachTo(s, filterB, 0, rare))
	for i := range uint64(10 * flushEvery) {
		name := "a"
		if i%flushEvery == 0 {
			name = "b"
		}
		b, err := NewBatch([]*eventlog.Record{record(i+1, "data", name)})
		if err != nil {
			t.Fatal(err)
		}
		s.fan.Publish(b)
	}
	s.turn()
	if all.frames != 10*flushEvery || all.most > flushEvery {
		t.Errorf("%d frames of all, up to %d at once", all.frames, all.most)
	}
	if rare.frames != 10 || rare.offers != 1 {
		t.Errorf("%d frames of one topic in %d writes, want 10 in one", rare.frames, rare.offers)
	}
}

// TestExpiresInABurst: a burst may last, and who expires meanwhile gets no more of it than was being written then.
func TestExpiresInABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := stillShard(Options{})
		sink := greedy()
		late := expiringIn(s, time.Minute, sink)
		s.goLive(attachTo(s, filterA, 0, &watchSink{countSink: greedy(), offered: func() { time.Sleep(40 * time.Second) }}))
		for i := range uint64(4 * flushEvery) {
			b := batchOf(t, i+1, i+1)
			s.mailbox.put(b, b.size())
		}
		s.turn()
		if want := 2*flushEvery + 1; !late.ended || sink.frames != want || len(sink.ends) != 1 || sink.ends[0] != "end" {
			t.Errorf("ended %v by %q behind %d frames; want a proper end behind %d, the last its farewell", late.ended, sink.ends, sink.frames, want)
		}
	})
}
