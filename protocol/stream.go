package protocol

import (
	"net/http"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
)

// stream is a subscription on its way to an HTTP response.
type stream struct {
	sub         *hub.Subscription
	lastEventID string // for the response's head; empty if no cursor was presented
	signals     bool
}

// stream answers with s and returns when it has ended. The error, if any, comes before the response's head.
func (h *handler) stream(w http.ResponseWriter, r *http.Request, s stream) error {
	if r.Method == http.MethodHead {
		s.head(w, r)
		return nil
	}
	if !canFlush(w) {
		return &problem{
			Status: http.StatusInternalServerError,
			Detail: "a stream cannot be flushed here: the server's middleware hides http.Flusher",
		}
	}
	sink := fanout.NewResponseSink(h.stall)
	subscriber, err := s.sub.Attach(sink) // what it is offered waits until Run
	if err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(h.stall)) // each write has one, in place of the server's WriteTimeout
	if err := s.begin(w, r, rc); err != nil {
		subscriber.Gone(fanout.EndGone)
		return nil
	}
	_ = rc.SetWriteDeadline(time.Time{}) // an HTTP/2 stream would be reset by it, though nothing is being written
	last := time.Unix(1, 0)              // long ago
	if sink.Run(r.Context(), w) == nil {
		last = time.Now().Add(h.stall)
	}
	// What net/http has yet to write makes the end look proper. After a cut it must not; otherwise it must not
	// wait forever for a peer that reads nothing.
	_ = rc.SetWriteDeadline(last)
	return nil
}

// begin writes the first bytes at once: a head alone is held back by some proxies until a body begins. A stream
// with signals begins with one.
func (s *stream) begin(w http.ResponseWriter, r *http.Request, rc *http.ResponseController) error {
	s.head(w, r)
	if !s.signals {
		if _, err := w.Write(sse.AppendComment(nil, "")); err != nil {
			return err
		}
	}
	return rc.Flush()
}

// head writes the response's head.
func (s *stream) head(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	if s.lastEventID != "" {
		header.Set(headerAnswer, s.lastEventID)
		header.Set(headerCursor, s.lastEventID)
	}
	if r.ProtoMajor == 1 && r.Method == http.MethodGet {
		header.Set("Connection", "close") // its write deadline outlives the stream
	}
	w.WriteHeader(http.StatusOK)
}

// canFlush reports whether an [http.ResponseController] will be able to flush w.
func canFlush(w http.ResponseWriter) bool {
	for {
		switch v := w.(type) {
		case interface{ FlushError() error }, http.Flusher:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = v.Unwrap()
		default:
			return false
		}
	}
}
