package protocol

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

// serveConn writes a stream to a connection that was taken over but turned out to be no bare socket, in the
// goroutine of its handler.
func (h *handler) serveConn(conn net.Conn, header http.Header, r *http.Request, s *stream, chunked bool) {
	defer conn.Close()
	sink := fanout.NewResponseSink(h.stall, s.form())
	sink.Until(s.sub.Expires())
	head := s.sub.Head
	s.sub.Head = nil
	if _, err := h.attach(r, s, sink); err != nil {
		s.release()
		s.unsetHeader(header)
		h.refuseConn(conn, problemAnswer(r, header, h.refuse(r, err)))
		return
	}
	defer s.release()
	ctx, gone := context.WithCancel(context.WithoutCancel(r.Context())) // the server has let go of the request
	defer gone()
	w := newConnWriter(conn, chunked)
	_, _ = w.out.Write(head) // an error shows at the flush
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		defer gone()
		_, _ = io.CopyN(io.Discard, conn, maxHeard) // nothing is to be heard: how it ends does not matter
	}()
	if sink.Run(ctx, w) == nil {
		_ = conn.SetWriteDeadline(time.Now().Add(h.stall))
		_ = w.Close() // nobody is left to tell
	}
	conn.Close()
	<-heard
}

// refuseConn writes an answer to a connection that is closed behind it. What the peer still sends is read for a moment:
// to close a socket that holds something unread would reset the connection, and the peer would lose the answer.
func (h *handler) refuseConn(conn net.Conn, answer []byte) {
	_ = conn.SetWriteDeadline(time.Now().Add(h.stall))
	_, _ = conn.Write(answer) // nobody is left to tell
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = conn.SetReadDeadline(time.Now().Add(refuseLinger))
	_, _ = io.CopyN(io.Discard, conn, maxHeard)
}

// refuseLinger is how long a peer may take to close behind an answer that refuses it.
const refuseLinger = 500 * time.Millisecond

// maxHeard is how much a peer may send behind its request.
const maxHeard = 64 << 10

// connWriter is an [http.ResponseWriter] on a bare connection, whose head has been written.
type connWriter struct {
	conn net.Conn
	out  *bufio.Writer
	body io.Writer
	end  io.Closer // nil where the connection's end is the body's
}

func newConnWriter(conn net.Conn, chunked bool) *connWriter {
	w := &connWriter{conn: conn, out: bufio.NewWriter(conn)}
	w.body = w.out
	if chunked {
		chunks := httputil.NewChunkedWriter(w.out)
		w.body, w.end = chunks, chunks
	}
	return w
}

// Header implements [http.ResponseWriter].
func (w *connWriter) Header() http.Header { return http.Header{} }

// WriteHeader implements [http.ResponseWriter].
func (w *connWriter) WriteHeader(int) {}

// Write implements [http.ResponseWriter].
func (w *connWriter) Write(b []byte) (int, error) { return w.body.Write(b) }

// FlushError is for [http.ResponseController].
func (w *connWriter) FlushError() error { return w.out.Flush() }

// SetWriteDeadline is for [http.ResponseController].
func (w *connWriter) SetWriteDeadline(t time.Time) error { return w.conn.SetWriteDeadline(t) }

// Close ends the body properly.
func (w *connWriter) Close() error {
	if w.end != nil {
		if err := w.end.Close(); err != nil {
			return err
		}
		if _, err := w.out.WriteString("\r\n"); err != nil { // behind the trailer, of which there is none
			return err
		}
	}
	return w.out.Flush()
}
