package server

import (
	"net"
	"time"
)

// NewCeiling is what the tests see of how a ceiling is computed.
var NewCeiling = newCeiling

// LookAgain lets the next handshake look at the certificate's files, however short ago another did.
func LookAgain(s *Server) {
	s.certificate.mu.Lock()
	defer s.certificate.mu.Unlock()
	s.certificate.looked = time.Time{}
}

// ListenConfig returns how a server of these options listens.
func ListenConfig(o Options) *net.ListenConfig { return o.withDefaults().listenConfig() }

// LogUpdates is what the tests see of how updates are logged.
var LogUpdates = logUpdates
