package sse_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

func TestLimits(t *testing.T) {
	const mib = 1 << 20
	x := strings.Repeat
	for _, tc := range []struct {
		name   string
		opts   sse.Options
		stream string
		want   *sse.LimitError // nil: one event after the good one
	}{
		{"line at the limit", sse.Options{MaxLine: 10}, "data:" + x("x", 5) + "\n\n", nil},
		{"line over the limit", sse.Options{MaxLine: 10}, "data:" + x("x", 6) + "\n\n", &sse.LimitError{What: "line", Limit: 10}},
		{"line at the limit with CRLF", sse.Options{MaxLine: 10}, "data:" + x("x", 5) + "\r\n\r\n", nil},
		{"line over the limit with CR", sse.Options{MaxLine: 10}, "data:" + x("x", 6) + "\r\r", &sse.LimitError{What: "line", Limit: 10}},
		{"line over the limit without an end", sse.Options{MaxLine: 10}, "data:" + x("x", 6), &sse.LimitError{What: "line", Limit: 10}},
		{"comment over the limit", sse.Options{MaxLine: 10}, x(":", 11) + "\n", &sse.LimitError{What: "line", Limit: 10}},
		{"line of twice the first buffer", sse.Options{MaxLine: 8 << 10}, "data:" + x("x", 8<<10-5) + "\n\n", nil},
		{"line over twice the first buffer", sse.Options{MaxLine: 8 << 10}, "data:" + x("x", 8<<10-4) + "\n\n", &sse.LimitError{What: "line", Limit: 8 << 10}},
		{"line at an odd limit", sse.Options{MaxLine: 5000}, "data:" + x("x", 4995) + "\n\n", nil},
		{"line over an odd limit", sse.Options{MaxLine: 5000}, "data:" + x("x", 4996) + "\n\n", &sse.LimitError{What: "line", Limit: 5000}},
		{"line at the default limit", sse.Options{}, "data:" + x("x", mib-5) + "\n\n", nil},
		{"line over the default limit", sse.Options{}, "data:" + x("x", mib-4) + "\n\n", &sse.LimitError{What: "line", Limit: mib}},
		{"line without a limit", sse.Options{MaxLine: math.MaxInt, MaxEvent: math.MaxInt}, "data:" + x("x", 3*mib) + "\n\n", nil},
		{"event in one line at the limit", sse.Options{MaxEvent: 10}, "data:" + x("x", 10) + "\n\n", nil},
		{"event in one line over the limit", sse.Options{MaxEvent: 10}, "data:" + x("x", 11) + "\n\n", &sse.LimitError{What: "event", Limit: 10}},
		{"event in two lines at the limit", sse.Options{MaxEvent: 11}, x("data:xxxxx\n", 2) + "\n", nil},
		{"event in two lines over the limit", sse.Options{MaxEvent: 10}, x("data:xxxxx\n", 2) + "\n", &sse.LimitError{What: "event", Limit: 10}},
		{"event of empty lines at the limit", sse.Options{MaxEvent: 10}, x("data\n", 11) + "\n", nil},
		{"event of empty lines over the limit", sse.Options{MaxEvent: 10}, x("data\n", 12) + "\n", &sse.LimitError{What: "event", Limit: 10}},
		{"event over the limit without an end", sse.Options{MaxEvent: 10}, "data:" + x("x", 11) + "\n", &sse.LimitError{What: "event", Limit: 10}},
		{"event at the limit once replaced", sse.Options{MaxEvent: 9}, "data:" + x("\xff", 3) + "\n\n", nil},
		{"event over the limit once replaced", sse.Options{MaxEvent: 8}, "data:" + x("\xff", 3) + "\n\n", &sse.LimitError{What: "event", Limit: 8}},
		{"event at the default limit", sse.Options{MaxLine: 2 * mib}, "data:" + x("x", mib) + "\n\n", nil},
		{"event over the default limit", sse.Options{MaxLine: 2 * mib}, "data:" + x("x", mib+1) + "\n\n", &sse.LimitError{What: "event", Limit: mib}},
		{"other fields do not count", sse.Options{MaxEvent: 3}, "event:xxxxxxxx\nid:1234567\n:xxxxxxxx\ndata:abc\n\n", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, wrap := range []func(io.Reader) io.Reader{
				func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader,
			} {
				const good = "\uFEFFid:1\ndata:x\n\n"
				d := sse.NewDecoder(wrap(strings.NewReader(good+tc.stream)), tc.opts)
				if e, err := d.Decode(); err != nil || e.Data != "x" {
					t.Fatalf("event before: %+v, %v", e, err)
				}
				_, err := d.Decode()
				if tc.want == nil {
					if err != nil {
						t.Fatalf("error %v", err)
					}
					continue
				}
				le, ok := errors.AsType[*sse.LimitError](err)
				if !ok || *le != *tc.want {
					t.Fatalf("error %v, want %v", err, tc.want)
				}
				if _, again := d.Decode(); again != err {
					t.Errorf("then %v, want the same error", again)
				}
				if id := d.LastEventID(); id != "1" {
					t.Errorf("last event ID %q, want that of the event before", id)
				}
			}
		})
	}
}

// TestLimitByteOrderMark pins that the byte order mark is no part of the first line.
func TestLimitByteOrderMark(t *testing.T) {
	for n, wantErr := range map[int]bool{10: false, 11: true} {
		stream := "\uFEFF" + strings.Repeat("x", n) + "\n"
		got := decodeAll(strings.NewReader(stream), sse.Options{MaxLine: 10})
		if (got.Err != "") != wantErr {
			t.Errorf("line of %d: error %q", n, got.Err)
		}
	}
}

// TestHeldMemory feeds endless streams, each of which tries to be remembered.
func TestHeldMemory(t *testing.T) {
	const maxLine, maxEvent = 16 << 10, 32 << 10
	for name, unit := range map[string]string{
		"line":          strings.Repeat("x", 1000),
		"data lines":    "data:" + strings.Repeat("x", 1000) + "\n",
		"invalid data":  "data:" + strings.Repeat("\xff", 1000) + "\n",
		"empty data":    "data\n",
		"events":        "data:" + strings.Repeat("x", 1000) + "\n\n",
		"comments":      ":" + strings.Repeat("x", 1000) + "\n",
		"ids and types": "id:" + strings.Repeat("x", 1000) + "\nevent:" + strings.Repeat("x", 1000) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := strings.NewReader(strings.Repeat(unit, 1<<20/len(unit)))
			d := sse.NewDecoder(r, sse.Options{MaxLine: maxLine, MaxEvent: maxEvent})
			var err error
			for err == nil {
				_, err = d.Decode()
			}
			// A line and the byte that is too many; data within the limit, one line more that may
			// have tripled, and the room that append adds.
			const mostLine, mostEvent = maxLine + 1, 2 * (maxEvent + 3*maxLine)
			if line, event := d.Held(); line > mostLine || event > mostEvent {
				t.Errorf("holds %d + %d bytes after %v, want at most %d + %d", line, event, err, mostLine, mostEvent)
			}
		})
	}
	t.Run("small at first", func(t *testing.T) {
		d := sse.NewDecoder(strings.NewReader("data: x\n\n"), sse.Options{})
		if _, err := d.Decode(); err != nil {
			t.Fatal(err)
		}
		if line, event := d.Held(); line > 4<<10 || event > 64 {
			t.Errorf("holds %d + %d bytes", line, event)
		}
	})
}

// TestLinearTime decodes what would take minutes if bytes were searched again for each read or line.
func TestLinearTime(t *testing.T) {
	const size = 4 << 20
	opts := sse.Options{MaxLine: 2 * size, MaxEvent: 2 * size}
	long := "data:" + strings.Repeat("x", size)
	for name, r := range map[string]io.Reader{
		"one line in drips":              iotest.OneByteReader(strings.NewReader(long + "\n\n")),
		"short CR lines in a big buffer": strings.NewReader(long + "\r\r" + strings.Repeat("data\r", size/5) + "\r"),
		"short LF lines in a big buffer": strings.NewReader(long + "\n\n" + strings.Repeat("data\n", size/5) + "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			got := decodeAll(r, opts)
			if got.Err != "" || len(got.Events) == 0 {
				t.Fatalf("%d events, error %q", len(got.Events), got.Err)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestLinearTimeEncoding is the same for line ends of which one kind does not occur.
func TestLinearTimeEncoding(t *testing.T) {
	const size = 4 << 20
	for name, unit := range map[string]string{"CR": "\r", "LF": "\n"} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			frame, err := sse.AppendEvent(nil, &sse.Event{Data: strings.Repeat(unit, size)})
			if want := (size+1)*len("data:\n") + 1; err != nil || len(frame) != want {
				t.Errorf("%d bytes, %v, want %d", len(frame), err, want)
			}
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestLimitErrorText(t *testing.T) {
	err := fmt.Errorf("subscribing: %w", &sse.LimitError{What: "line", Limit: 10})
	if got, want := err.Error(), "subscribing: sse: line longer than 10 bytes"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
