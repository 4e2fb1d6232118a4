package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// FuzzStream: whatever a server sends, in signals mode too, the source ends as the options say, and yields what a
// decoder makes of the stream, less the signals.
func FuzzStream(f *testing.F) {
	for _, v := range ssetest.Vectors() {
		f.Add(string(v.Stream), "")
	}
	f.Add(hello+"event: tidings.bye\ndata: {\"retry\":1e9}\n\n", "3")
	f.Add("event: tidings.gap\ndata: [\n\ndata: x\n\n", "Wed, 21 Oct 2026 07:28:00 GMT")
	f.Fuzz(func(t *testing.T, text, retryAfter string) {
		var want []sse.Event
		decoder := sse.NewDecoder(strings.NewReader(text), sse.Options{MaxLine: 1 << 10, MaxEvent: 1 << 10})
		event, err := decoder.Decode()
		for ; err == nil; event, err = decoder.Decode() {
			if !strings.HasPrefix(event.Type, "tidings.") || event.Type == "tidings.update" {
				want = append(want, event)
			}
		}
		tr := &transport{answers: []roundTrip{
			answer(503, "Retry-After", retryAfter),
			func(r *http.Request) (*http.Response, error) {
				resp, _ := answer(http.StatusOK, "Content-Type", "text/event-stream")(r)
				resp.Body = io.NopCloser(strings.NewReader(text))
				return resp, nil
			},
		}}
		source := newSource(t, "http://hub.test/", client.Options{
			HTTPClient: tr.client(), Signals: true, MaxFailures: 2, MaxRetry: time.Nanosecond, Backoff: 1, MaxBackoff: 1,
			MaxLine: 1 << 10, MaxEvent: 1 << 10,
		})
		got, last := all(t.Context(), source)
		if len(got) != len(want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("event %d is %+v, want %+v", i, got[i], want[i])
			}
		}
		_, tooLarge := errors.AsType[*sse.LimitError](err)
		_, gotLimit := errors.AsType[*sse.LimitError](last)
		if tooLarge != gotLimit {
			t.Fatalf("ended with %v, the decoder with %v", last, err)
		}
		if source.LastEventID() != decoder.LastEventID() {
			t.Fatalf("cursor %q, want %q", source.LastEventID(), decoder.LastEventID())
		}
	})
}
