package sse_test

import (
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

// TestInvalidUTF8 decodes every sequence of up to four bytes from the edges of each range, and compares
// with the decoder of the standard.
func TestInvalidUTF8(t *testing.T) {
	edges := []byte{
		'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
		0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
	}
	var stream strings.Builder
	var want []string
	var extend func(prefix []byte)
	extend = func(prefix []byte) {
		if len(prefix) > 0 {
			stream.WriteString("data:")
			stream.Write(prefix)
			stream.WriteString("\n\n")
			want = append(want, string(whatwgDecode(prefix)))
		}
		if len(prefix) < 4 {
			for _, c := range edges {
				extend(append(prefix[:len(prefix):len(prefix)], c))
			}
		}
	}
	extend(nil)
	i := 0
	for e, err := range sse.Read(strings.NewReader(stream.String()), sse.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Data != want[i] {
			t.Fatalf("event %d: %+q, want %+q", i, e.Data, want[i])
		}
		i++
	}
	if i != len(want) {
		t.Errorf("%d events, want %d", i, len(want))
	}
}
