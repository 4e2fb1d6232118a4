package sse_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tidings-hub/tidings/sse"
)

func TestRead(t *testing.T) {
	broken := errors.New("broken")
	const two = "data: a\n\ndata: b\n\n"
	for _, tc := range []struct {
		name   string
		reader io.Reader
		opts   sse.Options
		events int
		err    bool
	}{
		{"end of the stream is silent", strings.NewReader(two + "data: c"), sse.Options{}, 2, false},
		{"error comes last", io.MultiReader(strings.NewReader(two), iotest.ErrReader(broken)), sse.Options{}, 2, true},
		{"bad options", strings.NewReader(two), sse.Options{MaxLine: -1}, 0, true},
		{"limit", strings.NewReader(two + "data: ccccccc\n\n"), sse.Options{MaxEvent: 4}, 2, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var events int
			var last error
			for e, err := range sse.Read(tc.reader, tc.opts) {
				if last != nil {
					t.Fatalf("%+v, %v after the error", e, err)
				}
				if last = err; err == nil {
					events++
				} else if e != (sse.Event{}) {
					t.Errorf("event %+v with the error", e)
				}
			}
			if events != tc.events || (last != nil) != tc.err {
				t.Errorf("%d events, error %v; want %d, %t", events, last, tc.events, tc.err)
			}
		})
	}
}

func TestReadBreak(t *testing.T) {
	r := &chunkReader{chunks: [][]byte{[]byte("data: a\n\n"), []byte("data: b\n\n")}}
	events := 0
	for _, err := range sse.Read(r, sse.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		events++
		break
	}
	if events != 1 || r.reads != 1 {
		t.Errorf("%d events in %d reads, want 1 in 1", events, r.reads)
	}
}
