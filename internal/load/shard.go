package load

import (
	"sync"
	"sync/atomic"
	"time"
)

// board is what all shards report to, once for each turn of theirs, and what the run waits on.
type board struct {
	connected atomic.Int64 // streams that were opened
	failed    atomic.Int64 // streams that could not be
	ended     atomic.Int64 // streams that ended by themselves
	delivered atomic.Int64 // to quick subscribers, each update once
	expected  atomic.Int64 // the same, if all goes well
	published atomic.Int64
	last      atomic.Int64  // when the last delivery was, in nanoseconds since the run began
	more      chan struct{} // has room for one: something above has changed that the run may be waiting for
	wanted    atomic.Int64  // how many deliveries the run is waiting for
	stopping  atomic.Bool   // what ends now does so because the run does

	mu         sync.Mutex
	firstError error // of those that failed
	firstEnd   error // of those that ended
	missing    []int // the subscribers that failed
}

func newBoard() *board { return &board{more: make(chan struct{}, 1)} }

// wake lets the run look again.
func (b *board) wake() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

// fail counts a stream that could not be opened.
func (b *board) fail(subscriber int, err error) {
	b.mu.Lock()
	if b.firstError == nil {
		b.firstError = err
	}
	b.missing = append(b.missing, subscriber)
	b.mu.Unlock()
	b.failed.Add(1)
	b.wake()
}

// open counts a stream that was opened.
func (b *board) open() {
	b.connected.Add(1)
	b.wake()
}

// end counts a stream that has ended.
func (b *board) end(err error) {
	if b.stopping.Load() {
		return
	}
	b.mu.Lock()
	if b.firstEnd == nil {
		b.firstEnd = err
	}
	b.mu.Unlock()
	b.ended.Add(1)
	b.wake()
}

// subscriber is what one connection's stream is read with.
type subscriber struct {
	index   int
	scanner scanner
}

// counters are what a shard has seen.
type counters struct {
	latency       Histogram
	delivered     uint64 // to quick subscribers, each update once
	slowDelivered uint64
	doubled       uint64
	late          uint64
	gaps          uint64
	other         uint64
	bytes         uint64
}

// shard reads the streams of a part of the subscribers. Only who holds mu may use it, except for epoll's threads,
// which have one each.
type shard struct {
	mu    sync.Mutex
	plan  *plan
	board *board
	run   uint32
	began time.Time
	count bool   // events that are not the load's own are what is to be counted
	since int64  // latencies count from then, in nanoseconds since the run began; 0: from when an update was due
	lanes []lane // of all subscribers, shared by all shards, each using its own part
	counters

	// While a piece is being read:
	sub   *subscriber
	now   int64
	fresh int64 // deliveries that were not reported yet
}

// read reads the next piece of a subscriber's stream.
func (s *shard) read(sub *subscriber, piece []byte) {
	s.sub = sub
	sub.scanner.feed(piece, s)
}

// turn begins a turn: what is read from now on has arrived now.
func (s *shard) turn() { s.now = int64(time.Since(s.began)) }

// report ends a turn.
func (s *shard) report() {
	if s.fresh == 0 {
		return
	}
	s.board.last.Store(s.now)
	if s.board.delivered.Add(s.fresh) >= s.board.wanted.Load() {
		s.board.wake()
	}
	s.fresh = 0
}

// event implements [sink].
func (s *shard) event(at stamp) {
	i := s.sub.index
	slot, has := s.plan.slot(i, at.topic)
	if at.run != s.run || !has || int(at.lane) >= s.plan.lanes {
		s.other()
		return
	}
	reads := s.plan.habits[i]
	switch s.lanes[(i*s.plan.matchers+slot)*s.plan.lanes+int(at.lane)].take(at.seq) {
	case doubled:
		s.doubled++
		return
	case late:
		s.late++
	case ahead:
		s.gaps++
	}
	if reads != quick {
		s.slowDelivered++
		return
	}
	s.delivered++
	s.fresh++
	from := at.sent
	if s.since > 0 {
		from = s.since
	}
	s.latency.Record(time.Duration(s.now - from))
}

// other implements [sink].
func (s *shard) other() {
	s.counters.other++
	if s.count {
		s.delivered++
		s.fresh++
	}
}
