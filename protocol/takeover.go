package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

// mayTakeOver reports whether the connection of r may be taken from the server, to write the stream to its socket.
func (h *handler) mayTakeOver(r *http.Request) bool {
	return h.options.TakeOver && fanout.SocketsSupported && r.ProtoMajor == 1 && r.TLS == nil
}

// takeOver answers with s on a connection that is the stream's own from then on, and reports false if there is none
// to be had and w is as it was. The stream goes on when it has returned.
func (h *handler) takeOver(w http.ResponseWriter, r *http.Request, s *stream) (taken bool, err error) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) {
		return false, nil
	}
	if err != nil {
		s.release()
		return true, fmt.Errorf("protocol: cannot take the connection over: %w", err)
	}
	form, chunked := s.form(), r.ProtoAtLeast(1, 1)
	if chunked {
		form |= fanout.FormChunk
	}
	s.sub.Head = responseHead(r, http.StatusOK, w.Header(), chunked, "")
	sink, err := fanout.NewSocketSink(conn, form, fanout.SocketOptions{
		Stall:        h.stall,
		NotSentBytes: h.hub.Options().Fanout.NotSentBytes,
		Heard:        buffered.Reader.Buffered(),
	})
	if errors.Is(err, errors.ErrUnsupported) { // something wraps it
		h.serveConn(conn, w.Header(), r, s, chunked)
		return true, nil
	}
	if err != nil {
		s.release()
		h.refuse(r, &problem{
			Status: http.StatusInternalServerError, cause: err, failure: "a connection was lost when it was taken over",
		}) // into the log: nobody is left to tell
		return true, nil
	}
	s.sub.Done = s.release
	if _, err := h.attach(r, s, sink); err != nil {
		s.release()
		s.unsetHeader(w.Header())
		sink.Refuse(problemAnswer(r, w.Header(), h.refuse(r, err)))
	}
	return true, nil
}

// responseHead returns the head of an answer on a connection that is closed behind it. length is that of the body if
// it is known.
func responseHead(r *http.Request, status int, header http.Header, chunked bool, length string) []byte {
	for _, name := range []string{"Content-Length", "Trailer", "Transfer-Encoding", "Keep-Alive"} {
		header.Del(name)
	}
	header.Set("Connection", "close")
	if header.Get("Date") == "" {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	version := "HTTP/1.0"
	if r.ProtoAtLeast(1, 1) {
		version = "HTTP/1.1"
	}
	if chunked {
		header.Set("Transfer-Encoding", "chunked")
	}
	if length != "" {
		header.Set("Content-Length", length)
	}
	b := bytes.NewBuffer(make([]byte, 0, 512))
	b.WriteString(version + " " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	_ = header.Write(b) // a Buffer does not fail
	b.WriteString("\r\n")
	return b.Bytes()
}

// problemAnswer returns p as writeProblem would write it, for a connection that was taken over.
func problemAnswer(r *http.Request, header http.Header, p *problem) []byte {
	body := p.answer(header)
	return append(responseHead(r, p.Status, header, false, strconv.Itoa(len(body))), body...)
}
