package fanout_test

import (
	"errors"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/fanout"
)

// slowWriter is a response whose writes and flushes last as long as they are told, or until a deadline cuts them.
type slowWriter struct {
	write, flush time.Duration
	start        time.Time
	cut          chan struct{}
	cuts         []time.Duration // when deadlines were set
	over         bool            // the handler has returned
	touched      bool            // and after that it was touched
}

func (w *slowWriter) Header() http.Header { return http.Header{} }
func (w *slowWriter) WriteHeader(int)     {}
func (w *slowWriter) FlushError() error   { return w.last(w.flush) }

func (w *slowWriter) Write(p []byte) (int, error) { return len(p), w.last(w.write) }

func (w *slowWriter) last(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-w.cut:
		return os.ErrDeadlineExceeded
	}
}

func (w *slowWriter) SetWriteDeadline(t time.Time) error {
	w.touched = w.touched || w.over
	if !t.IsZero() {
		w.cuts = append(w.cuts, time.Since(w.start))
		close(w.cut)
	}
	return nil
}

// TestWriteLimit: each piece has the stall limit for itself, the last one together with the flush. A write that is cut
// is cut then, and nothing is cut that is quick enough, or later.
func TestWriteLimit(t *testing.T) {
	const stall, forEver = time.Minute, 1000 * time.Hour
	tests := []struct {
		name         string
		write, flush time.Duration
		until        time.Duration
		cuts         []time.Duration
		gone         []fanout.EndReason
	}{
		{name: "quick", write: time.Second, flush: time.Second},
		{name: "three pieces that last, each less than it may", write: 50 * time.Second, flush: time.Second},
		{name: "a write without end", write: forEver, cuts: []time.Duration{stall}, gone: []fanout.EndReason{fanout.EndStalled}},
		{name: "a flush without end", flush: forEver, cuts: []time.Duration{stall}, gone: []fanout.EndReason{fanout.EndStalled}},
		{
			name: "the last piece and the flush together", write: 50 * time.Second, flush: 11 * time.Second,
			cuts: []time.Duration{160 * time.Second}, gone: []fanout.EndReason{fanout.EndStalled},
		},
		{
			name: "a write that lasts until nothing may be written", write: forEver, until: 20 * time.Second,
			cuts: []time.Duration{20 * time.Second}, gone: []fanout.EndReason{fanout.EndExpired},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &slowWriter{write: tt.write, flush: tt.flush, start: time.Now(), cut: make(chan struct{})}
				n := newNotes()
				sink := fanout.NewResponseSink(stall, fanout.FormEvent)
				sink.Bind(n)
				if tt.until > 0 {
					sink.Until(w.start.Add(tt.until))
				}
				offer(t, sink, pieces(1, 40_000)) // three pieces
				sink.End()
				err := sink.Run(t.Context(), w)
				w.over = true
				if failed := err != nil; failed != (tt.gone != nil) || failed && !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Run: %v", err)
				}
				time.Sleep(10 * stall)
				if diff := cmp.Diff(tt.cuts, w.cuts); diff != "" {
					t.Errorf("cut (-want +got):\n%s", diff)
				}
				if _, gone := n.get(); !cmp.Equal(gone, tt.gone) {
					t.Errorf("gone %v, want %v", gone, tt.gone)
				}
				if w.touched {
					t.Error("the response was touched when its handler had returned")
				}
			})
		})
	}
}

// TestWriteLimitRests: while nothing is written, no limit runs.
func TestWriteLimitRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slowWriter{write: time.Second, start: time.Now(), cut: make(chan struct{})}
		sink, n, run := startSink(t, time.Minute, w)
		for range 3 {
			offer(t, sink, pieces(1, 10))
			time.Sleep(time.Hour)
		}
		sink.End()
		if err := <-run; err != nil || len(w.cuts) > 0 {
			t.Errorf("Run: %v, cut at %v", err, w.cuts)
		}
		if _, gone := n.get(); len(gone) > 0 {
			t.Errorf("gone %v", gone)
		}
	})
}
