package fanout

import (
	"sort"
	"sync"

	"github.com/tidings-hub/tidings/eventlog"
)

// window holds the frames of the last updates, in order, for subscribers that are a little behind: a storm of
// returning subscribers reads memory. The committer appends; every shard reads.
type window struct {
	max int

	mu     sync.RWMutex
	frames []*Frame
	floor  uint64 // everything above this offset is here
	head   uint64
	bytes  int
}

func newWindow(max int, head uint64) *window {
	return &window{max: max, floor: head, head: head}
}

func (w *window) append(b *Batch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, b.Frames...)
	w.head = b.Head
	w.bytes += b.size()
	drop := 0
	for w.bytes > w.max && drop < len(w.frames) {
		w.bytes -= w.frames[drop].size()
		w.floor = w.frames[drop].Offset()
		drop++
	}
	clear(w.frames[:drop]) // the array behind the slice lives on: it must not pin them
	w.frames = w.frames[drop:]
}

// read appends to dst the frames with after < offset <= to that filter selects, until they have maxBytes or
// maxScan frames have been looked at. It returns the offset up to which everything has been looked at, and false
// if the window does not reach back to after.
func (w *window) read(dst []*Frame, after, to uint64, filter *eventlog.Filter, maxBytes, maxScan int) ([]*Frame, uint64, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if after < w.floor {
		return dst, after, false
	}
	to = min(to, w.head)
	i := sort.Search(len(w.frames), func(i int) bool { return w.frames[i].Offset() > after })
	size := 0
	for _, f := range w.frames[i:] {
		if f.Offset() > to {
			break
		}
		if size >= maxBytes || maxScan == 0 {
			return dst, after, true
		}
		maxScan--
		after = f.Offset()
		if filter.Match(&f.record.Update) {
			dst = append(dst, f)
			size += len(f.buf)
		}
	}
	return dst, max(after, to), true
}

// state is what the window looks like, for [Fanout.State].
func (w *window) state() WindowState {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return WindowState{Floor: w.floor, Head: w.head, Frames: len(w.frames), Bytes: w.bytes, MaxBytes: w.max}
}
