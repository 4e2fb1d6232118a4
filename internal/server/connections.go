package server

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// refuseWithin is how long a connection above the ceiling may take to ask something, so that it can be told.
	refuseWithin = 2 * time.Second
	// warnEvery is how often refusals are told of above debug level.
	warnEvery = time.Minute
)

// connections counts those that are open and refuses what is above the ceiling: accepting goes on, so that nobody
// waits in the backlog for an answer that does not come, and nothing fails for want of a descriptor.
type connections struct {
	ceiling Ceiling
	sockets func() int // connections that are open but no longer net/http's
	refused func(RefuseReason)
	logger  *slog.Logger

	mu     sync.Mutex
	open   int                    // those that are not refused
	over   map[net.Conn]*overConn // those that are
	warned time.Time
}

// overConn is a connection above the ceiling.
type overConn struct {
	deadline *time.Timer // closes it; nil if it was closed at once
	answered atomic.Bool
}

// overKey is the key of the *overConn in the context of its requests.
type overKey struct{}

func newConnections(c Ceiling, sockets func() int, refused func(RefuseReason), logger *slog.Logger) *connections {
	if sockets == nil {
		sockets = func() int { return 0 }
	}
	if refused == nil {
		refused = func(RefuseReason) {}
	}
	return &connections{ceiling: c, sockets: sockets, refused: refused, logger: logger, over: map[net.Conn]*overConn{}}
}

// accepted is the server's ConnContext: it judges a new connection.
func (c *connections) accepted(ctx context.Context, conn net.Conn) context.Context {
	if c.ceiling.Connections == 0 {
		return ctx
	}
	o, warn := c.judge(conn, c.sockets())
	if o == nil {
		return ctx
	}
	c.refused(c.ceiling.Reason)
	if warn {
		c.logger.Warn("connections are refused: there are as many as the server takes",
			"reason", c.ceiling.Reason.String(), "connections", c.ceiling.Connections)
	}
	if o.deadline == nil {
		closeNow(conn)
	}
	return context.WithValue(ctx, overKey{}, o)
}

// judge counts a connection. It returns nil for one that is under the ceiling, and says whether it is time to warn of
// the others. elsewhere is how many connections are net/http's no more.
func (c *connections) judge(conn net.Conn, elsewhere int) (o *overConn, warn bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open+elsewhere < c.ceiling.Connections {
		c.open++
		return nil, false
	}
	o = new(overConn)
	c.over[conn] = o
	if len(c.over) <= c.ceiling.refused { // else there is no descriptor to spare for courtesy
		o.deadline = time.AfterFunc(refuseWithin, func() { closeNow(conn) })
	}
	if now := time.Now(); c.warned.IsZero() || now.Sub(c.warned) >= warnEvery {
		c.warned, warn = now, true
	}
	return o, warn
}

// closeNow closes a connection without a word, also one over TLS, whose own Close may wait for the peer.
func closeNow(conn net.Conn) {
	if outer, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = outer.NetConn()
	}
	_ = conn.Close() // nothing was promised on it
}

// track is the server's ConnState.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	if c.ceiling.Connections == 0 || state != http.StateClosed && state != http.StateHijacked {
		return
	}
	o := c.forget(conn)
	if o == nil {
		return
	}
	if o.deadline != nil {
		o.deadline.Stop()
	}
	c.logger.Debug("connection refused", "reason", c.ceiling.Reason.String(),
		"remote", conn.RemoteAddr().String(), "answered", o.answered.Load())
}

// forget counts the end of a connection, and returns what is known of one that was refused.
func (c *connections) forget(conn net.Conn) *overConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, over := c.over[conn]
	if over {
		delete(c.over, conn)
	} else {
		c.open--
	}
	return o
}

// handler answers the requests of refused connections, and leaves the others to next.
func (c *connections) handler(next http.Handler) http.Handler {
	if c.ceiling.Connections == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, over := r.Context().Value(overKey{}).(*overConn)
		if !over {
			next.ServeHTTP(w, r)
			return
		}
		o.answered.Store(true)
		c.refuse(w)
	})
}

// fullProblem is the answer to who asks on a connection above the ceiling (RFC 9457).
type fullProblem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Limit  string `json:"limit"`
	Max    int    `json:"max"`
}

// refuse answers, and has the connection closed. Clients are asked to come back in 1 to 5 seconds: not all at once.
func (c *connections) refuse(w http.ResponseWriter) {
	const status = http.StatusServiceUnavailable
	body, _ := json.Marshal(fullProblem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Limit: c.ceiling.Reason.String(),
		Max:    c.ceiling.Connections,
		Detail: fmt.Sprintf("the server has as many connections as it takes, the limit is %d", c.ceiling.Connections),
	}) // strings and numbers cannot fail
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Retry-After", strconv.Itoa(1+rand.IntN(5)))
	header.Set("Connection", "close") // over HTTP/2 the client is told to use no more streams of it
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // nobody is left to tell
}
