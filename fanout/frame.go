package fanout

import (
	"fmt"
	"strconv"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/sse"
)

// Form says which bytes of a frame a sink writes.
type Form uint8

// The forms of a frame.
const (
	// FormEvent is the event alone, for writers that frame it themselves or not at all (net/http, HTTP/1.0).
	FormEvent Form = iota
	// FormChunk is the event as one chunk of the HTTP/1.1 chunked coding.
	FormChunk
)

// Frame is an event's bytes, encoded once, immutable, and shared by every connection that it goes to.
type Frame struct {
	record *eventlog.Record // nil for signals and heartbeats
	buf    []byte           // chunk head, event, CRLF
	head   int              // length of the chunk head
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

// Bytes returns f as form has it. The caller must not change them.
func (f *Frame) Bytes(form Form) []byte {
	if form == FormChunk {
		return f.buf
	}
	return f.buf[f.head : len(f.buf)-2]
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
