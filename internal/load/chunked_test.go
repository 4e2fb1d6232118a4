package load

import (
	"bytes"
	"io"
	"net/http/httputil"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What net/http reads of a chunked body, chunked reads too, in pieces of any size. It is more lenient: it takes the
// coding from servers, and does not judge them.
func FuzzChunked(f *testing.F) {
	f.Add([]byte("5\r\nhello\r\n0\r\n\r\n"), 3)
	f.Add([]byte("A;x=y\r\n0123456789\r\n3\r\nabc\r\n00\r\nT: x\r\n\r\n"), 1)
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		want, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(text)))
		if size < 1 || size > len(text) {
			size = len(text)/2 + 1
		}
		var c chunked
		var got []byte
		for piece := range pieces(string(text), size) {
			for len(piece) > 0 {
				body, rest, wrong := c.next(piece)
				if wrong != nil {
					if err == nil {
						t.Fatalf("%q in pieces of %d: %v", text, size, wrong)
					}
					return
				}
				got = append(got, body...)
				piece = rest
			}
		}
		if diff := cmp.Diff(string(want), string(got)); err == nil && diff != "" {
			t.Fatalf("%q in pieces of %d (-net/http +chunked):\n%s", text, size, diff)
		}
	})
}
