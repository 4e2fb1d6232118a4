package fanout

import (
	"fmt"
	"testing"
	"unsafe"
)

// TestDeliverAllocatesNothing holds the hot path: an update that goes to subscribers that keep up, from the index
// to the sink, costs no allocation for any of them. What it is in a gzip stream is made once for all, in TestZipOnce.
func TestDeliverAllocatesNothing(t *testing.T) {
	for _, form := range []Form{FormEvent, FormChunk, FormGzip, FormGzip | FormChunk} {
		t.Run(fmt.Sprintf("form %d", form), func(t *testing.T) {
			const runs, subscribers = 100, 50
			s := stillShard(Options{})
			var sinks []*countSink
			for range subscribers {
				sink := greedy()
				sink.form = form
				sinks = append(sinks, sink)
				s.goLive(attachTo(s, filterA, 0, sink))
			}
			var batches []*Batch
			for i := range uint64(runs + 2) {
				b := batchOf(t, i+1, i+1)
				b.Frames[0].Bytes(form)
				batches = append(batches, b)
			}
			i := 0
			deliver := func() {
				s.deliver(batches[i])
				s.flush(0)
				i++
			}
			deliver() // lets the shard's and the subscribers' slices grow
			if got := testing.AllocsPerRun(runs, deliver); got > 0 {
				t.Errorf("delivering one update to %d subscribers allocates %v times", subscribers, got)
			}
			for n, sink := range sinks {
				if sink.frames != runs+2 {
					t.Fatalf("subscriber %d got %d of %d updates", n, sink.frames, runs+2)
				}
			}
		})
	}
}

// TestZipOnce: however many compressed streams an update goes to, it is compressed once.
func TestZipOnce(t *testing.T) {
	s := stillShard(Options{})
	for range 50 {
		sink := greedy()
		sink.form = FormGzip | FormChunk
		s.goLive(attachTo(s, filterA, 0, sink))
	}
	f := batchOf(t, 1, 1).Frames[0]
	if f.zipped.Load() != nil {
		t.Fatal("it is compressed before anybody asks")
	}
	s.deliver(&Batch{Frames: []*Frame{f}, Head: 1})
	made := f.zipped.Load()
	if made == nil {
		t.Fatal("it was not compressed")
	}
	s.flush(0)
	for _, sub := range s.subs {
		if sub.sum.length != made.length || sub.sum.sum != made.sum {
			t.Fatalf("a stream has the sum %+v, want that of the update", sub.sum)
		}
	}
	if f.zipped.Load() != made {
		t.Error("it was compressed again")
	}
}

// TestNewFrameAllocations: a frame is the structure, its bytes, and the position as text.
func TestNewFrameAllocations(t *testing.T) {
	r := record(1, "some data of a usual length, which fits on a line or two", "a")
	if got := testing.AllocsPerRun(100, func() {
		if _, err := NewFrame(r); err != nil {
			t.Error(err)
		}
	}); got > 4 {
		t.Errorf("NewFrame allocates %v times", got)
	}
}

// TestSubscriberFitsItsSizeClass: there are as many of these as connections, and Go's allocator rounds up: eight bytes
// more would cost sixteen each.
func TestSubscriberFitsItsSizeClass(t *testing.T) {
	if got := unsafe.Sizeof(Subscriber{}); got > 176 {
		t.Errorf("a subscriber takes %d bytes, so 192; 176 is the class below", got)
	}
}
