package fanout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/fanout"
)

// recordingWriter is a response of which every call is noted.
type recordingWriter struct {
	start   time.Time
	calls   []string
	body    bytes.Buffer
	block   func(n int) error // called by the nth Write, from 1 on
	writes  int
	clearly error         // what clearing the deadline returns
	cutAt   time.Duration // when a deadline was set that is over
}

func (w *recordingWriter) note(format string, args ...any) {
	w.calls = append(w.calls, fmt.Sprintf(format, args...))
}

func (w *recordingWriter) Header() http.Header { return http.Header{} }
func (w *recordingWriter) WriteHeader(int)     {}

func (w *recordingWriter) Write(p []byte) (int, error) {
	w.writes++
	w.note("write %d", len(p))
	if w.block != nil {
		if err := w.block(w.writes); err != nil {
			return 0, err
		}
	}
	return w.body.Write(p)
}

func (w *recordingWriter) FlushError() error {
	w.note("flush")
	return nil
}

func (w *recordingWriter) SetWriteDeadline(t time.Time) error {
	if t.IsZero() {
		w.note("clear")
		return w.clearly
	}
	if !t.Before(time.Now()) {
		w.note("a deadline to come")
	}
	w.cutAt = time.Since(w.start)
	return nil
}

// notes is a shard's side of a sink.
type notes struct {
	mu      sync.Mutex
	changed chan struct{}
	drained int
	gone    []fanout.EndReason
}

func newNotes() *notes { return &notes{changed: make(chan struct{}, 1)} }

func (n *notes) add(f func()) {
	n.mu.Lock()
	f()
	n.mu.Unlock()
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

func (n *notes) Drained()                { n.add(func() { n.drained++ }) }
func (n *notes) Gone(r fanout.EndReason) { n.add(func() { n.gone = append(n.gone, r) }) }

func (n *notes) get() (drained int, gone []fanout.EndReason) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.drained, append([]fanout.EndReason(nil), n.gone...)
}

// startSink runs a sink on w in its own goroutine. run receives what Run returns.
func startSink(t *testing.T, stall time.Duration, w http.ResponseWriter) (sink *fanout.ResponseSink, n *notes, run <-chan error) {
	t.Helper()
	n = newNotes()
	sink = fanout.NewResponseSink(stall, fanout.FormEvent)
	sink.Bind(n)
	done := make(chan error, 1)
	ctx := t.Context()
	go func() { done <- sink.Run(ctx, w) }()
	return sink, n, done
}

// pieces returns n buffers of size bytes, each with a different letter.
func pieces(n, size int) [][]byte {
	bufs := make([][]byte, n)
	for i := range bufs {
		bufs[i] = bytes.Repeat([]byte{byte('a' + i%26)}, size)
	}
	return bufs
}

func offer(t *testing.T, s fanout.Sink, bufs [][]byte) int {
	t.Helper()
	n, err := s.Offer(bufs)
	if err != nil {
		t.Fatalf("Offer: %v", err)
	}
	return n
}

// TestResponseWritesTogether: whatever is pending goes out with one flush, without a word about deadlines but that the
// server's own is none of the stream's.
func TestResponseWritesTogether(t *testing.T) {
	tests := []struct {
		name string
		bufs [][]byte
		want []string
	}{
		{"one", pieces(1, 100), []string{"write 100", "flush"}},
		{"many small ones are one write", pieces(100, 50), []string{"write 5000", "flush"}},
		{"exactly one piece", pieces(16, 1024), []string{"write 16384", "flush"}},
		{"several pieces, one flush", pieces(40, 1000), []string{
			"write 16384", "write 16384", "write 7232",
			"flush",
		}},
		{"a large one", pieces(1, 40_000), []string{
			"write 16384", "write 16384", "write 7232",
			"flush",
		}},
		{"small, large, small", [][]byte{pieces(1, 10)[0], pieces(1, 20_000)[0], pieces(1, 10)[0]}, []string{
			"write 16384", "write 3636", "flush",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &recordingWriter{start: time.Now()}
				sink, _, run := startSink(t, time.Minute, w)
				want := string(bytes.Join(tt.bufs, nil))
				kept := append([][]byte(nil), tt.bufs...)
				if n := offer(t, sink, tt.bufs); n != len(want) {
					t.Errorf("Offer took %d of %d bytes", n, len(want))
				}
				synctest.Wait()
				if diff := cmp.Diff(append([]string{"clear"}, tt.want...), w.calls); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
				if w.body.String() != want {
					t.Errorf("written: %.100q, want %.100q", w.body.String(), want)
				}
				if sink.Taken() != uint64(len(want)) {
					t.Errorf("Taken() = %d, want %d", sink.Taken(), len(want))
				}
				for i := range kept {
					if &kept[i][0] != &tt.bufs[i][0] || len(kept[i]) != len(tt.bufs[i]) {
						t.Fatal("the caller's list of buffers was changed")
					}
				}
				sink.End()
				if err := <-run; err != nil {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// TestResponseGathersWhileItWrites: what comes during a write goes out together after it.
func TestResponseGathersWhileItWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &recordingWriter{start: time.Now(), block: func(n int) error {
			if n == 1 {
				time.Sleep(time.Second)
			}
			return nil
		}}
		sink, n, run := startSink(t, time.Minute, w)
		offer(t, sink, pieces(1, 10))
		synctest.Wait()
		for range 50 {
			offer(t, sink, pieces(2, 10))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{
			"write 10", "flush",
			"write 1000", "flush",
		}
		if diff := cmp.Diff(append([]string{"clear"}, want...), w.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if drained, gone := n.get(); drained > 0 || len(gone) > 0 {
			t.Errorf("told %d times that it has drained, and that it is gone: %v", drained, gone)
		}
		sink.End()
		if err := <-run; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// TestResponseRefuses: at 64 KiB unwritten nothing more is taken, to the byte, and the shard is told when there is room.
func TestResponseRefuses(t *testing.T) {
	const limit = 64 << 10
	synctest.Test(t, func(t *testing.T) {
		w := &recordingWriter{start: time.Now(), block: func(n int) error {
			time.Sleep(time.Second)
			return nil
		}}
		sink, n, run := startSink(t, time.Minute, w)
		offer(t, sink, pieces(1, 10))
		synctest.Wait() // in the first write
		if took := offer(t, sink, pieces(100, 1000)); took != limit-10 {
			t.Errorf("Offer took %d bytes, want %d: until 64 KiB are unwritten", took, limit-10)
		}
		synctest.Wait()
		if drained, _ := n.get(); drained > 0 {
			t.Error("drained before anything was written")
		}
		time.Sleep(time.Second + time.Millisecond) // the ten bytes are out
		synctest.Wait()
		if drained, _ := n.get(); drained != 1 {
			t.Errorf("drained %d times with room for ten bytes, want 1", drained)
		}
		if took := offer(t, sink, pieces(1, 11)); took != 10 {
			t.Errorf("Offer took %d of 11 bytes, where there is room for 10", took)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if drained, _ := n.get(); drained != 2 {
			t.Errorf("drained %d times, want 2", drained)
		}
		if took := offer(t, sink, pieces(1, 10)); took != 10 {
			t.Errorf("Offer took %d of 10 bytes after it has drained", took)
		}
		sink.End()
		if err := <-run; err != nil {
			t.Errorf("Run: %v", err)
		}
		if got := w.body.Len(); got != limit+20 {
			t.Errorf("%d bytes written, want %d", got, limit+20)
		}
	})
}

// TestResponseTakesALargeFrameInParts: a frame is held by the shard, not by its connections, as far as these have no
// room for it.
func TestResponseTakesALargeFrameInParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &recordingWriter{start: time.Now()}
		sink, n, run := startSink(t, time.Minute, w)
		frame, drained := content(1<<20), 0
		for rest := frame; len(rest) > 0; {
			took := offer(t, sink, [][]byte{rest})
			if took < 1 || took > 64<<10 {
				t.Fatalf("Offer took %d bytes", took)
			}
			if rest = rest[took:]; len(rest) == 0 {
				break
			}
			synctest.Wait()
			drained++
			if got, _ := n.get(); got != drained {
				t.Fatalf("drained %d times, want %d", got, drained)
			}
		}
		sink.End()
		if err := <-run; err != nil || !bytes.Equal(w.body.Bytes(), frame) {
			t.Errorf("Run: %v, %d bytes written, which are not the frame's", err, w.body.Len())
		}
	})
}

func TestResponseEnds(t *testing.T) {
	broken := errors.New("broken pipe")
	tests := []struct {
		name  string
		block func(n int) error
		do    func(sink *fanout.ResponseSink)
		gone  []fanout.EndReason
		err   error
		wrote int
	}{
		{"properly", nil, func(s *fanout.ResponseSink) { s.End() }, nil, nil, 40_000},
		{"at once", func(int) error { time.Sleep(time.Second); return nil }, func(s *fanout.ResponseSink) { s.Abort() }, []fanout.EndReason{fanout.EndGone}, context.Canceled, 16_384},
		{"by an error", func(int) error { return broken }, nil, []fanout.EndReason{fanout.EndGone}, broken, 0},
		{"by an error of the second piece", func(n int) error {
			if n == 2 {
				return broken
			}
			return nil
		}, nil, []fanout.EndReason{fanout.EndGone}, broken, 16_384},
		{
			"by the deadline", func(int) error { return fmt.Errorf("write: %w", os.ErrDeadlineExceeded) }, nil,
			[]fanout.EndReason{fanout.EndStalled},
			os.ErrDeadlineExceeded, 0,
		},
		{
			"by another error behind the deadline, as HTTP/2 has it", func(int) error { time.Sleep(time.Minute + 1); return broken }, nil,
			[]fanout.EndReason{fanout.EndStalled},
			broken, 0,
		},
		{
			"by another error just before the deadline", func(int) error { time.Sleep(time.Minute - 1); return broken }, nil,
			[]fanout.EndReason{fanout.EndGone},
			broken, 0,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &recordingWriter{start: time.Now(), block: tt.block}
				sink, n, run := startSink(t, time.Minute, w)
				offer(t, sink, pieces(1, 40_000))
				synctest.Wait()
				if tt.do != nil {
					tt.do(sink)
				}
				if err := <-run; !errors.Is(err, tt.err) {
					t.Errorf("Run: %v, want %v", err, tt.err)
				}
				if _, gone := n.get(); !cmp.Equal(gone, tt.gone) {
					t.Errorf("gone %v, want %v", gone, tt.gone)
				}
				if w.body.Len() != tt.wrote {
					t.Errorf("%d bytes written, want %d", w.body.Len(), tt.wrote)
				}
			})
		})
	}
}

// TestResponseAbortDropsWhatWaits: behind the write that is under way nothing more goes out.
func TestResponseAbortDropsWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &recordingWriter{start: time.Now(), block: func(int) error { time.Sleep(time.Second); return nil }}
		sink, _, run := startSink(t, time.Minute, w)
		offer(t, sink, pieces(1, 10))
		synctest.Wait()
		offer(t, sink, pieces(1, 20))
		sink.Abort()
		if err := <-run; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if w.body.Len() != 10 {
			t.Errorf("%d bytes written, want 10", w.body.Len())
		}
	})
}

// TestResponsePeerGone: the end of the request is the peer's.
func TestResponsePeerGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNotes()
		sink := fanout.NewResponseSink(time.Minute, fanout.FormEvent)
		sink.Bind(n)
		ctx, cancel := context.WithCancel(t.Context())
		run := make(chan error, 1)
		go func() { run <- sink.Run(ctx, &recordingWriter{}) }()
		synctest.Wait()
		cancel()
		if err := <-run; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if _, gone := n.get(); !cmp.Equal(gone, []fanout.EndReason{fanout.EndGone}) {
			t.Errorf("gone %v", gone)
		}
	})
}

// plainWriter is a response without deadlines; flushing is up to who embeds it.
type plainWriter struct{ body strings.Builder }

func (w *plainWriter) Header() http.Header         { return http.Header{} }
func (w *plainWriter) WriteHeader(int)             {}
func (w *plainWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

type flushingWriter struct{ plainWriter }

func (w *flushingWriter) Flush() {}

func TestResponseWithoutDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &flushingWriter{}
		sink, _, run := startSink(t, time.Minute, w)
		offer(t, sink, pieces(3, 10))
		sink.End()
		if err := <-run; err != nil || w.body.Len() != 30 {
			t.Errorf("Run: %v, %d bytes written", err, w.body.Len())
		}
	})
}

func TestResponseWithoutFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, n, run := startSink(t, time.Minute, &plainWriter{})
		offer(t, sink, pieces(1, 10))
		if err := <-run; !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("Run: %v, want ErrNotSupported", err)
		}
		if _, gone := n.get(); !cmp.Equal(gone, []fanout.EndReason{fanout.EndGone}) {
			t.Errorf("gone %v", gone)
		}
	})
}

// TestResponseThatCannotClearItsDeadline would be reset later for no reason: it is ended now.
func TestResponseThatCannotClearItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sink, _, run := startSink(t, time.Minute, &recordingWriter{clearly: io.ErrClosedPipe})
		offer(t, sink, pieces(1, 10))
		if err := <-run; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Run: %v", err)
		}
	})
}
