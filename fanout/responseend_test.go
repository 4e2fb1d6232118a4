package fanout_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// TestResponseFarewell: who keeps up is told that its time has come, though nothing else may be written any more. It
// has a moment to take that.
func TestResponseFarewell(t *testing.T) {
	const until = 20 * time.Second
	for _, tt := range []struct {
		name  string
		write time.Duration
		cuts  []time.Duration
	}{
		{name: "who takes it at once"},
		{name: "who takes it slowly", write: 900 * time.Millisecond},
		{name: "who does not take it", write: time.Hour, cuts: []time.Duration{until + time.Second}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &slowWriter{write: tt.write, start: time.Now(), cut: make(chan struct{})}
				sink := fanout.NewResponseSink(time.Minute, fanout.FormEvent)
				sink.Bind(newNotes())
				sink.Until(w.start.Add(until))
				run := make(chan error, 1)
				go func() { run <- sink.Run(t.Context(), w) }()
				time.Sleep(until)
				offer(t, sink, pieces(1, 30))
				sink.End()
				if err := <-run; (err != nil) != (tt.cuts != nil) || err != nil && err != os.ErrDeadlineExceeded {
					t.Errorf("Run: %v", err)
				}
				if diff := cmp.Diff(tt.cuts, w.cuts); diff != "" {
					t.Errorf("cut (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestExpiresProperly: a response ends properly when its time has come, and its reader was told when to come back.
func TestExpiresProperly(t *testing.T) {
	for _, why := range []fanout.EndReason{fanout.EndExpired, fanout.EndAge} {
		t.Run(why.String(), func(t *testing.T) {
			inEveryMode(t, func(t *testing.T, m mode) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{})
				client, url := serve(t, m, func(w http.ResponseWriter, request *http.Request) {
					o := subscriptionOf("a")
					o.Expires, o.ExpiresWhy = time.Now().Add(100*time.Millisecond), why
					sink := fanout.NewResponseSink(time.Minute, fanout.FormEvent)
					sink.Until(o.Expires)
					if _, err := r.fan.Attach(o, sink); err != nil {
						t.Error(err)
						return
					}
					if err := sink.Run(request.Context(), w); err != nil {
						t.Errorf("Run: %v", err)
					}
				})
				var group sync.WaitGroup
				for range 20 {
					group.Go(func() {
						response, err := client.Get(url)
						if err != nil {
							t.Error(err)
							return
						}
						defer response.Body.Close()
						if got, err := io.ReadAll(response.Body); err != nil || !strings.Contains(string(got), "retry: ") {
							t.Errorf("got %q, %v", got, err)
						}
					})
				}
				group.Wait()
			})
		})
	}
}
