package client_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
)

// muteConn is a connection whose peer may vanish: then nothing comes any more, and no error either.
type muteConn struct {
	net.Conn
	vanished <-chan struct{}
	closed   chan struct{}
	once     sync.Once
}

func (c *muteConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	select {
	case <-c.vanished:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return n, err
	}
}

func (c *muteConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// HTTP/2 would send the next request over the connection that has just been found dead.
func TestDeadConnectionIsNotUsedAgain(t *testing.T) {
	matrix(t, func(t *testing.T, m mode) {
		vanish := make(chan struct{})
		requests := 0
		url, httpClient := listen(t, m, func(w http.ResponseWriter, r *http.Request) {
			requests++
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: %d\n\n", requests)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		dials := 0
		httpClient.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if dials++; dials > 1 || err != nil {
				return conn, err
			}
			return &muteConn{Conn: conn, vanished: vanish, closed: make(chan struct{})}, nil
		}
		source := newSource(t, url, soon(client.Options{
			HTTPClient: httpClient, IdleTimeout: 200 * time.Millisecond, ConnectTimeout: time.Second,
		}))
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for event, err := range source.Events(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if event.Data == "2" {
				break
			}
			close(vanish)
		}
		if dials != 2 {
			t.Errorf("%d connections, want 2", dials)
		}
	})
}
