package load

import (
	"bytes"
	"errors"
)

// errChunk is the error of a body that is not in the chunked coding although its head says so.
var errChunk = errors.New("malformed chunked coding")

// chunked takes the chunked coding from a body that comes in pieces, cut anywhere.
type chunked struct {
	left  uint64 // of the chunk's data; while its length is being read, the length so far
	state chunkState
}

type chunkState uint8

const (
	chunkLength    chunkState = iota // in the digits, of which there are none yet
	chunkDigits                      // in the digits
	chunkExtension                   // behind them
	chunkData
	chunkEnd     // behind the data
	chunkTrailer // at the beginning of a line
	chunkField   // in a line of the trailer
	chunkDone
)

// next returns the first part of b's body, and what is to be read after it. The body is empty when b is used up.
func (c *chunked) next(b []byte) (body, rest []byte, err error) {
	for len(b) > 0 {
		switch c.state {
		case chunkLength, chunkDigits:
			digit, ok := hexDigit(b[0])
			switch {
			case ok && c.left < 1<<56:
				c.left = c.left<<4 | digit
				c.state = chunkDigits
				b = b[1:]
			case ok || c.state == chunkLength:
				return nil, nil, errChunk
			default:
				c.state = chunkExtension
			}
		case chunkExtension:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return nil, nil, nil
			}
			b = b[i+1:]
			c.state = chunkData
			if c.left == 0 {
				c.state = chunkTrailer
			}
		case chunkData:
			n := min(c.left, uint64(len(b)))
			c.left -= n
			if c.left == 0 {
				c.state = chunkEnd
			}
			return b[:n], b[n:], nil
		case chunkEnd:
			switch b[0] {
			case '\r':
			case '\n':
				c.state = chunkLength
			default:
				return nil, nil, errChunk
			}
			b = b[1:]
		case chunkTrailer:
			switch b[0] {
			case '\r':
			case '\n':
				c.state = chunkDone
			default:
				c.state = chunkField
			}
			b = b[1:]
		case chunkField:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return nil, nil, nil
			}
			b = b[i+1:]
			c.state = chunkTrailer
		case chunkDone:
			return nil, nil, nil
		}
	}
	return nil, nil, nil
}

// done reports whether the body has ended.
func (c *chunked) done() bool { return c.state == chunkDone }

func hexDigit(b byte) (uint64, bool) {
	switch {
	case '0' <= b && b <= '9':
		return uint64(b - '0'), true
	case 'a' <= b|0x20 && b|0x20 <= 'f':
		return uint64(b|0x20-'a') + 10, true
	}
	return 0, false
}
