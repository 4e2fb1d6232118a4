package fanout

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestOthersRun: a shard's loop lets other goroutines run while it has much to do. It yields twice, since Go's
// scheduler lets who yields go on once in a while.
func TestOthersRun(t *testing.T) {
	tests := []struct {
		name string
		busy func(others *atomic.Bool) (ran bool)
	}{
		{"in a broadcast", func(others *atomic.Bool) (ran bool) {
			s := stillShard(Options{})
			for range 2 * yieldEvery {
				s.goLive(attachTo(s, filterA, 0, greedy()))
			}
			last := &watchSink{countSink: greedy(), offered: func() { ran = others.Load() }}
			s.goLive(attachTo(s, filterA, 0, last))
			turnOf(s, batchOf(t, 1, 1))
			return ran
		}},
		{"between turns", func(others *atomic.Bool) bool {
			p := newPoller()
			p.wait(0)
			p.wait(0)
			return others.Load()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			var others atomic.Bool
			go others.Store(true)
			if !tt.busy(&others) {
				t.Error("nobody else ran")
			}
		})
	}
}

// watchSink tells when it is offered something.
type watchSink struct {
	*countSink
	offered func()
}

func (w *watchSink) Offer(bufs [][]byte) (int, error) {
	w.offered()
	return w.countSink.Offer(bufs)
}

// TestLiveFirst: what has been published is written before those who come back are served in the same turn.
func TestLiveFirst(t *testing.T) {
	s := stillShard(Options{})
	var order []string
	sink := func(name string) Sink {
		return &watchSink{countSink: greedy(), offered: func() { order = append(order, name) }}
	}
	s.goLive(attachTo(s, filterA, 0, sink("live")))
	back := attachTo(s, filterB, 0, sink("from the log"))
	back.reading = true
	b := batchOf(t, 1, 1)
	s.fan.window.append(b)
	s.mailbox.put(b, b.size())
	s.mailbox.post(message{kind: msgChunk, sub: back, chunk: &chunk{frames: b.Frames, to: 1}})
	attachTo(s, filterA, 0, sink("from the window"))
	s.turn()
	want := []string{"live", "from the log", "from the window"}
	if len(order) < len(want) || order[0] != want[0] || order[1] != want[1] || order[2] != want[2] {
		t.Errorf("written: %q, want %q", order, want)
	}
}

// TestShardWakesWhileBusy: what a wake said is not told again after a wait that was none.
func TestShardWakesWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPoller()
		p.wake()
		p.wait(0)
		start := time.Now()
		p.wait(time.Minute)
		if got := time.Since(start); got != time.Minute {
			t.Errorf("the next wait took %v: a wake was told twice", got)
		}
	})
}
