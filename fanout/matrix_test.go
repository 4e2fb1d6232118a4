package fanout_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// mode is one way in which HTTP reaches a handler.
type mode struct {
	name string
	tls  bool
	h2   bool
}

var modes = []mode{{name: "HTTP1"}, {name: "HTTP2", tls: true, h2: true}, {name: "h2c", h2: true}}

// smallBuffer bounds what lies between server and client, so that a client that does not read is noticed soon.
const smallBuffer = 16 << 10

// socketBuffer does the same for TCP. With less than the loopback's largest segment every write would wait for
// a timer.
const socketBuffer = 64 << 10

// eventually is more than enough for what happens at once, on a machine that does other things too.
const eventually = 20 * time.Second

// serve serves handler in the mode m, with small buffers on both sides, and returns a client of it.
func serve(t *testing.T, m mode, handler http.HandlerFunc) (client *http.Client, url string) {
	t.Helper()
	var protocols http.Protocols
	protocols.SetHTTP1(!m.h2)
	protocols.SetHTTP2(m.h2 && m.tls)
	protocols.SetUnencryptedHTTP2(m.h2 && !m.tls)

	server := httptest.NewUnstartedServer(handler)
	server.Listener = smallListener{server.Listener}
	server.Config.Protocols = &protocols
	transport := &http.Transport{
		Protocols:   &protocols,
		HTTP2:       &http.HTTP2Config{MaxReceiveBufferPerStream: smallBuffer},
		DialContext: dialSmall,
	}
	if m.tls {
		server.EnableHTTP2 = m.h2
		server.StartTLS()
		pool := x509.NewCertPool()
		pool.AddCert(server.Certificate())
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, ServerName: "example.com"}
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.CloseClientConnections()
		server.Close()
	})
	return &http.Client{Transport: transport}, server.URL
}

type smallListener struct{ net.Listener }

func (l smallListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(socketBuffer) // without it the test only takes longer
	}
	return conn, err
}

func dialSmall(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(socketBuffer)
	}
	return conn, err
}

// inEveryMode runs test for HTTP/1.1, HTTP/2 over TLS, and h2c.
func inEveryMode(t *testing.T, test func(t *testing.T, m mode)) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) { test(t, m) })
	}
}
