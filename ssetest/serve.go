package ssetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Serve calls a handler, without a network, and records the stream that it writes. As on a network, what the
// handler has not flushed does not arrive before it returns. Leaving the stream ends the request's context.
func Serve(tb testing.TB, h http.Handler, r *http.Request) *Stream {
	tb.Helper()
	ctx, cancel := context.WithCancel(r.Context())
	body, pipe := io.Pipe()
	w := &responseWriter{header: http.Header{}, pipe: pipe, head: make(chan struct{})}
	var running sync.WaitGroup
	running.Go(func() {
		pipe.CloseWithError(w.serve(h, r.WithContext(ctx)))
		cancel()
	})
	leave := func() {
		cancel()
		body.Close()
		running.Wait()
	}
	select {
	case <-w.head:
	case <-time.After(Patience):
		cancel()
		body.Close()
		tb.Fatalf("ssetest: the handler neither writes nor returns within %v", Patience)
	}
	return record(tb, w.status, w.sent, body, leave)
}

// responseWriter is the server's end of a stream.
type responseWriter struct {
	header http.Header
	pipe   *io.PipeWriter

	head   chan struct{} // closed when status and sent are set
	status int           // 0 until then
	sent   http.Header
	buf    bytes.Buffer // what is not flushed
}

// serve calls the handler, and returns how the stream ends: nil for in good order.
func (w *responseWriter) serve(h http.Handler, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			w.WriteHeader(http.StatusOK)
			err = io.ErrUnexpectedEOF
		default:
			w.WriteHeader(http.StatusInternalServerError)
			err = fmt.Errorf("ssetest: the handler panicked: %v", p)
		}
	}()
	h.ServeHTTP(w, r)
	return w.FlushError()
}

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
		close(w.head)
	}
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.buf.Write(p)
}

// FlushError is for http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	_, err := w.pipe.Write(w.buf.Bytes())
	w.buf.Reset()
	return err
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// SetWriteDeadline is for http.ResponseController. The reader of a recording is never late.
func (w *responseWriter) SetWriteDeadline(time.Time) error { return nil }
