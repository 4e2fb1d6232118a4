package ssetest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// Script says what a [Server] does with one request, step by step. If its last step does not end the
// connection, it is ended in good order.
type Script []Step

// Request is a request that a [Server] has received.
type Request struct {
	Method string
	// Target is the path and the query.
	Target string
	Header http.Header
	Body   string
}

// Server answers requests as scripts say, over HTTP/1.1, one on each connection.
type Server struct {
	// URL is the server's, without a slash at the end.
	URL string

	tb       testing.TB
	listener net.Listener
	done     chan struct{}
	running  sync.WaitGroup

	mu       sync.Mutex
	scripts  []Script
	requests []Request
	conns    map[net.Conn]bool // nil when the server is closed
	more     chan struct{}     // closed when there is another request
}

// NewServer starts a server on a free port of the loopback interface. The first request gets the first
// script, the second the second, and so on; those beyond get 204 No Content, on which clients stop.
func NewServer(tb testing.TB, scripts ...Script) *Server {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("ssetest: %v", err)
	}
	s := &Server{
		URL: "http://" + listener.Addr().String(), tb: tb, listener: listener, done: make(chan struct{}),
		scripts: scripts, conns: map[net.Conn]bool{}, more: make(chan struct{}),
	}
	s.running.Go(s.accept)
	tb.Cleanup(s.Close)
	return s
}

// Close ends all connections, whatever the scripts say, and returns when nothing of the server is left. It
// may be called more than once, and is called at the test's end by itself.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	if s.conns != nil {
		close(s.done)
	}
	for conn := range s.conns {
		conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.running.Wait()
}

// Requests returns the requests that have come so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Wait waits until n requests have come in all, and returns the last of these. The test fails if they do not
// come. It is called from the test's goroutine.
func (s *Server) Wait(n int) Request {
	s.tb.Helper()
	timeout := time.NewTimer(Patience)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		requests, more := s.requests, s.more
		s.mu.Unlock()
		if len(requests) >= n {
			return requests[n-1]
		}
		select {
		case <-more:
		case <-timeout.C:
			s.tb.Fatalf("ssetest: %d requests within %v, want %d", len(requests), Patience, n)
		}
	}
}

func (s *Server) accept() {
	for {
		tcp, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		open := s.conns != nil
		if open {
			s.conns[tcp] = true
			s.running.Go(func() { s.serve(tcp) })
		}
		s.mu.Unlock()
		if !open {
			tcp.Close()
		}
	}
}

// serve reads a request and does what its script says.
func (s *Server) serve(tcp net.Conn) {
	defer func() {
		tcp.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, tcp)
	}()
	in := bufio.NewReader(tcp)
	r, err := http.ReadRequest(in)
	if err != nil {
		return // left before it asked
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c := &conn{tcp: tcp.(*net.TCPConn), in: in, done: s.done}
	c.play(s.next(Request{Method: r.Method, Target: r.RequestURI, Header: r.Header, Body: string(body)}))
}

// next notes a request and returns its script.
func (s *Server) next(r Request) Script {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	close(s.more)
	s.more = make(chan struct{})
	if n := len(s.requests); n <= len(s.scripts) {
		return s.scripts[n-1]
	}
	return Script{Answer(http.StatusNoContent)}
}
