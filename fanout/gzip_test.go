package fanout

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// gzipped is what a connection that is sent queue says in all.
func gzipped(form Form, queue ...*deflated) []byte {
	var sum gzipSum
	stream := bytes.Clone(gzipHeader.bytes(form))
	for _, d := range queue {
		stream = append(stream, d.bytes(form)...)
		sum.add(d)
	}
	return append(stream, sum.trailer().bytes(form)...)
}

// gunzip decodes a stream that is complete.
func gunzip(stream []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(stream))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// text is what a compressor can make something of.
func text(n int) []byte {
	const unit = `id: #abc.17` + "\n" + `data: {"item":4711,"price":"12.80","currency":"EUR","tags":["new","red"]}` + "\n\n"
	return []byte(strings.Repeat(unit, n/len(unit)+1)[:n])
}

// noise is what no compressor can shrink.
func noise(n int) []byte {
	b := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(n)})
	_, _ = random.Read(b) // returns no error
	return b
}

func TestGzipStreamsShareTheirEvents(t *testing.T) {
	event := rapid.Custom(func(t *rapid.T) []byte {
		n := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 140_000)).Draw(t, "length")
		if rapid.Bool().Draw(t, "noise") {
			return noise(n)
		}
		return append(text(n), rapid.String().Draw(t, "end")...)
	})
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(event, 1, 6).Draw(t, "events")
		shared := make([]*deflated, len(events))
		for i := range events {
			shared[i] = deflate(events[i], rapid.Bool().Draw(t, "compress"))
		}
		for range rapid.IntRange(1, 4).Draw(t, "streams") {
			order := rapid.SliceOfN(rapid.IntRange(0, len(events)-1), 0, 12).Draw(t, "order")
			var queue []*deflated
			var want []byte
			for _, i := range order {
				queue = append(queue, shared[i])
				want = append(want, events[i]...)
			}
			got, err := gunzip(gzipped(FormEvent, queue...))
			if err != nil {
				t.Fatalf("order %v: %v", order, err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("order %v: decoded %d bytes, want %d", order, len(got), len(want))
			}
		}
	})
}

func TestGzipTrailerTellsTheTruth(t *testing.T) {
	a, b := deflate([]byte("data: a\n\n"), true), deflate([]byte("data: b\n\n"), true)
	tests := []struct {
		name   string
		change func(*gzipSum)
	}{
		{"sum", func(g *gzipSum) { g.sum ^= 1 }},
		{"length", func(g *gzipSum) { g.length++ }},
		{"an event more", func(g *gzipSum) { g.add(b) }},
		{"another event", func(g *gzipSum) { *g = gzipSum{}; g.add(b); g.add(b) }},
		{"another order", func(g *gzipSum) { *g = gzipSum{}; g.add(b); g.add(a) }},
		{"none", func(g *gzipSum) { *g = gzipSum{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sum gzipSum
			sum.add(a)
			sum.add(b)
			stream := append(bytes.Clone(gzipHeader.bytes(FormEvent)), a.bytes(FormEvent)...)
			stream = append(stream, b.bytes(FormEvent)...)
			if _, err := gunzip(append(stream, sum.trailer().bytes(FormEvent)...)); err != nil {
				t.Fatalf("the right trailer: %v", err)
			}
			tt.change(&sum)
			if _, err := gunzip(append(stream, sum.trailer().bytes(FormEvent)...)); !errors.Is(err, gzip.ErrChecksum) {
				t.Errorf("the error is %v, want gzip.ErrChecksum", err)
			}
		})
	}
}

// tap is a connection over which a stream comes bit by bit. A reader that asks for more than has come would hang.
type tap struct {
	t    *testing.T
	come []byte
}

func (r *tap) Read(p []byte) (int, error) {
	if len(r.come) == 0 {
		r.t.Fatal("the reader waits for more before it hands on what it has")
	}
	n := copy(p, r.come)
	r.come = r.come[n:]
	return n, nil
}

func TestGzipEventsArriveOneByOne(t *testing.T) {
	line := &tap{t: t, come: gzipHeader.bytes(FormEvent)}
	r, err := gzip.NewReader(bufio.NewReader(line))
	if err != nil {
		t.Fatal(err)
	}
	var sum gzipSum
	for i, n := range []int{1, 2, 16, 17, 127, 128, 722, 32_768, 65_535, 65_536, 200_000, 3} {
		for _, event := range [][]byte{text(n), noise(n)} {
			for _, compress := range []bool{false, true} {
				d := deflate(event, compress)
				line.come = d.bytes(FormEvent)
				sum.add(d)
				got := make([]byte, n)
				if _, err := io.ReadFull(r, got); err != nil {
					t.Fatalf("event %d: %v", i, err)
				}
				if !bytes.Equal(got, event) {
					t.Fatalf("event %d of %d bytes, compress=%t: decoded otherwise", i, n, compress)
				}
			}
		}
	}
	line.come = sum.trailer().bytes(FormEvent)
	r.Multistream(false) // which looks for another member
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d bytes and %v, want io.EOF", n, err)
	}
}

func TestDeflateSizes(t *testing.T) {
	const chunk = 4 // CRLF twice
	for _, n := range []int{0, 1, 2, 16, 17, 127, 128, 200, 722, 65_534, 65_535, 65_536, 131_070, 131_071, 200_000, 1 << 20} {
		for name, event := range map[string][]byte{"text": text(n), "noise": noise(n)} {
			for _, compress := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%d/compress=%t", name, n, compress), func(t *testing.T) {
					d := deflate(event, compress)
					size := len(d.bytes(FormEvent))
					most := n + (n+65_534)/65_535*5 + 5
					if compress && name == "text" && n >= 722 {
						most = n / 4
					}
					if size > most || size == 0 {
						t.Errorf("%d bytes became %d, want at most %d", n, size, most)
					}
					if !compress && size != most {
						t.Errorf("%d bytes are stored as %d, want %d", n, size, most)
					}
					if head := fmt.Sprintf("%x", size); len(d.bytes(FormChunk)) != size+len(head)+chunk || cap(d.buf) > len(d.buf)+maxChunkHead {
						t.Errorf("a chunk of %d bytes is %d, in a buffer of %d", size, len(d.buf), cap(d.buf))
					}
					if d.sum != crc32.ChecksumIEEE(event) || d.length != uint32(n) {
						t.Errorf("sum %08x, length %d", d.sum, d.length)
					}
					got, err := gunzip(gzipped(FormEvent, d, d))
					if err != nil || !bytes.Equal(got, append(bytes.Clone(event), event...)) {
						t.Errorf("decoded twice to %d bytes: %v", len(got), err)
					}
				})
			}
		}
	}
}

func TestGzipInChunks(t *testing.T) {
	queue := []*deflated{deflate(text(300), true), deflate(nil, true), deflate([]byte(":\n"), false), deflate(nil, false), deflate(noise(70_000), true)}
	head := "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
	response, err := http.ReadResponse(bufio.NewReader(io.MultiReader(
		strings.NewReader(head), bytes.NewReader(gzipped(FormChunk, queue...)), strings.NewReader("0\r\n\r\n"))), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if want := gzipped(FormEvent, queue...); !bytes.Equal(body, want) {
		t.Errorf("the chunks hold %d bytes, want %d", len(body), len(want))
	}
}

func TestDeflateInSeveralGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				event := text(100*i + g)
				got, err := gunzip(gzipped(FormEvent, deflate(event, true)))
				if err != nil || !bytes.Equal(got, event) {
					t.Errorf("goroutine %d: %d bytes became %d: %v", g, len(event), len(got), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestGzipSumAllocatesNothing(t *testing.T) {
	var sum gzipSum
	d := deflate(text(200), true)
	if got := testing.AllocsPerRun(100, func() { sum.add(d) }); got > 0 {
		t.Errorf("adding an event allocates %v times", got)
	}
	if sum.length == 0 {
		t.Error("nothing was added")
	}
}

// FuzzGzip: whatever the events are and wherever they are cut, two connections that are sent them in opposite
// orders decode them.
func FuzzGzip(f *testing.F) {
	f.Add([]byte("data: a\n\n"), 3, uint64(1))
	f.Add(text(1000), 76, uint64(0xf0f0))
	f.Add(noise(400), 100, uint64(2))
	f.Fuzz(func(t *testing.T, all []byte, size int, compress uint64) {
		size = max(size, 1+len(all)/64) // no more than there are bits in compress
		var queue, back []*deflated
		var reversed []byte
		for rest := all; len(rest) > 0; {
			event := rest[:min(size, len(rest))]
			rest = rest[len(event):]
			d := deflate(event, compress>>len(queue)&1 == 1)
			queue = append(queue, d)
			back = append([]*deflated{d}, back...)
			reversed = append(bytes.Clone(event), reversed...)
		}
		if got, err := gunzip(gzipped(FormEvent, queue...)); err != nil || !bytes.Equal(got, all) {
			t.Errorf("decoded %q: %v", got, err)
		}
		if got, err := gunzip(gzipped(FormEvent, back...)); err != nil || !bytes.Equal(got, reversed) {
			t.Errorf("backwards, decoded %q: %v", got, err)
		}
	})
}

func BenchmarkDeflate(b *testing.B) {
	for _, size := range []int{200, 2_000, 64_000} {
		for name, event := range map[string][]byte{"text": text(size), "noise": noise(size)} {
			b.Run(fmt.Sprintf("%s=%d", name, size), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size))
				var d *deflated
				for b.Loop() {
					d = deflate(event, true)
				}
				b.ReportMetric(float64(len(d.bytes(FormEvent))), "bytes")
			})
		}
	}
	b.Run("stored=200", func(b *testing.B) {
		event := text(200)
		b.ReportAllocs()
		for b.Loop() {
			deflate(event, false)
		}
	})
}
