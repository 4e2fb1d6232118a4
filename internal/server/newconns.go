package server

import (
	"net"
	"net/http"
	"runtime"
	"sync"
)

// manyNew is how many new connections there may be before the next is accepted. Some have to be under way, or processors
// would wait for the one that accepts. One that asks nothing counts too: then all that are accepted wait for their turn, no
// longer than a goroutine does.
const manyNew = 16

// newConns are the connections on which no request has begun. net/http waits for each up to five seconds before it
// shuts down, and browsers open some on suspicion, so they would hold up every end. Its zero value is empty.
type newConns struct {
	mu     sync.Mutex
	open   map[net.Conn]struct{}
	closed bool
}

// track is the server's ConnState.
func (n *newConns) track(c net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.open, c)
	case n.closed:
		_ = c.Close() // nothing was asked on it
	default:
		if n.open == nil {
			n.open = map[net.Conn]struct{}{}
		}
		n.open[c] = struct{}{}
	}
}

// giveWay lets those be served that were accepted before, if they are many. Of a thousand that come at once the rest waits
// in the kernel, where one takes less than a goroutine with the buffers of a request, and in nobody's way.
func (n *newConns) giveWay() {
	n.mu.Lock()
	many := len(n.open) >= manyNew
	n.mu.Unlock()
	if many {
		runtime.Gosched()
	}
}

// close closes them, and those that are yet to come.
func (n *newConns) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.open {
		_ = c.Close() // nothing was asked on it
	}
	clear(n.open)
}
