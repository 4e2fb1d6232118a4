package client

import (
	"context"
	"io"
	"time"
)

// watch cancels a connection on which nothing comes.
type watch struct {
	idle   time.Duration // how long a stream may be silent; 0 for ever
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  TimeoutError // what timer cancels with
}

func newWatch(idle time.Duration, cancel context.CancelCauseFunc) *watch {
	return &watch{idle: idle, cancel: cancel}
}

// await cancels the connection unless it is stopped within d.
func (w *watch) await(what string, d time.Duration) {
	limit := TimeoutError{What: what, After: d}
	if w.timer != nil && w.limit == limit {
		w.timer.Reset(d)
		return
	}
	w.stop()
	w.limit = limit
	w.timer = time.AfterFunc(d, func() { w.cancel(&limit) })
}

func (w *watch) stop() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// watchedReader reads a stream under a watch. Only the waiting for bytes counts: a program that takes its
// time over an event is not a silent server.
type watchedReader struct {
	body  io.Reader
	watch *watch
}

// Read implements io.Reader.
func (r watchedReader) Read(p []byte) (int, error) {
	if r.watch.idle <= 0 {
		return r.body.Read(p)
	}
	r.watch.await("byte", r.watch.idle)
	defer r.watch.stop()
	return r.body.Read(p)
}
