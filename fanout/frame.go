package fanout

import (
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/sse"
)

// Form says which bytes of a frame a sink writes. The forms are bits that can be combined.
type Form uint8

// The forms of a frame.
const (
	// FormEvent is the event alone, for writers that frame it themselves or not at all (net/http, HTTP/1.0).
	FormEvent Form = 0
	// FormChunk is one chunk of the HTTP/1.1 chunked coding.
	FormChunk Form = 1 << (iota - 1)
	// FormGzip is the event as a part of a gzip stream.
	FormGzip
	// FormEnvelope is an event that says which topics its update has.
	FormEnvelope
)

// Frame is an event's bytes, encoded once, immutable, and shared by every connection that it goes to. What it looks
// like in a gzip stream, or in an envelope, is made when it is first needed, once for all.
type Frame struct {
	record *eventlog.Record // nil for what is no update
	buf    []byte           // chunk head, event, CRLF
	head   int              // length of the chunk head; 0 if buf is the same in every form
	zipped atomic.Pointer[deflated]
	// holds has how many hold it in its lower half, and the bytes of zipped and sealed that are counted in its upper half:
	// both at once, so that one who begins to hold it and one who makes another form do not count the same bytes. See
	// budget.
	holds  atomic.Uint64
	sealed atomic.Pointer[Frame] // in its envelope
}

// maxChunkHead is room for the length of any event in hexadecimal, and CRLF.
const maxChunkHead = 10

// NewFrame encodes the record's event.
func NewFrame(r *eventlog.Record) (*Frame, error) {
	e := sse.Event{ID: r.EventID(), Type: r.Type, Data: r.Data, Retry: r.Retry}
	// 64 covers the field names of an event with one line of data; more lines let the buffer grow.
	buf := make([]byte, maxChunkHead, maxChunkHead+len(e.ID)+len(e.Type)+len(e.Data)+64)
	buf, err := sse.AppendEvent(buf, &e)
	if err != nil {
		return nil, fmt.Errorf("fanout: event at offset %d: %w", r.Position.Offset, err)
	}
	f := newFrame(buf)
	f.record = r
	return f, nil
}

// newFrame completes a frame whose event lies behind maxChunkHead bytes of buf.
func newFrame(buf []byte) *Frame {
	var digits [maxChunkHead]byte
	head := append(strconv.AppendUint(digits[:0], uint64(len(buf)-maxChunkHead), 16), '\r', '\n')
	start := maxChunkHead - len(head)
	copy(buf[start:], head)
	return &Frame{buf: append(buf, '\r', '\n')[start:], head: len(head)}
}

// newHead returns a frame that is the same in every form, for what stands before the stream's coding.
func newHead(b []byte) *Frame { return &Frame{buf: b} }

// newZipped returns a frame that is a part of gzip streams only.
func newZipped(d *deflated) *Frame {
	f := &Frame{buf: d.buf, head: d.head}
	f.zipped.Store(d)
	return f
}

// Bytes returns f as form has it. The caller must not change them.
func (f *Frame) Bytes(form Form) []byte {
	buf, head := f.buf, f.head
	switch {
	case head == 0:
		return buf
	case form&FormGzip != 0:
		d := f.deflated()
		buf, head = d.buf, d.head
	}
	if form&FormChunk != 0 {
		return buf
	}
	return buf[head : len(buf)-2]
}

// deflated returns what f is in a gzip stream. Only updates are compressed: what else there is, is short, and often
// made for one subscriber.
func (f *Frame) deflated() *deflated {
	if d := f.zipped.Load(); d != nil {
		return d
	}
	d, _ := f.zip()
	return d
}

// zip makes what f is in a gzip stream, and reports whether nobody else did so at the same time.
func (f *Frame) zip() (*deflated, bool) {
	made := deflate(f.buf[f.head:len(f.buf)-2], f.record != nil)
	first := f.zipped.CompareAndSwap(nil, made)
	return f.zipped.Load(), first
}

// Offset returns the offset of the frame's update, 0 for signals and heartbeats.
func (f *Frame) Offset() uint64 {
	if f.record == nil {
		return 0
	}
	return f.record.Position.Offset
}

// Record returns the update that f was made from, nil for signals and heartbeats.
func (f *Frame) Record() *eventlog.Record { return f.record }

// frameOverhead is what a frame costs beside its bytes: itself, its record, and the slices that point to it.
const frameOverhead = 320

// size is what f counts as against byte limits. The texts of its record are counted too: they are held as long
// as the frame is, and so is its place in the window's index.
func (f *Frame) size() int {
	if f.record == nil {
		return len(f.buf) + frameOverhead
	}
	n := len(f.buf) + f.record.Size() + frameOverhead
	for _, t := range f.record.Topics {
		n += len(t) + indexOverhead
	}
	return n
}

// Batch is what the committer hands over at once: the frames of one durable batch, and the log's head after it.
// A Batch is immutable.
type Batch struct {
	Frames []*Frame
	Head   uint64
}

// NewBatch encodes the records of one durable batch, each once.
func NewBatch(records []*eventlog.Record) (*Batch, error) {
	b := &Batch{Frames: make([]*Frame, len(records))}
	for i, r := range records {
		f, err := NewFrame(r)
		if err != nil {
			return nil, err
		}
		b.Frames[i] = f
		b.Head = r.Position.Offset
	}
	return b, nil
}

func (b *Batch) size() int {
	n := 0
	for _, f := range b.Frames {
		n += f.size()
	}
	return n
}
