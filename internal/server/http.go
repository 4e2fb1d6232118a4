package server

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"
)

const (
	// readHeaderTimeout is how long a client may take to send the head of a request. That of the whole request is
	// [Options].ReadTimeout; a stream lasts as long as its subscriber likes.
	readHeaderTimeout = 10 * time.Second
	// idleTimeout is how long a connection without a request is kept.
	idleTimeout = 2 * time.Minute
	// maxHeaderBytes bounds the head of a request. A subscriber's matchers are in its URL, and 100 of 4 KiB each
	// are allowed.
	maxHeaderBytes = 1 << 20
	// maxStreams is how many streams one HTTP/2 connection may have: every tab and every element of a browser is
	// one, and programs may have one for each topic.
	maxStreams = 250
)

// httpServer returns the server of both HTTP versions, in clear or over TLS.
func (s *Server) httpServer(handler http.Handler) *http.Server {
	hs := &http.Server{
		Handler:           handler,
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: min(readHeaderTimeout, s.options.ReadTimeout),
		ReadTimeout:       s.options.ReadTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams,
			WriteByteTimeout:     s.options.Stall,
		},
		// Handlers that panic are told here, and clients that break off a TLS handshake.
		ErrorLog: slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelWarn),
	}
	hs.Protocols.SetHTTP1(true)
	if s.certificate == nil {
		hs.Protocols.SetUnencryptedHTTP2(true)
		return hs
	}
	hs.Protocols.SetHTTP2(true)
	hs.TLSConfig = &tls.Config{GetCertificate: s.certificate.get, MinVersion: tls.VersionTLS12}
	return hs
}
