package client_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"testing"

	"github.com/tidings-hub/tidings/client"
)

// Go's transport asks for gzip by itself. A compressed stream must not hold events back until the next one.
func TestGzipArrivesEventByEvent(t *testing.T) {
	const n = 20
	matrix(t, func(t *testing.T, m mode) {
		taken := make(chan struct{})
		url, httpClient := listen(t, m, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				w.WriteHeader(http.StatusNotAcceptable)
				return
			}
			w.Header().Set("Content-Type", "text/event-stream")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for i := range n {
				fmt.Fprintf(z, "id: %d\ndata: event %d\n\n", i, i)
				_ = z.Flush()
				_ = http.NewResponseController(w).Flush()
				select {
				case <-taken: // only then is there more
				case <-r.Context().Done():
					return
				}
			}
			_ = z.Close()
		})
		source := newSource(t, url, soon(client.Options{HTTPClient: httpClient, MaxFailures: 1}))
		got := 0
		var last error
		for event, err := range source.Events(t.Context()) {
			if last = err; err != nil {
				break
			}
			if want := fmt.Sprint("event ", got); event.Data != want {
				t.Fatalf("event %q, want %q", event.Data, want)
			}
			got++
			taken <- struct{}{}
		}
		if got != n || last != client.ErrEnded {
			t.Errorf("%d events, %v", got, last)
		}
	})
}
