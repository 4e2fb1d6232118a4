package load

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
)

// A stamp is what the data of an update begins with. As text it has only letters, digits and dots, so that it is
// the same in a form, in JSON and in an event.
type stamp struct {
	run   uint32 // of the run, so that another's updates are not taken for its own
	topic uint32
	lane  uint16 // the publisher: order is only promised to each by itself
	seq   uint32 // counted from 1 in each topic and lane
	sent  int64  // when it was due, in nanoseconds since the run began
}

const (
	stampMagic = "tb1."
	stampSize  = len(stampMagic) + 8 + 8 + 4 + 8 + 16 + 1
)

func appendStamp(b []byte, s stamp) []byte {
	b = append(b, stampMagic...)
	b = appendHex(b, uint64(s.run), 8)
	b = appendHex(b, uint64(s.topic), 8)
	b = appendHex(b, uint64(s.lane), 4)
	b = appendHex(b, uint64(s.seq), 8)
	b = appendHex(b, uint64(s.sent), 16)
	return append(b, '.')
}

// appendHex appends the last digits of v.
func appendHex(b []byte, v uint64, digits int) []byte {
	const hex = "0123456789abcdef"
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		b = append(b, hex[v>>shift&0xf])
	}
	return b
}

// parseStamp reads the stamp that b begins with. What does not come from appendStamp, but is like it, becomes some
// stamp: the run's number tells them apart.
func parseStamp(b []byte) (s stamp, ok bool) {
	if len(b) < stampSize || string(b[:len(stampMagic)]) != stampMagic || b[stampSize-1] != '.' {
		return s, false
	}
	b = b[len(stampMagic):]
	s.run = parseHex8(b)
	s.topic = parseHex8(b[8:])
	lane := parseHex8(b[16:]) // and half of seq
	s.lane = uint16(lane >> 16)
	s.seq = lane<<16 | parseHex8(b[20:])&0xffff
	s.sent = int64(uint64(parseHex8(b[28:]))<<32 | uint64(parseHex8(b[36:])))
	return s, true
}

// parseHex8 returns the number that eight digits stand for, all at once: it runs for every event that is read.
func parseHex8(b []byte) uint32 {
	v := binary.BigEndian.Uint64(b)
	v = v&0x0f0f0f0f0f0f0f0f + 9*(v>>6&0x0101010101010101) // letters begin with bit 6
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16)
}

// The kinds of payload.
const (
	PayloadText   = "text"   // words, which compress well
	PayloadRandom = "random" // letters and digits by chance, which do not
)

// filler is what fills the data behind the stamp. Each update takes another piece of it.
type filler struct {
	text  []byte
	piece int // length of a piece
}

func newFiller(kind string, size int) *filler {
	const spare = 64 << 10
	f := &filler{text: make([]byte, 0, size+spare), piece: max(0, size-stampSize)}
	if kind == PayloadRandom {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		random := rand.New(rand.NewPCG(1, 2))
		for len(f.text) < size+spare {
			f.text = append(f.text, letters[random.IntN(len(letters))])
		}
		return f
	}
	for n := 100; len(f.text) < size+spare; n++ {
		f.text = append(f.text, "price "...)
		f.text = strconv.AppendInt(f.text, int64(n%900), 10)
		f.text = append(f.text, ".25 volume 1200 change 0.4 "...)
	}
	f.text = f.text[:size+spare]
	return f
}

// append appends the data of the update that s is for.
func (f *filler) append(b []byte, s stamp) []byte {
	b = appendStamp(b, s)
	at := int(s.seq) * 997 % (len(f.text) - f.piece)
	return append(b, f.text[at:at+f.piece]...)
}
