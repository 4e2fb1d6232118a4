package fanout

import "testing"

// TestDeliverAllocatesNothing holds the hot path: an update that goes to subscribers that keep up, from the index
// to the sink, costs no allocation.
func TestDeliverAllocatesNothing(t *testing.T) {
	const runs, subscribers = 100, 50
	s := stillShard(Options{})
	var sinks []*countSink
	for range subscribers {
		sink := greedy()
		sinks = append(sinks, sink)
		s.goLive(attachTo(s, filterA, 0, sink))
	}
	var batches []*Batch
	for i := range uint64(runs + 2) {
		batches = append(batches, batchOf(t, i+1, i+1))
	}
	i := 0
	deliver := func() {
		s.deliver(batches[i])
		s.flush()
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
