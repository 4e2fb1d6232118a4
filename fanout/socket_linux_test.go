package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/fanout"
)

// shape says what a connection is like; zero fields are what its network usually has.
type shape struct {
	network string // "tcp" or "unix"
	segment int    // bytes, of TCP
	send    int    // bytes that wait on our side
	receive int    // bytes that wait on the peer's side
}

// usual are connections with small buffers, so that a peer that does not read is noticed soon.
var usual = []shape{
	{network: "tcp", send: socketBuffer, receive: socketBuffer},
	{network: "unix", send: socketBuffer},
}

// onEverySocket runs test over TCP and over Unix sockets.
func onEverySocket(t *testing.T, test func(t *testing.T, c shape)) {
	for _, c := range usual {
		t.Run(c.network, func(t *testing.T) { test(t, c) })
	}
}

// tune sets what is to be set before a connection is made.
func (c shape) tune(_, _ string, raw syscall.RawConn) error {
	var set error
	err := raw.Control(func(fd uintptr) {
		for _, option := range []struct{ level, name, value int }{
			{unix.IPPROTO_TCP, unix.TCP_MAXSEG, c.segment},
			{unix.SOL_SOCKET, unix.SO_SNDBUF, c.send},
			{unix.SOL_SOCKET, unix.SO_RCVBUF, c.receive},
		} {
			if option.value > 0 {
				set = errors.Join(set, unix.SetsockoptInt(int(fd), option.level, option.name, option.value))
			}
		}
	})
	return errors.Join(err, set)
}

// listen returns a listener for connections of this shape.
func (c shape) listen(t testing.TB) net.Listener {
	t.Helper()
	address := "127.0.0.1:0"
	if c.network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := (&net.ListenConfig{Control: c.tune}).Listen(t.Context(), c.network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// connect returns both ends of a new connection to l.
func (c shape) connect(ctx context.Context, l net.Listener) (ours, peer net.Conn, err error) {
	peer, err = (&net.Dialer{Control: c.tune}).DialContext(ctx, c.network, l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	if ours, err = l.Accept(); err != nil {
		peer.Close()
		return nil, nil, err
	}
	if socket, ok := ours.(*net.UnixConn); ok && c.send > 0 { // TCP inherits it
		err = socket.SetWriteBuffer(c.send)
	}
	return ours, peer, err
}

// pair returns both ends of a new connection. The peer's is closed with the test.
func (c shape) pair(t testing.TB) (ours, peer net.Conn) {
	t.Helper()
	ours, peer, err := c.connect(t.Context(), c.listen(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	return ours, peer
}

// wire is a socket between a sink and its peer.
type wire struct {
	*fanout.SocketSink
	peer  net.Conn
	set   *fanout.SocketSet
	notes *notes
	over  bool
}

func (w *wire) End() {
	w.over = true
	w.SocketSink.End()
}

func (w *wire) Abort() {
	w.over = true
	w.SocketSink.Abort()
}

// newWire connects a sink with the options o in a set of its own, in which a peer may take o.Stall to accept the last
// bytes.
func newWire(t testing.TB, c shape, form fanout.Form, o fanout.SocketOptions) *wire {
	t.Helper()
	return newWireOf(t, c, form, o, newNotes(), nil)
}

func newWireOf(t testing.TB, c shape, form fanout.Form, o fanout.SocketOptions, told fanout.Notifier, set *fanout.SocketSet) *wire {
	t.Helper()
	ours, peer := c.pair(t)
	sink, err := fanout.NewSocketSink(ours, form, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{SocketSink: sink, peer: peer, set: set}
	w.notes, _ = told.(*notes)
	if set == nil {
		w.set = fanout.NewSocketSet(o.Stall)
	}
	w.set.Bind(sink, told)
	t.Cleanup(func() {
		if !w.over {
			w.Abort()
		}
		if set == nil {
			w.set.Kill()
			w.set.Close()
			wantSockets(t, w.set, 0)
		}
	})
	return w
}

// wantSockets waits until set holds n sockets.
func wantSockets(t testing.TB, set *fanout.SocketSet, n int) {
	t.Helper()
	waitUntil(t, func() bool { return set.Sockets() == n }, func() string {
		return fmt.Sprintf("%d sockets, got %d", n, set.Sockets())
	})
}

// waitUntil returns when condition is true. There is no event to wait for where it is used.
func waitUntil(t testing.TB, condition func() bool, what func() string) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(eventually); !condition(); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", eventually, what())
		}
	}
}

// TestSocketSink: the suite that every Sink passes.
func TestSocketSink(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		testSink(t, func(t *testing.T, _ time.Duration, n fanout.Notifier) (fanout.Sink, io.ReadCloser) {
			w := newWireOf(t, c, fanout.FormEvent, fanout.SocketOptions{Stall: time.Minute}, n, nil)
			return w, w.peer
		})
	})
}

// counting is a connection that does something to what is written, though its socket shows through.
type counting struct {
	*net.TCPConn
	written int
}

func (c *counting) Write(b []byte) (int, error) {
	n, err := c.TCPConn.Write(b)
	c.written += n
	return n, err
}

// TestSocketSinkNeedsASocket: what is no socket, or more than one, is left as it was.
func TestSocketSinkNeedsASocket(t *testing.T) {
	ours, peer := usual[0].pair(t)
	defer ours.Close()
	for name, wrapped := range map[string]net.Conn{
		"hides its socket":         struct{ net.Conn }{ours},
		"lets its socket be shown": &counting{TCPConn: ours.(*net.TCPConn)},
	} {
		if _, err := fanout.NewSocketSink(wrapped, fanout.FormEvent, fanout.SocketOptions{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Fatalf("%s: %v, want that it is not supported", name, err)
		}
		if _, err := wrapped.Write([]byte("still here")); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make([]byte, len("still here"))
		if _, err := io.ReadFull(peer, got); err != nil || string(got) != "still here" {
			t.Errorf("%s: the peer got %q, %v", name, got, err)
		}
	}
}

// TestSocketSinkOfAClosedConnection: a connection that is lost already is an error, and no descriptor more.
func TestSocketSinkOfAClosedConnection(t *testing.T) {
	ours, _ := usual[0].pair(t)
	before := descriptors(t)
	ours.Close()
	_, err := fanout.NewSocketSink(ours, fanout.FormEvent, fanout.SocketOptions{})
	if err == nil || errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("the error is %v", err)
	}
	if after := descriptors(t); after != before-1 {
		t.Errorf("%d descriptors, want %d", after, before-1)
	}
}

// descriptors returns how many the process has open.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) - 1 // it is read by one
}
