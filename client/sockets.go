package client

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// ownClient returns a client for one source, and its connections. These are nil if the program has put something
// of another kind in the default transport's place, which is then used as it is.
func ownClient() (*http.Client, *sockets) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return &http.Client{}, nil
	}
	own := standard.Clone()
	if own.HTTP2 == nil {
		// A connection whose peer has vanished would otherwise be taken for the next attempt too.
		own.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
	}
	s := &sockets{dial: own.DialContext, open: map[*socket]bool{}}
	if s.dial != nil { // a transport without it has another way to dial, which stays
		own.DialContext = s.dialContext
	}
	return &http.Client{Transport: own}, s
}

// sockets are the connections of a source's own client. To close the idle ones is not enough at a loop's end:
// over HTTP/2 a cancelled stream is taken down in the background, and its connection is idle only then.
type sockets struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	open   map[*socket]bool
	closed bool // there is no loop
}

type socket struct {
	net.Conn
	of *sockets
}

// Close implements net.Conn.
func (s *socket) Close() error {
	s.of.mu.Lock()
	delete(s.of.open, s)
	s.of.mu.Unlock()
	return s.Conn.Close()
}

func (s *sockets) dialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := s.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	socket := &socket{conn, s}
	s.open[socket] = true
	return socket, nil
}

// begin lets connections be made.
func (s *sockets) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = false
}

// end closes all connections, also those that are still to come.
func (s *sockets) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for socket := range s.open {
		socket.Conn.Close()
	}
	clear(s.open)
}
