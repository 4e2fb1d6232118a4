package sse_test

import (
	"io"
	"math/rand/v2"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// outcome is everything that can be seen of a stream's decoding.
type outcome struct {
	Events      []sse.Event
	Comments    []string
	LastEventID string
	Retry       time.Duration
	RetrySet    bool
	Err         string // "" for the end of the stream
}

func decodeAll(r io.Reader, o sse.Options) outcome {
	var got outcome
	o.OnComment = func(text string) { got.Comments = append(got.Comments, text) }
	d := sse.NewDecoder(r, o)
	for {
		e, err := d.Decode()
		if err != nil {
			if err != io.EOF {
				got.Err = err.Error()
			}
			break
		}
		got.Events = append(got.Events, e)
	}
	got.LastEventID = d.LastEventID()
	got.Retry, got.RetrySet = d.Retry()
	return got
}

// chunkReader returns one chunk per Read, or what fits of it, and then err, or io.EOF.
type chunkReader struct {
	chunks [][]byte
	err    error
	reads  int
}

func (r *chunkReader) Read(p []byte) (int, error) {
	r.reads++
	if len(r.chunks) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		return 0, io.EOF
	}
	n := copy(p, r.chunks[0])
	if r.chunks[0] = r.chunks[0][n:]; len(r.chunks[0]) == 0 {
		r.chunks = r.chunks[1:]
	}
	return n, nil
}

// chop cuts b at random places, about every mean bytes, and sometimes twice at the same.
func chop(b []byte, mean int, rng *rand.Rand) [][]byte {
	var chunks [][]byte
	for len(b) > 0 {
		n := min(rng.IntN(2*mean+1), len(b))
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return chunks
}
