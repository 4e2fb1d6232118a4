package sse_test

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/sse"
)

func addVectors(f *testing.F, add func(stream []byte)) {
	for _, v := range readVectors(f) {
		add(v.stream)
	}
}

// FuzzDecode compares with the model.
func FuzzDecode(f *testing.F) {
	addVectors(f, func(stream []byte) { f.Add(stream, "7") })
	f.Fuzz(func(t *testing.T, stream []byte, lastEventID string) {
		opts := sse.Options{LastEventID: lastEventID}
		if opts.Validate() != nil {
			opts.LastEventID = ""
		}
		got := decodeAll(bytes.NewReader(stream), opts)
		if diff := cmp.Diff(model(stream, opts.LastEventID), got); diff != "" {
			t.Errorf("%q (-model +decoder):\n%s", stream, diff)
		}
	})
}

// FuzzSplit expects the same from any split of the stream, also when a limit is exceeded.
func FuzzSplit(f *testing.F) {
	addVectors(f, func(stream []byte) { f.Add(stream, uint64(1), uint8(0)) })
	addVectors(f, func(stream []byte) { f.Add(stream, uint64(2), uint8(12)) })
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64, limit uint8) {
		opts := sse.Options{MaxLine: int(limit), MaxEvent: int(limit)}
		want := decodeAll(bytes.NewReader(stream), opts)
		rng := rand.New(rand.NewPCG(seed, 0))
		chunks := chop(stream, 1+rng.IntN(16), rng)
		if diff := cmp.Diff(want, decodeAll(&chunkReader{chunks: chunks}, opts)); diff != "" {
			t.Errorf("%q (-whole +split):\n%s", chunks, diff)
		}
		bytewise := iotest.DataErrReader(iotest.OneByteReader(bytes.NewReader(stream)))
		if diff := cmp.Diff(want, decodeAll(bytewise, opts)); diff != "" {
			t.Errorf("%q (-whole +byte by byte):\n%s", stream, diff)
		}
	})
}

// FuzzBounds expects nothing larger than the limits.
func FuzzBounds(f *testing.F) {
	addVectors(f, func(stream []byte) { f.Add(stream, uint8(10), uint8(10)) })
	f.Fuzz(func(t *testing.T, stream []byte, maxLine, maxEvent uint8) {
		opts := sse.Options{MaxLine: 1 + int(maxLine), MaxEvent: 1 + int(maxEvent)}
		most := 3 * opts.MaxLine // each byte may become a U+FFFD
		opts.OnComment = func(text string) {
			if len(text) > most {
				t.Errorf("comment of %d bytes", len(text))
			}
		}
		d := sse.NewDecoder(bytes.NewReader(stream), opts)
		for {
			e, err := d.Decode()
			if err != nil {
				break
			}
			if len(e.Data) > opts.MaxEvent || len(e.ID) > most || len(e.Type) > most {
				t.Errorf("%+v exceeds %+v", e, opts)
			}
		}
		if line, event := d.Held(); line > 4<<10 || event > 4<<10 {
			t.Errorf("holds %d + %d bytes", line, event)
		}
	})
}

// FuzzRoundTrip expects an encoded event to be decoded as it was, but for line ends in the data, bytes
// that are not UTF-8, and the retry's precision.
func FuzzRoundTrip(f *testing.F) {
	f.Add("1", "est", "a\r\nb\rc\n", int64(1500*time.Millisecond), false)
	f.Add("", "", "", int64(0), true)
	f.Add(" x", " y ", " \n z", int64(-1), false)
	f.Add("a\xffb", "\xe2\x82", "\xf0\x9f\x98\r\n\xff", int64(1), false)
	f.Add("a\x00", "b\n", "c", int64(1)<<62, true)
	f.Fuzz(func(t *testing.T, id, typ, data string, retry int64, clearID bool) {
		in := sse.Event{ID: id, Type: typ, Data: data, Retry: time.Duration(retry), ClearID: clearID}
		frame, err := sse.AppendEvent(nil, &in)
		refuse := strings.ContainsAny(id+typ, "\r\n\x00") || clearID && id != ""
		if (err != nil) != refuse {
			t.Fatalf("%+v: error %v", in, err)
		}
		if err != nil {
			return
		}
		const before = "before"
		lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
		want := sse.Event{
			ID:   string(whatwgDecode([]byte(id))),
			Type: string(whatwgDecode([]byte(typ))),
			Data: string(whatwgDecode([]byte(lines.Replace(data)))),
		}
		if id == "" && !clearID {
			want.ID = before
		}
		if retry < 0 {
			want.Retry = sse.RetryNow
		} else if want.Retry = min(in.Retry, sse.MaxRetry).Truncate(ms); want.Retry < min(in.Retry, sse.MaxRetry) {
			want.Retry += ms
		}
		// Twice, and with comments between, since events must not depend on each other.
		stream := sse.AppendComment(append([]byte(nil), frame...), data)
		stream = append(stream, frame...)
		got := decodeAll(bytes.NewReader(stream), sse.Options{LastEventID: before})
		if diff := cmp.Diff([]sse.Event{want, want}, got.Events); diff != "" || got.Err != "" {
			t.Errorf("%q: error %q (-want +got):\n%s", stream, got.Err, diff)
		}
	})
}
