package sse_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/sse"
)

// TestDecodeAtOnce feeds a stream that would block after each chunk, and expects each event without a
// further read.
func TestDecodeAtOnce(t *testing.T) {
	for _, tc := range []struct {
		name   string
		chunks []string // each completes one event
	}{
		{"LF", []string{"data: 0\n\n", "data: 1\n\n"}},
		{"CRLF", []string{"data: 0\r\n\r\n", "data: 1\r\n\r\n"}},
		{"CR", []string{"data: 0\r\r", "data: 1\r\r"}},
		{"CR of the final CRLF", []string{"data: 0\r\n\r", "\ndata: 1\r\n\r"}},
		{"byte order mark", []string{"\uFEFFdata: 0\n\n", "data: 1\n\n"}},
		{"more than the event", []string{"data: 0\n\ndata:", " 1\n\nda"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &chunkReader{}
			for _, c := range tc.chunks {
				r.chunks = append(r.chunks, []byte(c))
			}
			d := sse.NewDecoder(r, sse.Options{})
			for i, want := range []string{"0", "1"} {
				e, err := d.Decode()
				if err != nil || e.Data != want {
					t.Fatalf("event %d: %+v, %v", i, e, err)
				}
				if r.reads != i+1 {
					t.Fatalf("event %d took %d reads, want %d", i, r.reads, i+1)
				}
			}
		})
	}
}

// TestDecodeBuffered expects events that have arrived together to be taken from one read.
func TestDecodeBuffered(t *testing.T) {
	r := &chunkReader{chunks: [][]byte{[]byte("data: 0\n\ndata: 1\n\ndata: 2\n\n")}}
	d := sse.NewDecoder(r, sse.Options{})
	for i := range 3 {
		if _, err := d.Decode(); err != nil {
			t.Fatal(err)
		}
		if r.reads != 1 {
			t.Fatalf("%d reads after event %d", r.reads, i)
		}
	}
}

func TestDecodeRetry(t *testing.T) {
	const stream = "retry: 10\ndata: a\n\n" + // in the event
		"data: b\n\n" + // none
		"retry: 20\n\n" + // in a block without an event
		"data: c\n\n" +
		"retry: 0\ndata: d\n\n" +
		"retry: 30\nretry: x\ndata: e\n\n" +
		"retry: 40\n" // unfinished
	type step struct {
		Data             string
		InEvent, Lasting time.Duration
	}
	d := sse.NewDecoder(strings.NewReader(stream), sse.Options{})
	if got, ok := d.Retry(); ok || got != 0 {
		t.Errorf("before the stream: %v, %t", got, ok)
	}
	var got []step
	for {
		e, err := d.Decode()
		lasting, ok := d.Retry()
		if !ok {
			t.Errorf("no reconnection time after %q", e.Data)
		}
		got = append(got, step{e.Data, e.Retry, lasting})
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const ms = time.Millisecond
	want := []step{
		{"a", 10 * ms, 10 * ms},
		{"b", 0, 10 * ms},
		{"c", 0, 20 * ms},
		{"d", sse.RetryNow, 0},
		{"e", 30 * ms, 30 * ms},
		{"", 0, 40 * ms},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeLastEventID(t *testing.T) {
	const stream = "data: a\n\nid: 1\n\ndata: b\n\nid: 2\ndata: c\n\nid\ndata: d\n\nid: 3\ndata: e\n"
	d := sse.NewDecoder(strings.NewReader(stream), sse.Options{LastEventID: "0"})
	if got := d.LastEventID(); got != "0" {
		t.Errorf("before the stream: %q", got)
	}
	for _, want := range []string{"0", "1", "2", ""} {
		e, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if e.ID != want || d.LastEventID() != want {
			t.Errorf("%q: ID %q, last event ID %q, want %q", e.Data, e.ID, d.LastEventID(), want)
		}
	}
	if _, err := d.Decode(); err != io.EOF {
		t.Errorf("error %v, want EOF", err)
	}
	if got := d.LastEventID(); got != "" {
		t.Errorf("after the stream: %q", got)
	}
}

// TestDecodeRawType pins that Type, unlike Name, says what is on the wire.
func TestDecodeRawType(t *testing.T) {
	got := decodeAll(strings.NewReader("data: a\n\nevent: message\ndata: b\n\nevent: x\ndata: c\n\n"), sse.Options{})
	want := []sse.Event{{Data: "a"}, {Type: "message", Data: "b"}, {Type: "x", Data: "c"}}
	if diff := cmp.Diff(want, got.Events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, want := range []string{"message", "message", "x"} {
		if name := got.Events[i].Name(); name != want {
			t.Errorf("event %d has name %q, want %q", i, name, want)
		}
	}
}

// TestCommentAtOnce expects a comment before the event that it stands in is complete.
func TestCommentAtOnce(t *testing.T) {
	r := &chunkReader{chunks: [][]byte{[]byte("data: a\n: hello\n"), []byte("\n")}}
	var readsThen int
	d := sse.NewDecoder(r, sse.Options{OnComment: func(text string) {
		if text != "hello" {
			t.Errorf("comment %q", text)
		}
		readsThen = r.reads
	}})
	if _, err := d.Decode(); err != nil {
		t.Fatal(err)
	}
	if readsThen != 1 {
		t.Errorf("comment came after %d reads, want 1", readsThen)
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name   string
		reader io.Reader
		want   error
	}{
		{"after the data", &chunkReader{chunks: [][]byte{[]byte("data: a\n\ndata: b")}, err: broken}, broken},
		{"with the data", errorWithData("data: a\n\ndata: b", broken), broken},
		{"unexpected EOF", io.MultiReader(strings.NewReader("data: a\n\n"), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		{"no progress", io.MultiReader(strings.NewReader("data: a\n\n"), readFunc(func([]byte) (int, error) { return 0, nil })), io.ErrNoProgress},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := sse.NewDecoder(tc.reader, sse.Options{})
			e, err := d.Decode()
			if err != nil || e.Data != "a" {
				t.Fatalf("first event: %+v, %v", e, err)
			}
			e, err = d.Decode()
			if !errors.Is(err, tc.want) || !strings.HasPrefix(err.Error(), "sse: ") {
				t.Errorf("error %v, want one that wraps %v", err, tc.want)
			}
			if e != (sse.Event{}) {
				t.Errorf("event %+v with the error", e)
			}
			if _, again := d.Decode(); again != err {
				t.Errorf("then error %v, want the same", again)
			}
		})
	}
}

func TestImpossibleReader(t *testing.T) {
	for name, count := range map[string]func(p []byte) int{
		"negative": func([]byte) int { return -1 },
		"too many": func(p []byte) int { return len(p) + 1 },
	} {
		t.Run(name, func(t *testing.T) {
			r := readFunc(func(p []byte) (int, error) { return count(p), nil })
			if _, err := sse.NewDecoder(r, sse.Options{}).Decode(); err == nil || err == io.EOF {
				t.Errorf("error %v, want one about the reader", err)
			}
		})
	}
}

// TestEmptyReads expects a reader that now and then returns nothing to be read on.
func TestEmptyReads(t *testing.T) {
	r := &chunkReader{}
	for _, c := range "data: a\n\n" {
		r.chunks = append(r.chunks, nil, nil, []byte(string(c)))
	}
	if got := decodeAll(r, sse.Options{}); got.Err != "" || len(got.Events) != 1 {
		t.Errorf("%+v", got)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// errorWithData returns the data and the error from one call.
func errorWithData(data string, err error) io.Reader {
	return readFunc(func(p []byte) (int, error) { return copy(p, data), err })
}
