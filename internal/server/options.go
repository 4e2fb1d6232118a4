package server

import (
	"log/slog"
	"time"
)

// Options say where a [Server] listens and how it ends. The zero value listens on 127.0.0.1:8080 in clear.
type Options struct {
	// Addr is host:port; default 127.0.0.1:8080. Port 0 takes any free port.
	Addr string
	// LoopbackOnly refuses every address that other machines could reach.
	LoopbackOnly bool
	// CertFile and KeyFile hold a certificate chain and its private key, in PEM. With both the server speaks
	// HTTP/1.1 and HTTP/2 over TLS, with neither both in clear. A handshake looks at the files, once a second at most,
	// and takes up what has changed; what cannot be used leaves the pair before. Connections that are there stay.
	CertFile, KeyFile string
	// CertificateRead, if not nil, is told of every change of the files: nil if what they hold was taken up, a
	// [*CertificateError] if it cannot be used. It must be quick.
	CertificateRead func(error)
	// Grace is how long the streams may take to end before they are cut; default 2 s.
	Grace time.Duration
	// Stall is how long a connection may take no byte of what is to be written to it; default 60 s. It should be the
	// hub's stall limit, which the streams of an HTTP/2 connection have each for itself. On Linux the kernel keeps it
	// too (TCP_USER_TIMEOUT).
	Stall time.Duration
	// ReadTimeout is how long a client may take to send a request with its body; default 2 min. Beyond it the body
	// cannot be read any more. What a request is answered with may last longer.
	ReadTimeout time.Duration
	// NotSentBytes bounds what the kernel takes of a connection's bytes before it can send them, on Linux
	// (TCP_NOTSENT_LOWAT); default 128 KiB, negative to leave it to the system.
	NotSentBytes int
	// MaxConnections bounds the connections at once; 0, or more than the descriptors of the process allow, for as many
	// as those allow. See [Server.Ceiling].
	MaxConnections int
	// Sockets, if not nil, returns how many connections the handler has taken over (http.Hijacker) and not closed
	// yet: they count too. It is called for every new connection and must be quick.
	Sockets func() int
	// Refused, if not nil, is told of every connection that is refused, and must be quick.
	Refused func(RefuseReason)
	// Logger is told what goes wrong on connections; nil for nobody.
	Logger *slog.Logger
}

// DefaultAddr is where a server listens unless told otherwise.
const DefaultAddr = "127.0.0.1:8080"

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = DefaultAddr
	}
	if o.Grace == 0 {
		o.Grace = 2 * time.Second
	}
	if o.Stall == 0 {
		o.Stall = 60 * time.Second
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 2 * time.Minute
	}
	if o.NotSentBytes == 0 {
		o.NotSentBytes = 128 << 10
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
