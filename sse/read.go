package sse

import (
	"io"
	"iter"
)

// Read returns the events of the stream r, in order, up to its end. An error, if any, comes last and
// with a zero event; the end of the stream is none. Each event is yielded as soon as it is complete;
// errors are those of [Decoder.Decode].
//
// The sequence reads r as it goes and can be used once. Leaving the loop early leaves r as it is: to
// close it is the caller's task.
func Read(r io.Reader, o Options) iter.Seq2[Event, error] {
	d := NewDecoder(r, o)
	return func(yield func(Event, error) bool) {
		for {
			e, err := d.Decode()
			if err == io.EOF {
				return
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
