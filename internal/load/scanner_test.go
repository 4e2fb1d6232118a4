package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/sse"
)

// found is what a scanner finds: the numbers of its own events, and -1 for others.
type found []int

func (f *found) event(s stamp) { *f = append(*f, int(s.seq)) }
func (f *found) other()        { *f = append(*f, -1) }

func own(seq uint32, more string) string {
	return string(appendStamp(nil, stamp{run: 7, topic: 3, lane: 1, seq: seq, sent: 99})) + more
}

var streamTexts = []struct {
	name, text string
	want       found
}{
	{"one", "data: " + own(1, "") + "\n\n", found{1}},
	{"with id and type", "id: #abc.1\nevent: x\ndata: " + own(1, "filler") + "\nretry: 3\n\n", found{1}},
	{"without the blank", "data:" + own(1, "x") + "\n\n", found{1}},
	{"ends of CRLF", "id: 1\r\ndata: " + own(1, "x") + "\r\n\r\ndata: " + own(2, "") + "\r\n\r\n", found{1, 2}},
	{"comments", ":\n\n: hello\n:\ndata: " + own(1, strings.Repeat("y", 200)) + "\n:\n\n:\n", found{1}},
	{"others", "event: tidings.hello\ndata: {}\n\ndata\n\ndata:\n\ndata: tb1.x\n\n", found{-1, -1, -1, -1}},
	{"several lines", "data: " + own(1, "") + "\ndata: more\n\ndata: x\ndata: " + own(2, "") + "\n\n", found{1, -1}},
	{"without data", "id: 5\n\nevent: x\n\nretry: 3\n\n\n\n", nil},
	{"other fields", "dat: x\n\ndatas: x\n\nd\n\nDATA: x\n\n", nil},
	{"cut off", "data: " + own(1, "") + "\n", nil},
	{"many", many(50), numbers(50)},
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "id: #abc.%d\ndata: %s\n\n", i, own(uint32(i+1), strings.Repeat("x", i)))
	}
	return b.String()
}

func numbers(n int) (all found) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

func TestScannerAtEveryCut(t *testing.T) {
	for _, tt := range streamTexts {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range len(tt.text) + 1 {
				var got found
				var s scanner
				s.feed([]byte(tt.text[:cut]), &got)
				s.feed([]byte(tt.text[cut:]), &got)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
				}
			}
			for size := 1; size < 80; size++ {
				var got found
				var s scanner
				for piece := range pieces(tt.text, size) {
					s.feed(piece, &got)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Fatalf("pieces of %d (-want +got):\n%s", size, diff)
				}
			}
		})
	}
}

// pieces are text in pieces of a size, each in memory of its own that is overwritten later.
func pieces(text string, size int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		buffer := make([]byte, size)
		for len(text) > 0 {
			n := copy(buffer, text)
			text = text[n:]
			if !yield(buffer[:n]) {
				return
			}
			clear(buffer)
		}
	}
}

// What the decoder that follows the standard to the letter finds, the scanner finds too, except where a CR ends a
// line, or bytes are no UTF-8, which the decoder mends.
func FuzzScanner(f *testing.F) {
	for _, tt := range streamTexts {
		f.Add(tt.text, 7)
	}
	f.Add("\ndata\ndata:\n\nx", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") || strings.HasPrefix(text, "\ufeff") || !utf8.ValidString(text) {
			return
		}
		if size < 1 || size > len(text) {
			size = len(text)/2 + 1
		}
		var got found
		var s scanner
		for piece := range pieces(text, size) {
			s.feed(piece, &got)
		}
		var want found
		events := sse.NewDecoder(strings.NewReader(text), sse.Options{})
		for {
			e, err := events.Decode()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(e.Data, "\n")
			if at, ok := parseStamp([]byte(first)); ok {
				want = append(want, int(at.seq))
			} else {
				want = append(want, -1)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q in pieces of %d (-decoder +scanner):\n%s", text, size, diff)
		}
	})
}

func TestResponseAtEveryCut(t *testing.T) {
	body := ":\n" + many(5)
	chunks := ""
	for part := range pieces(body, 33) {
		chunks += fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
	}
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
	tests := []struct {
		name, text string
		ended      bool
	}{
		{"chunked", head + "Transfer-Encoding: chunked\r\n\r\n" + chunks, false},
		{"chunked, to the end", head + "transfer-encoding: chunked\r\n\r\n" + chunks + "0\r\n\r\n", true},
		{"chunked, with extensions and a trailer", head + "Transfer-Encoding: chunked\r\n\r\n" +
			strings.Replace(chunks, "\r\n", ";a=b\r\n", 1) + "000;x\r\nA: b\r\nC: d\r\n\r\n", true},
		{"until the connection ends", head + "\r\n" + body, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for cut := range len(tt.text) + 1 {
				var got found
				var s scanner
				var r response
				for _, piece := range []string{tt.text[:cut], tt.text[cut:]} {
					readResponse(t, &r, &s, []byte(piece), &got)
				}
				if diff := cmp.Diff(numbers(5), got); diff != "" {
					t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
				}
				if r.ended() != tt.ended {
					t.Fatalf("cut at %d: ended is %v", cut, r.ended())
				}
			}
			var got found
			var s scanner
			var r response
			for piece := range pieces(tt.text, 1) {
				readResponse(t, &r, &s, piece, &got)
			}
			if diff := cmp.Diff(numbers(5), got); diff != "" {
				t.Fatalf("byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

func readResponse(t *testing.T, r *response, s *scanner, piece []byte, to sink) {
	t.Helper()
	for len(piece) > 0 {
		body, rest, err := r.body(piece, new(knownHead))
		if err != nil {
			t.Fatal(err)
		}
		s.feed(body, to)
		piece = rest
	}
}

func TestResponseRefuses(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	tests := []struct{ name, text, want string }{
		{"no stream", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>", `"text/html": "<p>"`},
		{"refused", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", `403 Forbidden: "no"`},
		{"no HTTP", "SSH-2.0-x\r\n\r\n\r\n", "malformed"},
		{"endless head", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", maxHead), "longer than"},
		{"no length", ok + "x\r\n", "malformed chunked"},
		{"empty length", ok + "\r\n", "malformed chunked"},
		{"long length", ok + strings.Repeat("f", 20) + "\r\n", "malformed chunked"},
		{"data longer than said", ok + "1\r\nab\r\n", "malformed chunked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r response
			rest, err := []byte(tt.text), error(nil)
			for len(rest) > 0 && err == nil {
				_, rest, err = r.body(rest, new(knownHead))
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// benchStream is what a thread reads of a backlog: n events, a chunk each.
func benchStream(n int) []byte {
	var b bytes.Buffer
	f := newFiller(PayloadText, 200)
	for i := range n {
		event := fmt.Sprintf("id: #abcdefghij.%d\ndata: %s\n\n", i, f.append(nil, stamp{run: 7, seq: uint32(i + 1)}))
		fmt.Fprintf(&b, "%x\r\n%s\r\n", len(event), event)
	}
	return b.Bytes()
}

func benchShard() *shard {
	o := Options{Subscribers: 1}.WithDefaults()
	return &shard{plan: newPlan(&o), board: newBoard(), run: 7, lanes: make([]lane, 1)}
}

func readBacklog(s *shard, sub *subscriber, stream []byte) error {
	var chunks chunked
	s.turn()
	for len(stream) > 0 {
		body, rest, err := chunks.next(stream)
		if err != nil {
			return err
		}
		s.read(sub, body)
		stream = rest
	}
	s.report()
	return nil
}

func BenchmarkRead(b *testing.B) {
	const events = 1000
	stream := benchStream(events)
	s, sub := benchShard(), new(subscriber)
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		s.lanes[0] = lane{}
		if err := readBacklog(s, sub, stream); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*events/b.Elapsed().Seconds(), "events/s")
}

func TestReadingAllocatesNothing(t *testing.T) {
	stream := benchStream(100)
	s, sub := benchShard(), new(subscriber)
	got := testing.AllocsPerRun(10, func() {
		s.lanes[0] = lane{}
		if err := readBacklog(s, sub, stream); err != nil {
			t.Fatal(err)
		}
	})
	if got != 0 || s.delivered != 1100 {
		t.Errorf("%v allocations for 100 events, %d events in all", got, s.delivered)
	}
}

// TestResponseKnownHead: a head that is known is not parsed, and every other one is.
func TestResponseKnownHead(t *testing.T) {
	const (
		chunked = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
		plain   = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
	)
	var known knownHead
	for _, tt := range []struct{ name, head, after, want string }{
		{"first", chunked, "2\r\n:\n\r\n", ":\n"},
		{"same", chunked, "2\r\n:\n\r\n", ":\n"},
		{"another", plain, ":\n\n", ":\n\n"},
		{"the other's again", chunked, "2\r\n:\n\r\n", ":\n"},
	} {
		var r response
		body, _, err := r.body([]byte(tt.head+tt.after), &known)
		if err != nil || string(body) != tt.want {
			t.Errorf("%s: body %q (%v), want %q", tt.name, body, err, tt.want)
		}
		if string(known.bytes) != tt.head || known.chunked != (tt.head == chunked) {
			t.Errorf("%s: known is %q, chunked %t", tt.name, known.bytes, known.chunked)
		}
		allocs := testing.AllocsPerRun(10, func() {
			var again response
			if _, _, err := again.body([]byte(tt.head), &known); err != nil || !again.opened {
				t.Errorf("%s, again: %v", tt.name, err)
			}
		})
		if allocs > 1 { // one is the piece
			t.Errorf("%s, again: %v allocations", tt.name, allocs)
		}
	}
}
