package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/tidings-hub/tidings/internal/descriptors"
)

// Server is a listener that is ready to serve. Its methods may be called from any goroutine.
type Server struct {
	options     Options
	listener    net.Listener
	certificate *certificate // nil to serve in clear
	ceiling     Ceiling
	close       func() error
}

// ListenError says why a server cannot listen.
type ListenError struct {
	// Addr is the address as it was given.
	Addr string
	// Err is what the system says, for example syscall.EADDRINUSE.
	Err error
}

func (e *ListenError) Error() string {
	text := fmt.Sprintf("cannot listen on %s: %v", e.Addr, e.Err)
	if errors.Is(e.Err, syscall.EADDRINUSE) {
		text += " (is another tidings running?)"
	}
	return text
}

// Unwrap returns e.Err.
func (e *ListenError) Unwrap() error { return e.Err }

// Listen opens the listener and reads the certificate; connections wait until [Server.Serve]. It raises the process's
// soft limit of descriptors to the hard one. ctx bounds the look-up of a host name, nothing else. The error is a
// [*ListenError], a [*NotLoopbackError] or a [*CertificateError].
func Listen(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	if o.LoopbackOnly && !loopbackAddr(o.Addr) {
		return nil, &NotLoopbackError{Addr: o.Addr}
	}
	certificate, err := loadCertificate(&o)
	if err != nil {
		return nil, err
	}
	limit, err := raiseDescriptors()
	if err != nil {
		o.Logger.Warn(err.Error()) // it is as it was
	}
	if err := descriptors.Reserve(tableSize(limit)); err != nil {
		o.Logger.Warn("accepting may stand still now and then", "error", err)
	}
	listener, err := o.listenConfig().Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, &ListenError{Addr: o.Addr, Err: systemError(err)}
	}
	// What "localhost" stands for is the machine's to say.
	if bound, ok := listener.Addr().(*net.TCPAddr); o.LoopbackOnly && (!ok || !bound.IP.IsLoopback()) {
		return nil, errors.Join(&NotLoopbackError{Addr: o.Addr}, listener.Close())
	}
	s := &Server{options: o, listener: listener, certificate: certificate}
	s.ceiling = newCeiling(limit, o.MaxConnections)
	s.close = sync.OnceValue(listener.Close)
	return s, nil
}

// listenConfig returns how listening sockets are made. A system without an option of theirs is none to refuse.
func (o Options) listenConfig() *net.ListenConfig {
	config := &net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) error {
		if err := setSocket(conn, o.NotSentBytes, o.Stall); err != nil {
			o.Logger.Warn("the sockets are not as they should be", "error", err)
		}
		return nil
	}}
	if socketsInherit {
		config.KeepAlive = -1 // the listening socket has it: four system calls less for each connection
	}
	config.SetMultipathTCP(false) // its sockets know few of these options, and set some for themselves
	return config
}

// Close closes the listener. It is for a server that will not serve; [Server.Serve] closes it by itself. It may be
// called again.
func (s *Server) Close() error { return s.close() }

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Ceiling returns how many connections the server takes at once. Those above it are answered with 503, or closed if
// they ask nothing.
func (s *Server) Ceiling() Ceiling { return s.ceiling }

// URL returns the address of the page at /, as a browser on this machine has it.
func (s *Server) URL() string {
	scheme := "http"
	if s.certificate != nil {
		scheme = "https"
	}
	bound := s.listener.Addr().(*net.TCPAddr)
	host, _, err := net.SplitHostPort(s.options.Addr)
	switch {
	case err != nil || host == "" || bound.IP.IsUnspecified():
		host = "localhost"
	case net.ParseIP(host) != nil:
		host = bound.IP.String()
	}
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(bound.Port)) + "/"
}

// systemError returns what err says without repeating the address, which it tells by the way.
func systemError(err error) error {
	if system, ok := errors.AsType[*os.SyscallError](err); ok {
		return system.Err
	}
	if addr, ok := errors.AsType[*net.AddrError](err); ok {
		return errors.New(addr.Err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
