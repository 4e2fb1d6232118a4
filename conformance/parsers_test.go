package conformance_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// piecemeal is a stream as it arrives.
type piecemeal struct {
	Chunks      [][]byte `json:"chunks"`
	LastEventID string   `json:"lastEventId"`
	Max         int      `json:"max"` // of a line and of an event: bytes for Go, UTF-16 units for TypeScript
}

// reading is what a parser makes of a stream.
type reading struct {
	// Told is events with their type, data and last event ID, and comments, in order. TypeScript tells
	// each reconnection time too, of which the last is Retry.
	Told        [][]string `json:"told"`
	LastEventID string     `json:"lastEventId"`
	TooLarge    bool       `json:"tooLarge"`

	Retry string `json:"-"`
}

func readGo(tb testing.TB, s piecemeal) reading {
	tb.Helper()
	var got reading
	d := sse.NewDecoder(&chunkReader{chunks: slices.Clone(s.Chunks)}, sse.Options{
		MaxLine: s.Max, MaxEvent: s.Max, LastEventID: s.LastEventID,
		OnComment: func(text string) { got.Told = append(got.Told, []string{"comment", text}) },
	})
	for {
		e, err := d.Decode()
		var limit *sse.LimitError
		if got.TooLarge = errors.As(err, &limit); err != nil {
			if !got.TooLarge && err != io.EOF {
				tb.Fatal(err)
			}
			break
		}
		got.Told = append(got.Told, []string{"event", e.Name(), e.Data, e.ID})
	}
	got.LastEventID = d.LastEventID()
	if retry, set := d.Retry(); set {
		got.Retry = strconv.FormatInt(retry.Milliseconds(), 10)
	}
	return got
}

// chunkReader returns what is left of the first chunk that is not empty.
type chunkReader struct{ chunks [][]byte }

func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.chunks) > 0 && len(r.chunks[0]) == 0 {
		r.chunks = r.chunks[1:]
	}
	if len(r.chunks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.chunks[0])
	r.chunks[0] = r.chunks[0][n:]
	return n, nil
}

// typescript is the parser of the browser's fetch transport, under Node.
type typescript struct {
	in  *json.Encoder
	out *json.Decoder
}

func startTypeScript(tb testing.TB) *typescript {
	tb.Helper()
	node := exec.Command("node", "scripts/run.mjs", "test/parser/main.ts")
	node.Dir, node.Stderr = "../web", os.Stderr
	stdin, err := node.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := node.Start(); err != nil {
		tb.Fatalf("this test needs Node: %v", err)
	}
	tb.Cleanup(func() {
		stdin.Close()
		if err := node.Wait(); err != nil {
			tb.Errorf("the TypeScript parser ended with %v", err)
		}
	})
	return &typescript{in: json.NewEncoder(stdin), out: json.NewDecoder(bufio.NewReader(stdout))}
}

func (ts *typescript) read(tb testing.TB, streams []piecemeal) []reading {
	tb.Helper()
	if err := ts.in.Encode(streams); err != nil {
		tb.Fatalf("%v: has `npm ci` been run in web?", err)
	}
	var got []reading
	if err := ts.out.Decode(&got); err != nil || len(got) != len(streams) {
		tb.Fatalf("%d readings of %d streams, %v", len(got), len(streams), err)
	}
	for i := range got {
		got[i].Told = slices.DeleteFunc(got[i].Told, func(told []string) bool {
			if told[0] == "retry" {
				got[i].Retry = told[1]
			}
			return told[0] == "retry"
		})
	}
	return got
}

// compare fails if TypeScript made something else of a stream than Go.
func compare(tb testing.TB, s piecemeal, ts reading) {
	tb.Helper()
	got := readGo(tb, s)
	if got.TooLarge && bytes.ContainsFunc(slices.Concat(s.Chunks...), func(r rune) bool { return r >= 0x80 }) {
		// A text never has more UTF-16 units than bytes: TypeScript may have got further, but to the same place.
		if n := len(got.Told); len(ts.Told) >= n {
			ts = reading{Told: ts.Told[:n:n], LastEventID: got.LastEventID, TooLarge: true, Retry: got.Retry}
		}
	}
	if diff := cmp.Diff(got, ts, cmpopts.EquateEmpty()); diff != "" {
		tb.Fatalf("%q behind %q, at most %d (-Go +TypeScript):\n%s", s.Chunks, s.LastEventID, s.Max, diff)
	}
}

// chop cuts a stream at random places, sometimes twice at the same.
func chop(stream []byte, rng *rand.Rand) [][]byte {
	var chunks [][]byte
	for mean := 1 + rng.IntN(32); len(stream) > 0; {
		n := min(rng.IntN(2*mean), len(stream))
		chunks = append(chunks, stream[:n])
		stream = stream[n:]
	}
	return chunks
}

// invent makes up a stream: lines that mean something, and between them and within whatever may confuse a parser.
func invent(rng *rand.Rand) piecemeal {
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	end := func() string { return pick("\n", "\n", "\n\n", "\n\n", "\r", "\r\n", "\r\r", "\r\n\r\n", "\n\r", "") }
	odd := func() string {
		return pick("", "", "", "a", "7", " ", "  ", "\t", ":", "\x00", "\uFEFF", "\xEF", "\xEF\xBB", "\xBF", "\xFF", "\xC3",
			"\xE2\x82", "\xED\xA0\x80", "\xF0\x9F\x98", "\xF4\x90", "\xC0\x80", "é", "€", "😀", "\u2028", "\u2029",
			"\u0085", "\v", "\f", "１", "\r", "\n", string(rune(rng.IntN(0x110000))), string([]byte{byte(rng.Uint32())}))
	}
	var stream []byte
	if rng.IntN(4) == 0 {
		stream = append(stream, pick("\uFEFF", "\uFEFF\uFEFF", "\xEF\xBB", "\uFEFF\n", "\uFFFE")...)
	}
	for range rng.IntN(40) {
		stream = append(stream, odd()...)
		stream = append(stream, pick("data", "data", "data", "data", "id", "event", "retry", "", "Data", "datum")...)
		stream = append(stream, pick(":", ": ", ":  ", ": x", ":y", ": 12", " :", "")...)
		stream = append(stream, odd()...)
		stream = append(stream, pick("", "", "0070", "1e3", "99999999999", "message")...)
		stream = append(stream, odd()...)
		stream = append(stream, end()...)
	}
	if rng.IntN(500) == 0 { // beyond the buffers
		stream = append(append(stream, "data: "...), bytes.Repeat([]byte("0123456789é"), rng.IntN(2000))...)
		stream = append(stream, "\n\n"...)
	}
	if rng.IntN(4) == 0 {
		stream = bytes.Map(func(r rune) rune { return r % 0x80 }, stream)
	}
	s := piecemeal{Chunks: chop(stream, rng), Max: 1 << 24}
	if rng.IntN(4) == 0 {
		s.Max = 1 + rng.IntN(60)
	}
	if rng.IntN(4) == 0 {
		s.LastEventID = "vor 7"
	}
	return s
}

// TestParsersAgree reads the vectors, cut at random, and 20,000 streams that are made up, or as many as
// TIDINGS_STREAMS says.
func TestParsersAgree(t *testing.T) {
	count := 20_000
	if text := os.Getenv("TIDINGS_STREAMS"); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	const batch = 500
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	ts := startTypeScript(t)
	var streams []piecemeal
	for _, v := range ssetest.Vectors() {
		for range 10 {
			streams = append(streams, piecemeal{Chunks: chop(v.Stream, rng), LastEventID: v.InitialLastEventID, Max: 1 << 24})
		}
	}
	events, limits, compared := 0, 0, 0
	for {
		for i, got := range ts.read(t, streams) {
			compare(t, streams[i], got)
			events += len(got.Told)
			if got.TooLarge {
				limits++
			}
		}
		if compared += len(streams); compared >= count {
			break
		}
		streams = streams[:0]
		for range batch {
			streams = append(streams, invent(rng))
		}
	}
	t.Logf("%d streams with %d events and comments, %d of them too large", compared, events, limits)
	if events < compared || limits < compared/100 {
		t.Errorf("of %d streams came only %d events and comments, and only %d were too large", compared, events, limits)
	}
}

// FuzzParsersAgree lets the fuzzer look for streams that are read differently.
func FuzzParsersAgree(f *testing.F) {
	for _, v := range ssetest.Vectors() {
		f.Add(v.Stream, v.InitialLastEventID, uint64(1), uint8(0))
		f.Add(v.Stream, v.InitialLastEventID, uint64(2), uint8(12))
	}
	ts := startTypeScript(f)
	f.Fuzz(func(t *testing.T, stream []byte, lastEventID string, seed uint64, limit uint8) {
		s := piecemeal{Chunks: chop(stream, rand.New(rand.NewPCG(seed, 0))), LastEventID: lastEventID, Max: int(limit)}
		if (sse.Options{LastEventID: lastEventID}).Validate() != nil || !utf8.ValidString(lastEventID) {
			s.LastEventID = ""
		}
		if limit == 0 {
			s.Max = 1 << 24
		}
		compare(t, s, ts.read(t, []piecemeal{s})[0])
	})
}
