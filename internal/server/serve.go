package server

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// App is what a [Server] serves.
type App interface {
	// Handler returns what answers the requests.
	Handler() http.Handler
	// Shutdown ends the streams that the handler serves and everything else that the app has running. If ctx ends
	// first, the rest is cut, and the error is that of ctx.
	Shutdown(ctx context.Context) error
}

// Serve serves app until ctx ends, and then ends in order: the listener closes, so that clients which reconnect find
// nobody rather than a refusal, the app ends its streams, and what has not ended within the grace is cut. Serve
// returns when all of this is done, with nil even if something was cut: who comes back with its cursor loses nothing.
// Otherwise the error says why the server could not go on; the app is shut down then too. Serve is called once.
func (s *Server) Serve(ctx context.Context, app App) error {
	fresh := new(newConns)
	conns := newConnections(s.ceiling, s.socketsOf(app), s.options.Refused, s.options.Logger)
	hs := s.httpServer(conns.handler(app.Handler()))
	hs.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		fresh.giveWay()
		return conns.accepted(ctx, c)
	}
	hs.ConnState = func(c net.Conn, state http.ConnState) {
		fresh.track(c, state)
		conns.track(c, state)
	}
	served := make(chan error, 1)
	go func() {
		if s.certificate != nil {
			served <- hs.ServeTLS(s.listener, "", "")
		} else {
			served <- hs.Serve(s.listener)
		}
	}()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	return errors.Join(err, s.end(context.WithoutCancel(ctx), hs, fresh, app))
}

// socketsOf returns what counts the connections that app has taken from the server; nil if nothing does.
func (s *Server) socketsOf(app App) func() int {
	if holder, ok := app.(interface{ Sockets() int }); ok {
		return holder.Sockets
	}
	return s.options.Sockets
}

// end shuts hs and app down within the grace.
func (s *Server) end(ctx context.Context, hs *http.Server, fresh *newConns, app App) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Grace)
	defer cancel()
	ended := make(chan error, 1)
	// What is registered runs when the listener has closed.
	hs.RegisterOnShutdown(func() {
		fresh.close()
		ended <- app.Shutdown(ctx)
	})
	cut := hs.Shutdown(ctx) != nil
	if cut {
		if err := hs.Close(); err != nil {
			s.options.Logger.Debug("closing connections", "error", err)
		}
	}
	err := <-ended
	if errors.Is(err, context.DeadlineExceeded) {
		cut, err = true, without(err, context.DeadlineExceeded)
	}
	if cut {
		s.options.Logger.Warn("cut what had not ended within the grace", "grace", s.options.Grace)
	}
	return err
}

// without returns what else than target is joined in err.
func without(err, target error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, e := range joined.Unwrap() {
			rest = append(rest, without(e, target))
		}
		return errors.Join(rest...)
	}
	if errors.Is(err, target) {
		return nil
	}
	return err
}
