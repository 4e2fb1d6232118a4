package fanout

import (
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/internal/topicindex"
)

// indexOverhead is what a topic of a frame costs in the index beside its text, if no other frame has it.
const indexOverhead = 96

// window holds the frames of the last updates, in order, for subscribers that are a little behind: a storm of
// returning subscribers reads memory. The committer appends; every shard reads.
type window struct {
	max    int
	budget *budget

	mu     sync.RWMutex
	frames []*Frame
	index  topicindex.Index[*Frame]
	floor  uint64 // everything above this offset is here
	head   uint64
	bytes  int
}

func newWindow(max int, head uint64, b *budget) *window {
	return &window{max: max, budget: b, index: topicindex.Index[*Frame]{}, floor: head, head: head}
}

func (w *window) append(b *Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, b.Frames...)
	for _, f := range b.Frames {
		w.index.Add(f.record.Topics, f)
	}
	w.head = b.Head
	w.bytes += b.size()
	w.budget.hold(b.Frames...)
	drop := 0
	for bytes := w.bytes; bytes > w.max && drop < len(w.frames); drop++ {
		bytes -= w.frames[drop].size()
	}
	w.drop(drop)
}

// fit lets go of the oldest frames until the rest is within the window's bound together with all that was made of it,
// such as what it is in gzip streams.
func (w *window) fit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := int64(0)
	for _, f := range w.frames {
		held += f.held()
	}
	drop := 0
	for ; held > int64(w.max) && drop < len(w.frames); drop++ {
		held -= w.frames[drop].held()
	}
	w.drop(drop)
}

// drop lets go of the n oldest frames. The caller holds mu.
func (w *window) drop(n int) {
	for _, f := range w.frames[:n] {
		w.bytes -= f.size()
		w.floor = f.Offset()
		w.index.Drop(f.record.Topics, f)
	}
	w.budget.release(w.frames[:n]...)
	clear(w.frames[:n]) // the array behind the slice lives on: it must not pin them
	w.frames = w.frames[n:]
}

// jump lets go of everything: the window begins anew at head.
func (w *window) jump(head uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.budget.release(w.frames...)
	w.frames, w.index, w.bytes = nil, topicindex.Index[*Frame]{}, 0
	w.floor, w.head = head, head
}

// read appends to dst the frames with after < offset <= to that filter selects, until they have maxBytes, or
// maxScan frames have been looked at, or that has taken lookTime. It returns the offset up to which everything is known,
// how many frames were looked at, and false if the window does not reach back to after. For exact topics only frames of
// these topics are looked at.
func (w *window) read(dst []*Frame, after, to uint64, filter *eventlog.Filter, maxBytes, maxScan int) ([]*Frame, uint64, int, bool) {
	r := windowRead{frames: dst, after: after, to: to, maxBytes: maxBytes, maxScan: maxScan}
	exact, ok := w.readExact(&r, filter)
	if ok && !exact {
		ok = w.readAll(&r, filter)
	}
	if !r.cut && ok {
		r.after = max(after, r.to)
	}
	return r.frames, r.after, maxScan - r.maxScan, ok
}

// readExact reads for a filter that asks for exact topics only, and reports whether it does, and whether the window
// reaches back to where the read begins.
func (w *window) readExact(r *windowRead, filter *eventlog.Filter) (exact, ok bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if r.after < w.floor {
		return false, false
	}
	r.to = min(r.to, w.head)
	var room [8]topicindex.Run[*Frame]
	merge, exact := w.index.Select(room[:0], filter.Matchers)
	if !exact {
		return false, true
	}
	merge.Forward(r.after)
	for f, ok := merge.Next(); ok && r.look(f, filter.Allows); f, ok = merge.Next() {
	}
	return true, true
}

const (
	// lookTime bounds for how long one subscriber has frames looked at. Patterns may take a thousand times as long as
	// exact topics.
	lookTime = 2 * time.Millisecond
	// looksAtOnce is how many are looked at without a look at the clock.
	looksAtOnce = 8
	// copiedAtOnce is how many are taken out of the window to be looked at.
	copiedAtOnce = 256
)

// readAll reads for a filter with patterns. What matches is found out when the lock is given back: neither the committer
// nor another shard waits for it. It reports whether the window reaches back to where the read begins.
func (w *window) readAll(r *windowRead, filter *eventlog.Filter) bool {
	var room [copiedAtOnce]*Frame
	began := time.Now()
	for first := true; ; first = false {
		frames, ok := w.copyBehind(room[:], r.after)
		if !ok {
			r.cut = true // what lies behind is gone meanwhile
			return !first
		}
		for i, f := range frames {
			if i%looksAtOnce == looksAtOnce-1 && time.Since(began) >= lookTime {
				r.cut = true
				return true
			}
			if !r.look(f, filter.Match) {
				return true
			}
		}
		if len(frames) < len(room) {
			return true
		}
	}
}

// copyBehind copies the frames behind after to room, as far as there is any, and reports whether the window reaches back
// so far.
func (w *window) copyBehind(room []*Frame, after uint64) ([]*Frame, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if after < w.floor {
		return nil, false
	}
	return room[:copy(room, w.frames[topicindex.Behind(w.frames, after):])], true
}

// windowRead is a read under way.
type windowRead struct {
	frames            []*Frame
	after, to         uint64
	size              int
	maxBytes, maxScan int
	cut               bool // something is left
}

// look takes the next frame if want says so, and reports whether there is to be another.
func (r *windowRead) look(f *Frame, want func(*eventlog.Update) bool) bool {
	if f.Offset() > r.to {
		return false
	}
	if r.size >= r.maxBytes || r.maxScan == 0 {
		r.cut = true
		return false
	}
	r.maxScan--
	r.after = f.Offset()
	if want(&f.record.Update) {
		r.frames = append(r.frames, f)
		r.size += len(f.buf)
	}
	return true
}

// state is what the window looks like, for [Fanout.State].
func (w *window) state() WindowState {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return WindowState{Floor: w.floor, Head: w.head, Frames: len(w.frames), Bytes: w.bytes, MaxBytes: w.max}
}
