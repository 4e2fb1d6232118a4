package fanout

import (
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"math"
	"sync"
)

// A compressed stream is one gzip member (RFC 1952): gzipHeader, events, and the trailer of what was sent. An
// event is compressed once for all connections. Its blocks (RFC 1951) begin and end at a byte and refer to
// nothing before them, and so are valid in any stream, wherever they stand in it. What a stream has of its own
// are its checksum and its length: a gzipSum.

// deflated is an event's bytes, compressed once, immutable, and shared by every compressed connection that it
// goes to.
type deflated struct {
	buf    []byte // chunk head, blocks, CRLF
	head   int    // length of the chunk head
	sum    uint32 // CRC-32 of the event
	length uint32 // of the event
	shift  uint32 // x^(8·length), see shiftOver
}

// bytes returns d as form has it. The caller must not change them.
func (d *deflated) bytes(form Form) []byte {
	if form == FormChunk {
		return d.buf
	}
	return d.buf[d.head : len(d.buf)-2]
}

// deflate returns the event compressed, or stored unless compress is true, as for events too small to try. What
// does not shrink the compressor stores by itself. It is safe for concurrent use.
func deflate(event []byte, compress bool) *deflated {
	if !compress {
		return newDeflated(appendStored(chunkRoom(storedSize(len(event))), event), event)
	}
	c := compressors.Get().(*compressor)
	defer compressors.Put(c)
	blocks := c.compress(event)
	return newDeflated(append(chunkRoom(len(blocks)), blocks...), event)
}

// chunkRoom returns a buffer for newFrame, with room for a chunk of n bytes.
func chunkRoom(n int) []byte { return make([]byte, maxChunkHead, maxChunkHead+n+len("\r\n")) }

// newDeflated completes what lies behind maxChunkHead bytes of buf, and stands for event.
func newDeflated(buf, event []byte) *deflated {
	f := newFrame(buf)
	length := uint32(len(event))
	return &deflated{buf: f.buf, head: f.head, sum: crc32.ChecksumIEEE(event), length: length, shift: shiftOver(length)}
}

const (
	maxStored   = math.MaxUint16         // bytes that a stored block can have
	storedHead  = 5                      // header of a stored block
	emptyStored = "\x00\x00\x00\xff\xff" // an empty stored block
)

// storedSize returns how long the stored blocks of n bytes are.
func storedSize(n int) int {
	return n + (n+maxStored-1)/maxStored*storedHead + len(emptyStored)
}

// appendStored appends event as stored blocks. An empty one ends them, as it ends what a compressor flushes:
// readers like that of compress/flate hand on nothing before they see it or the block after.
func appendStored(buf, event []byte) []byte {
	for len(event) > 0 {
		n := min(len(event), maxStored)
		buf = append(buf, 0)
		buf = binary.LittleEndian.AppendUint16(buf, uint16(n))
		buf = binary.LittleEndian.AppendUint16(buf, ^uint16(n))
		buf = append(buf, event[:n]...)
		event = event[n:]
	}
	return append(buf, emptyStored...)
}

// compressors are of a megabyte each. None remembers what it compressed before.
var compressors = sync.Pool{New: func() any {
	c := new(compressor)
	// Of a known level, there is no error.
	c.writer, _ = flate.NewWriter(c, flate.BestSpeed)
	return c
}}

type compressor struct {
	writer *flate.Writer
	out    []byte
}

// compress returns the blocks of event, which are valid until the next call.
func (c *compressor) compress(event []byte) []byte {
	const keep = 256 << 10 // a rare big event need not be paid for ever
	if cap(c.out) > keep {
		c.out = nil
	}
	c.out = c.out[:0]
	c.writer.Reset(c) // to an empty window
	// Neither fails unless Write does.
	_, _ = c.writer.Write(event)
	_ = c.writer.Flush()
	return c.out
}

// Write implements [io.Writer] for the flate.Writer.
func (c *compressor) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	return len(p), nil
}

// gzipSum is the running checksum and length of what a compressed stream says. The zero value is that of an
// empty stream.
type gzipSum struct {
	sum    uint32
	length uint32 // modulo 2^32, as the trailer has it
}

// add says that d was queued.
func (g *gzipSum) add(d *deflated) {
	g.sum = multiply(g.sum, d.shift) ^ d.sum
	g.length += d.length
}

// trailer returns what ends the stream gracefully.
func (g gzipSum) trailer() *deflated {
	const finalBlock = "\x03\x00" // of fixed codes, and empty
	buf := append(chunkRoom(len(finalBlock)+8), finalBlock...)
	buf = binary.LittleEndian.AppendUint32(buf, g.sum)
	buf = binary.LittleEndian.AppendUint32(buf, g.length)
	return newDeflated(buf, nil)
}

// gzipHeader begins every stream: no name, no time, no operating system, and the fast way to compress. It and the
// trailer add nothing to a gzipSum.
var gzipHeader = newDeflated(append(chunkRoom(10), "\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"...), nil)
