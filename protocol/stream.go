package protocol

import (
	"context"
	"net/http"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// stream is a subscription on its way to an HTTP response.
type stream struct {
	sub         *hub.Subscription
	lastEventID string // for the response's head; empty if no cursor was presented
	gzip        bool
	envelope    bool
	release     func()               // is called when the stream has ended
	sink        *fanout.ResponseSink // once it has begun, in a response
	bearer      any                  // nil if the leave to receive cannot be taken back
	revoked     func() bool          // see Access
}

// stream answers with s, and returns it if it is to be followed. The error, if any, comes before the response's head.
func (h *handler) stream(w http.ResponseWriter, r *http.Request, s *stream) (*stream, error) {
	s.gzip = !h.options.NoCompression && acceptsGzip(r.Header)
	s.setHeader(w.Header(), !h.options.NoCompression)
	if r.Method == http.MethodHead {
		s.release()
		w.WriteHeader(http.StatusOK)
		return nil, nil
	}
	if h.mayTakeOver(r) {
		if taken, err := h.takeOver(w, r, s); taken {
			return nil, err
		}
	}
	begun := false
	defer func() {
		if !begun { // also if w, or what wraps it, panics
			s.release()
		}
	}()
	if err := h.respond(w, r, s); err != nil {
		return nil, err
	}
	begun = true
	return s, nil
}

// respond begins the stream that is written to w.
func (h *handler) respond(w http.ResponseWriter, r *http.Request, s *stream) error {
	if !canFlush(w) {
		s.unsetHeader(w.Header())
		return &problem{
			Status:  http.StatusInternalServerError,
			Detail:  "a stream cannot be flushed here: the server's middleware hides http.Flusher",
			failure: "request failed",
		}
	}
	s.sink = fanout.NewResponseSink(h.stall, s.form())
	s.sink.Until(s.sub.Expires())
	sub, err := h.attach(r, s, s.sink) // what it is offered waits until Run
	if err != nil {
		s.unsetHeader(w.Header())
		return err
	}
	begun := false
	defer func() {
		if !begun { // nobody will write what it is offered
			sub.Gone(fanout.EndGone)
		}
	}()
	s.sub = nil // all was told
	if r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close") // its write deadline outlives the stream
	}
	w.WriteHeader(http.StatusOK) // goes out with the first bytes, which a stream has at once
	begun = true
	return nil
}

// attach begins s. A stream whose leave was taken back before the hub knew of it, and so did not find it, is ended.
func (h *handler) attach(r *http.Request, s *stream, sink fanout.Sink) (*fanout.Subscriber, error) {
	bearer, revoked := s.bearer, s.revoked
	s.bearer, s.revoked = nil, nil // are of no use any more
	sub, err := s.sub.Attach(sink)
	if err == nil && bearer != nil && revoked != nil && revoked() {
		// An error says that the hub is closing, which ends every stream.
		_, _ = h.hub.EndWhere(context.WithoutCancel(r.Context()), func(other any) bool { return other == bearer })
	}
	return sub, err
}

// follow writes the stream to w, and returns when it has ended.
func (h *handler) follow(w http.ResponseWriter, r *http.Request, s *stream) {
	defer s.release()
	// What net/http has yet to write makes the end look proper. After a cut it must not; otherwise it must not
	// wait forever for a peer that reads nothing.
	if s.sink.Run(r.Context(), w) == nil {
		writeUntil(w, time.Now().Add(h.stall))
	} else {
		writeUntil(w, time.Unix(1, 0)) // long ago
	}
}

// writeUntil lets what is written to w fail from t on, where that can be.
func writeUntil(w http.ResponseWriter, t time.Time) {
	_ = http.NewResponseController(w).SetWriteDeadline(t)
}

// form returns which bytes of frames a writer is given that does the framing of HTTP by itself.
func (s *stream) form() fanout.Form {
	form := fanout.FormEvent
	if s.gzip {
		form |= fanout.FormGzip
	}
	if s.envelope {
		form |= fanout.FormEnvelope
	}
	return form
}

// setHeader completes the response's head. mayCompress says that other requests could be answered with a compressed
// stream.
func (s *stream) setHeader(header http.Header, mayCompress bool) {
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no")
	if mayCompress {
		header.Add("Vary", "Accept-Encoding")
	}
	if s.gzip {
		header.Set("Content-Encoding", "gzip")
	}
	if s.lastEventID != "" {
		header.Set(headerAnswer, s.lastEventID)
		header.Set(headerCursor, s.lastEventID)
	}
}

// unsetHeader takes out what would describe an answer wrongly that is no stream after all.
func (s *stream) unsetHeader(header http.Header) {
	for _, name := range []string{"Content-Encoding", "X-Accel-Buffering", headerAnswer, headerCursor} {
		header.Del(name)
	}
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
