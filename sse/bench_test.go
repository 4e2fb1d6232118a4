package sse_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

// ordinary returns an event of 200 bytes on the wire, as a hub sends them.
func ordinary(i int) *sse.Event {
	e := &sse.Event{ID: fmt.Sprintf("#9f3c2a71.%08d", i), Type: "est"}
	frame, err := sse.AppendEvent(nil, e)
	if err != nil {
		panic(err)
	}
	e.Data = strings.Repeat("x", 200-len(frame)-1) // 1: the space after the colon
	return e
}

func streamOf(count int, event func(i int) *sse.Event) string {
	var stream []byte
	for i := range count {
		var err error
		if stream, err = sse.AppendEvent(stream, event(i)); err != nil {
			panic(err)
		}
	}
	return string(stream)
}

func BenchmarkDecode(b *testing.B) {
	const mib = 1 << 20
	for _, bc := range []struct {
		name   string
		stream string
		drip   int // largest read; 0: any
	}{
		{"ordinary", streamOf(1000, ordinary), 0},
		{"ordinary-crlf", strings.ReplaceAll(streamOf(1000, ordinary), "\n", "\r\n"), 0},
		{"ordinary-drip", streamOf(1000, ordinary), 200},
		{"tiny", strings.Repeat("data: 1\n\n", 1000), 0},
		{"three-types", streamOf(1000, func(i int) *sse.Event {
			e := ordinary(i)
			e.Type = []string{"utc", "est", "pdt"}[i%3]
			return e
		}), 0},
		{"many-lines", streamOf(100, func(i int) *sse.Event {
			return &sse.Event{Data: strings.Repeat("line of some text\n", 100)}
		}), 0},
		{"heartbeats", strings.Repeat(":\n", 1000), 0},
		{"not-ascii", streamOf(1000, func(i int) *sse.Event {
			return &sse.Event{Data: strings.Repeat("živě ☃ ", 15)}
		}), 0},
		{"invalid-utf8", streamOf(1000, func(i int) *sse.Event {
			return &sse.Event{Data: strings.Repeat("abc\xff\xe2\x82", 30)}
		}), 0},
		{"huge-line", "data: " + strings.Repeat("x", mib-6) + "\n\n", 0},
		{"huge-line-drip", "data: " + strings.Repeat("x", mib-6) + "\n\n", 64},
	} {
		b.Run(bc.name, func(b *testing.B) {
			b.SetBytes(int64(len(bc.stream)))
			b.ReportAllocs()
			for b.Loop() {
				var r io.Reader = strings.NewReader(bc.stream)
				if bc.drip > 0 {
					r = &dripReader{r, bc.drip}
				}
				for _, err := range sse.Read(r, sse.Options{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

type dripReader struct {
	r io.Reader
	n int
}

func (r *dripReader) Read(p []byte) (int, error) { return r.r.Read(p[:min(r.n, len(p))]) }

func BenchmarkAppendEvent(b *testing.B) {
	for _, bc := range []struct {
		name  string
		event *sse.Event
	}{
		{"ordinary", ordinary(1)},
		{"tiny", &sse.Event{Data: "1"}},
		{"many-lines", &sse.Event{Data: strings.Repeat("line of some text\n", 100)}},
		{"many-cr-lines", &sse.Event{Data: strings.Repeat("line of some text\r", 100)}},
		{"huge", &sse.Event{Data: strings.Repeat("x", 1<<20)}},
	} {
		b.Run(bc.name, func(b *testing.B) {
			buf, err := sse.AppendEvent(nil, bc.event)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = sse.AppendEvent(buf[:0], bc.event); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
