package client_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
)

// BenchmarkEvents reads a stream of 200-byte events from memory, by the source and, for comparison, by the
// decoder alone.
func BenchmarkEvents(b *testing.B) {
	const n = 10_000
	var stream strings.Builder
	for i := range n {
		fmt.Fprintf(&stream, "id: #0123456789abcdef.%d\ndata: %s\n\n", i, strings.Repeat("x", 200))
	}
	text := stream.String()
	b.Run("source", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			tr := &transport{answers: []roundTrip{func(r *http.Request) (*http.Response, error) {
				resp, _ := answer(http.StatusOK, "Content-Type", "text/event-stream")(r)
				resp.Body = io.NopCloser(strings.NewReader(text))
				return resp, nil
			}}}
			source := newSource(b, "http://hub.test/", client.Options{HTTPClient: tr.client(), IdleTimeout: time.Minute, Backoff: 1})
			got := 0
			for _, err := range source.Events(b.Context()) {
				if err != nil {
					b.Fatal(err)
				}
				got++
			}
			if got != n {
				b.Fatalf("%d events, want %d", got, n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
	})
	b.Run("decoder", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			for _, err := range sse.Read(strings.NewReader(text), sse.Options{}) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/event")
	})
}
