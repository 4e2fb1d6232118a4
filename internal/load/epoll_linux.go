package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	readBuffer   = 256 << 10
	maxHandshake = 256                    // connections that one thread opens at once: below what a server's backlog holds
	slowTick     = 100 * time.Millisecond // how often slow readers read
	turnLimit    = 50 * time.Millisecond  // how long a thread waits before it looks up
)

// canPoll reports whether these subscribers can be read under epoll.
func canPoll(o *Options) bool {
	return !o.HTTP2 && !o.Gzip && len(o.URL) >= 5 && o.URL[:5] == "http:"
}

// pollConn is the connection of one subscriber.
type pollConn struct {
	subscriber
	response response
	began    time.Time // when it was dialled
	fd       int32     // -1 if there is none
	key      int32     // what epoll calls it: its place in the thread's conns
	dialling bool
}

// pollThread is a thread that reads its part of the subscribers.
type pollThread struct {
	run     *run
	shard   *shard
	server  netip.AddrPort
	epoll   int
	buffer  []byte
	fields  streamFields // of all requests
	known   knownHead
	conns   []pollConn
	next    int // of conns, the first that was not dialled
	opening int // dialled, and neither open nor failed
	slow    []*pollConn
}

// poll begins to connect all subscribers and to read their streams, until ctx ends.
func poll(ctx context.Context, r *run) error {
	first, err := r.options.streamURL(r.plan, 0)
	if err != nil {
		return err
	}
	server, err := resolve(ctx, first)
	if err != nil {
		return err
	}
	threads := make([]*pollThread, min(r.threads(), r.options.Subscribers))
	for k := range threads {
		fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		if err != nil {
			for _, t := range threads[:k] {
				unix.Close(t.epoll)
			}
			return os.NewSyscallError("epoll_create1", err)
		}
		threads[k] = &pollThread{
			run: r, shard: r.newShard(), server: server, epoll: fd, buffer: make([]byte, readBuffer),
			fields: r.streamFields(),
			conns:  make([]pollConn, 0, r.options.Subscribers/len(threads)+1),
		}
	}
	for i := range r.options.Subscribers {
		t := threads[i%len(threads)]
		t.conns = append(t.conns, pollConn{subscriber: subscriber{index: i}, fd: -1, key: int32(len(t.conns))})
	}
	for _, t := range threads {
		r.readers.Go(func() { t.loop(ctx) })
	}
	return nil
}

// loop is the thread.
func (t *pollThread) loop(ctx context.Context) {
	defer t.close()
	events := make([]unix.EpollEvent, 512)
	began := time.Now()
	var slowTurn, checked time.Time
	for ctx.Err() == nil {
		t.dialMore(time.Since(began))
		n, err := unix.EpollWait(t.epoll, events, int(t.patience().Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			t.run.abort(os.NewSyscallError("epoll_wait", err))
			return
		}
		for _, e := range events[:max(0, n)] {
			c := &t.conns[e.Fd]
			if c.dialling {
				t.dialled(c)
			} else {
				t.readable(c, t.buffer)
			}
		}
		t.shard.report()
		now := time.Now()
		if len(t.slow) > 0 && now.Sub(slowTurn) >= slowTick {
			slowTurn = now
			t.readSlowly()
		}
		if t.opening > 0 && now.Sub(checked) >= time.Second {
			checked = now
			t.expire(now)
		}
	}
}

// patience returns how long to wait for events.
func (t *pollThread) patience() time.Duration {
	if t.next < len(t.conns) && t.opening < maxHandshake {
		return time.Millisecond // the ramp goes on
	}
	return turnLimit
}

// dialMore dials the connections that are due.
func (t *pollThread) dialMore(elapsed time.Duration) {
	due := len(t.conns)
	if ramp := t.run.options.Ramp; ramp > 0 {
		// This thread's share of the ramp.
		share := float64(len(t.conns)) / float64(t.run.options.Subscribers)
		due = min(due, 1+int(elapsed.Seconds()*float64(ramp)*share))
	}
	for t.next < due && t.opening < maxHandshake {
		c := &t.conns[t.next]
		t.next++
		t.opening++
		if err := t.dial(c); err != nil {
			t.fail(c, err)
		}
	}
}

// dial begins to connect.
func (t *pollThread) dial(c *pollConn) error {
	family := unix.AF_INET
	if t.server.Addr().Is6() {
		family = unix.AF_INET6
	}
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	c.fd, c.began = int32(fd), time.Now()
	if from, ok := source(t.server.Addr(), c.index); ok {
		// The port is chosen when the peer is known, so that one port can be used towards several.
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
		if err := unix.Bind(fd, sockaddr(netip.AddrPortFrom(from, 0))); err != nil {
			return os.NewSyscallError("bind", err)
		}
	}
	if err := unix.Connect(fd, sockaddr(t.server)); err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return os.NewSyscallError("connect", err)
	}
	// On one machine the connection is there by now, as a rule; else the request waits for it.
	sent, err := t.request(c)
	if err != nil {
		return err
	}
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: c.key}
	if !sent {
		c.dialling, event.Events = true, unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(t.epoll, unix.EPOLL_CTL_ADD, fd, &event))
}

// request sends the request, and reports false if there is no connection yet.
func (t *pollThread) request(c *pollConn) (sent bool, err error) {
	request, err := t.run.streamRequest(t.buffer[:0], c.index, &t.fields)
	if err != nil {
		return false, err
	}
	n, err := unix.Write(int(c.fd), request)
	if errors.Is(err, unix.EAGAIN) {
		return false, nil
	}
	if err == nil && n < len(request) {
		err = io.ErrShortWrite // into the empty buffer of a new connection
	}
	if err != nil {
		return false, fmt.Errorf("sending the request: %w", err)
	}
	return true, nil
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16()}
}

// dialled sends the request of a connection that was established, or was not.
func (t *pollThread) dialled(c *pollConn) {
	code, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		t.fail(c, os.NewSyscallError("connect", err))
		return
	}
	sent, err := t.request(c)
	if err == nil && !sent {
		err = fmt.Errorf("sending the request: %w", unix.EAGAIN) // though there is a connection
	}
	if err != nil {
		t.fail(c, err)
		return
	}
	c.dialling = false
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: c.key}
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_MOD, int(c.fd), &event); err != nil {
		t.fail(c, os.NewSyscallError("epoll_ctl", err))
	}
}

// readable reads once what has come.
func (t *pollThread) readable(c *pollConn, buffer []byte) {
	if c.fd < 0 {
		return
	}
	n, err := unix.Read(int(c.fd), buffer)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return
	}
	if err == nil && n == 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		t.lose(c, err)
		return
	}
	t.shard.turn()
	t.shard.bytes += uint64(n)
	wasOpen := c.response.opened
	for piece := buffer[:n]; len(piece) > 0; {
		var body []byte
		if body, piece, err = c.response.body(piece, &t.known); err != nil {
			t.lose(c, err)
			return
		}
		t.shard.read(&c.subscriber, body)
	}
	if !wasOpen && c.response.opened {
		t.opened(c)
	}
	if c.response.ended() {
		t.lose(c, io.EOF)
	}
}

// opened is called when a stream has begun.
func (t *pollThread) opened(c *pollConn) {
	t.opening--
	switch t.run.plan.habits[c.index] {
	case slow:
		t.slow = append(t.slow, c)
		t.forget(c)
	case stuck:
		t.forget(c)
	}
	t.shard.board.open()
}

// forget has epoll say no more of a connection.
func (t *pollThread) forget(c *pollConn) {
	if err := unix.EpollCtl(t.epoll, unix.EPOLL_CTL_DEL, int(c.fd), nil); err != nil {
		t.run.abort(os.NewSyscallError("epoll_ctl", err))
	}
}

// readSlowly lets each slow reader read its share.
func (t *pollThread) readSlowly() {
	share := max(1, t.run.options.SlowRate/int(time.Second/slowTick))
	for _, c := range t.slow {
		t.readable(c, t.buffer[:min(share, len(t.buffer))])
	}
	t.shard.report()
}

// lose closes a connection that was lost, whether it was open or not.
func (t *pollThread) lose(c *pollConn, err error) {
	if !c.response.opened {
		t.fail(c, fmt.Errorf("reading the answer's head: %w", err))
		return
	}
	unix.Close(int(c.fd))
	c.fd = -1
	t.shard.board.end(err)
}

// fail closes a connection whose stream could not be opened.
func (t *pollThread) fail(c *pollConn, err error) {
	t.opening--
	if c.fd >= 0 {
		unix.Close(int(c.fd))
	}
	c.fd, c.dialling = -1, false
	t.shard.board.fail(c.index, err)
}

// expire fails what takes too long to open.
func (t *pollThread) expire(now time.Time) {
	for i := range t.conns[:t.next] {
		c := &t.conns[i]
		if c.fd >= 0 && !c.response.opened && now.Sub(c.began) > t.run.options.Timeout {
			t.fail(c, fmt.Errorf("no answer within %v", t.run.options.Timeout))
		}
	}
}

// close ends the thread's connections.
func (t *pollThread) close() {
	for i := range t.conns {
		if fd := t.conns[i].fd; fd >= 0 {
			unix.Close(int(fd))
		}
	}
	unix.Close(t.epoll)
}
