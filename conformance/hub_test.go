package conformance_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// mode is a version of HTTP.
type mode struct {
	name      string
	tls       bool
	protocols *http.Protocols
}

func modes() []mode {
	h1, h2, h2c := new(http.Protocols), new(http.Protocols), new(http.Protocols)
	h1.SetHTTP1(true)
	h2.SetHTTP2(true)
	h2c.SetUnencryptedHTTP2(true)
	return []mode{{"HTTP1", false, h1}, {"HTTP2", true, h2}, {"h2c", false, h2c}}
}

// server is a hub on the web.
type server struct {
	hub    *hub.Hub
	addr   string
	scheme string
	client *http.Client
}

// serve puts a hub on the web.
func serve(t *testing.T, m mode) *server {
	t.Helper()
	h, err := hub.New(hub.Options{})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := protocol.Handler(h, protocol.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ts := httptest.NewUnstartedServer(handler)
	ts.Config.Protocols = m.protocols
	ts.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are cut
	s := &server{hub: h, scheme: "http"}
	if m.tls {
		s.scheme, ts.EnableHTTP2 = "https", true
		ts.StartTLS()
	} else {
		ts.Start()
	}
	transport := ts.Client().Transport.(*http.Transport).Clone()
	transport.Protocols = m.protocols
	s.addr, s.client = ts.Listener.Addr().String(), &http.Client{Transport: transport}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		h.Close() // before the server waits for its handlers
		ts.Close()
	})
	return s
}

// publish publishes updates whose data are the numbers from first up to last.
func (s *server) publish(t *testing.T, first, last int) {
	t.Helper()
	for n := first; n <= last; n++ {
		u := eventlog.Update{Topics: []string{"a"}, Type: "number", Data: fmt.Sprintf("%d\nline", n)}
		if n%3 == 0 {
			u.ID = fmt.Sprintf("own-%d-ä", n)
		}
		if _, err := s.hub.Publish(t.Context(), u, topic.All()); err != nil {
			t.Fatal(err)
		}
	}
}

// cutter forwards connections, and cuts each when it has forwarded so many bytes of the server's.
type cutter struct {
	listener net.Listener
	to       string
	limits   []int // of the first connections; those behind have none
	running  sync.WaitGroup

	mu    sync.Mutex
	count int
	ends  map[net.Conn]bool // nil when closed
}

func newCutter(t *testing.T, to string, limits ...int) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: listener, to: to, limits: limits, ends: map[net.Conn]bool{}}
	c.running.Go(c.accept)
	return c
}

func (c *cutter) addr() string { return c.listener.Addr().String() }

// connections returns how many there were.
func (c *cutter) connections() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

func (c *cutter) accept() {
	for {
		in, err := c.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", c.to)
		if err != nil {
			in.Close()
			continue
		}
		c.mu.Lock()
		limit := int64(1 << 40)
		if c.count < len(c.limits) {
			limit = int64(c.limits[c.count])
		}
		c.count++
		if c.ends == nil {
			in.Close()
			out.Close()
		} else {
			c.ends[in], c.ends[out] = true, true
		}
		c.mu.Unlock()
		c.running.Go(func() {
			_, _ = io.Copy(out, in)
			out.Close()
		})
		c.running.Go(func() {
			_, _ = io.CopyN(in, out, limit)
			in.Close()
			out.Close()
		})
	}
}

func (c *cutter) close() {
	c.listener.Close()
	c.mu.Lock()
	for end := range c.ends {
		end.Close()
	}
	c.ends = nil
	c.mu.Unlock()
	c.running.Wait()
}
