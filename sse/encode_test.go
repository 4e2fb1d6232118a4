package sse_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/sse"
)

const ms = time.Millisecond

func TestAppendEvent(t *testing.T) {
	for _, tc := range []struct {
		name  string
		event sse.Event
		want  string
	}{
		{"zero", sse.Event{}, "data:\n\n"},
		{"data", sse.Event{Data: "x"}, "data: x\n\n"},
		{"all fields in order", sse.Event{ID: "1", Type: "a", Data: "x", Retry: 10 * ms}, "id: 1\nevent: a\nretry: 10\ndata: x\n\n"},
		{"cleared id", sse.Event{ClearID: true, Data: "x"}, "id:\ndata: x\n\n"},
		{"LF", sse.Event{Data: "a\nb"}, "data: a\ndata: b\n\n"},
		{"CR", sse.Event{Data: "a\rb"}, "data: a\ndata: b\n\n"},
		{"CRLF", sse.Event{Data: "a\r\nb"}, "data: a\ndata: b\n\n"},
		{"LF CR", sse.Event{Data: "a\n\rb"}, "data: a\ndata:\ndata: b\n\n"},
		{"CR CR LF", sse.Event{Data: "a\r\r\nb"}, "data: a\ndata:\ndata: b\n\n"},
		{"all line ends", sse.Event{Data: "a\nb\rc\r\nd"}, "data: a\ndata: b\ndata: c\ndata: d\n\n"},
		{"LF last", sse.Event{Data: "a\n"}, "data: a\ndata:\n\n"},
		{"CR last", sse.Event{Data: "a\r"}, "data: a\ndata:\n\n"},
		{"CRLF last", sse.Event{Data: "a\r\n"}, "data: a\ndata:\n\n"},
		{"LF first", sse.Event{Data: "\na"}, "data:\ndata: a\n\n"},
		{"LF alone", sse.Event{Data: "\n"}, "data:\ndata:\n\n"},
		{"CRLF alone", sse.Event{Data: "\r\n"}, "data:\ndata:\n\n"},
		{"three LF", sse.Event{Data: "\n\n\n"}, "data:\ndata:\ndata:\ndata:\n\n"},
		{"leading spaces", sse.Event{ID: " 1", Type: " a", Data: "  x\n y"}, "id:  1\nevent:  a\ndata:   x\ndata:  y\n\n"},
		{"leading colons", sse.Event{ID: ":1", Type: ":a", Data: ":x"}, "id: :1\nevent: :a\ndata: :x\n\n"},
		{"one space", sse.Event{Data: " "}, "data:  \n\n"},
		{"NUL in data", sse.Event{Data: "a\x00b"}, "data: a\x00b\n\n"},
		{"other separators", sse.Event{Data: "a\vb\fc\u0085d\u2028e"}, "data: a\vb\fc\u0085d\u2028e\n\n"},
		{"not ASCII", sse.Event{ID: "é", Type: "…", Data: "😀"}, "id: é\nevent: …\ndata: 😀\n\n"},
		{"names with a meaning elsewhere", sse.Event{Type: "error", Data: "x"}, "event: error\ndata: x\n\n"},
		{"retry in whole milliseconds", sse.Event{Retry: 1500 * ms}, "retry: 1500\ndata:\n\n"},
		{"retry rounded up", sse.Event{Retry: 10*ms + 1}, "retry: 11\ndata:\n\n"},
		{"shortest retry", sse.Event{Retry: 1}, "retry: 1\ndata:\n\n"},
		{"retry now", sse.Event{Retry: sse.RetryNow}, "retry: 0\ndata:\n\n"},
		{"negative retry", sse.Event{Retry: -time.Hour}, "retry: 0\ndata:\n\n"},
		{"longest retry", sse.Event{Retry: sse.MaxRetry}, "retry: 2147483647\ndata:\n\n"},
		{"retry over the longest", sse.Event{Retry: sse.MaxRetry + 1}, "retry: 2147483647\ndata:\n\n"},
		{"longest duration", sse.Event{Retry: math.MaxInt64}, "retry: 2147483647\ndata:\n\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := sse.AppendEvent([]byte("before "), &tc.event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before "+tc.want, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAppendEventRefuses(t *testing.T) {
	for _, tc := range []struct {
		name  string
		event sse.Event
		want  sse.FieldError
		text  string
	}{
		{"LF in id", sse.Event{ID: "a\nb"}, sse.FieldError{Field: "id", Char: '\n', Pos: 1}, "sse: id contains LF at byte 1"},
		{"CR in id", sse.Event{ID: "\r"}, sse.FieldError{Field: "id", Char: '\r', Pos: 0}, "sse: id contains CR at byte 0"},
		{"NUL in id", sse.Event{ID: "ab\x00"}, sse.FieldError{Field: "id", Char: 0, Pos: 2}, "sse: id contains NUL at byte 2"},
		{"LF in type", sse.Event{Type: "a\nb"}, sse.FieldError{Field: "type", Char: '\n', Pos: 1}, "sse: type contains LF at byte 1"},
		{"CR in type", sse.Event{Type: "é\r"}, sse.FieldError{Field: "type", Char: '\r', Pos: 2}, "sse: type contains CR at byte 2"},
		{"NUL in type", sse.Event{Type: "\x00"}, sse.FieldError{Field: "type", Char: 0, Pos: 0}, "sse: type contains NUL at byte 0"},
		{"first of several", sse.Event{ID: "\x00\r\n", Type: "\n"}, sse.FieldError{Field: "id", Char: 0, Pos: 0}, "sse: id contains NUL at byte 0"},
		{"id set and cleared", sse.Event{ID: "1", ClearID: true}, sse.FieldError{Field: "id", Pos: -1}, "sse: id is both set and cleared"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dst := []byte("before")
			got, err := sse.AppendEvent(dst, &tc.event)
			fe, ok := errors.AsType[*sse.FieldError](err)
			if !ok || *fe != tc.want {
				t.Errorf("error %#v, want %#v", err, tc.want)
			} else if err.Error() != tc.text {
				t.Errorf("error %q, want %q", err, tc.text)
			}
			if string(got) != "before" || cap(got) != cap(dst) {
				t.Errorf("dst became %q", got)
			}
		})
	}
}

func TestAppendComment(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", ":\n"},
		{"one line", "hello", ": hello\n"},
		{"lines", "a\nb\r\nc\rd", ": a\n: b\n: c\n: d\n"},
		{"empty lines", "\n", ":\n:\n"},
		{"injection", "a\ndata: b\n\n", ": a\n: data: b\n:\n:\n"},
		{"leading space", " a", ":  a\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := string(sse.AppendComment([]byte("x\n"), tc.text))
			if got != "x\n"+tc.want {
				t.Errorf("%q, want %q", got, "x\n"+tc.want)
			}
			read := decodeAll(strings.NewReader(got+"\n"), sse.Options{})
			text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(tc.text)
			if joined := strings.Join(read.Comments, "\n"); joined != text || len(read.Events) != 0 {
				t.Errorf("read back as %q and %d events", joined, len(read.Events))
			}
		})
	}
}

func TestAppendRetry(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
		back time.Duration
	}{
		{0, "retry: 0\n\n", 0},
		{-time.Second, "retry: 0\n\n", 0},
		{1, "retry: 1\n\n", ms},
		{2 * time.Second, "retry: 2000\n\n", 2 * time.Second},
		{math.MaxInt64, "retry: 2147483647\n\n", sse.MaxRetry},
	} {
		t.Run(tc.d.String(), func(t *testing.T) {
			got := string(sse.AppendRetry(nil, tc.d))
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			read := decodeAll(strings.NewReader(got), sse.Options{})
			if !read.RetrySet || read.Retry != tc.back || len(read.Events) != 0 {
				t.Errorf("read back as %+v", read)
			}
		})
	}
}

func TestAllocations(t *testing.T) {
	events := []*sse.Event{
		{ID: "#4f2a.1042", Type: "est", Data: strings.Repeat("x", 150), Retry: 1500 * ms},
		{Data: strings.Repeat("line\r\n", 30)},
		{ClearID: true},
	}
	buf := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() {
		dst := buf
		for _, e := range events {
			var err error
			if dst, err = sse.AppendEvent(dst, e); err != nil {
				t.Fatal(err)
			}
		}
		dst = sse.AppendComment(dst, "two\nlines")
		sse.AppendRetry(dst, time.Second)
	}); n != 0 {
		t.Errorf("encoding allocates %v times", n)
	}

	// A decoded event has a string for its data and one for its id; the type is shared.
	const count = 100
	stream := strings.Repeat("id: #4f2a.1042\nevent: est\ndata: hello\n\n", count)
	if n := testing.AllocsPerRun(20, func() {
		for _, err := range sse.Read(strings.NewReader(stream), sse.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}); n > 2*count+10 {
		t.Errorf("decoding %d events allocates %v times", count, n)
	}
}
