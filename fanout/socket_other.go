//go:build !linux

package fanout

import (
	"errors"
	"net"
	"time"
)

// SocketsSupported reports whether [NewSocketSink] can work on this system.
const SocketsSupported = false

// SocketSink writes a subscriber's stream to a socket by itself, on Linux. Here there is none.
type SocketSink struct{ Sink }

// SocketOptions tune a socket.
type SocketOptions struct {
	// Stall is how long the peer may leave bytes unacknowledged; 0 is for ever.
	Stall time.Duration
	// NotSentBytes bounds what the kernel holds that it has not sent; 0 is the system's bound.
	NotSentBytes int
	// Heard is how many bytes behind the request have been read already.
	Heard int
}

// NewSocketSink returns [errors.ErrUnsupported]: ResponseSink serves every connection here.
func NewSocketSink(net.Conn, Form, SocketOptions) (*SocketSink, error) {
	return nil, errors.ErrUnsupported
}

// Refuse does nothing.
func (*SocketSink) Refuse([]byte) {}

// socketSet is empty here.
type socketSet struct{ stall time.Duration }

func (*socketSet) close()       {}
func (*socketSet) kill()        {}
func (*socketSet) sockets() int { return 0 }
