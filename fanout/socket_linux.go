package fanout

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// SocketsSupported reports whether [NewSocketSink] can work on this system.
const SocketsSupported = true

// SocketSink writes a subscriber's stream to a socket by itself: no goroutine, no buffer, and no copy of what it
// writes stands between the shard and the kernel. It is for streams in clear over TCP and Unix sockets, on Linux.
type SocketSink struct {
	owner   socketOwner
	fd      int32 // this and the next to written are what a write needs: together in one line of a cache
	form    Form
	bound   bool        // is in the owner's set
	aborted bool        // the shard's, until it hands the socket over
	unsaid  uint8       // bytes of lastChunk that are to be written
	written uint64      // the shard's
	refused atomic.Bool // the shard waits for Drained
	place   int32       // the set's: where it is in it
	heard   int32       // the set's: bytes that the peer has sent
	gone    bool        // the set's: the peer has gone
	stage   socketStage // the set's
}

var _ Sink = (*SocketSink)(nil)

// socketOwner is a subscriber, with the set of its shard.
type socketOwner interface {
	Notifier
	socketSet() *socketSet
}

func (sub *Subscriber) socketSet() *socketSet { return &sub.shard.sockets }

// socketStage says how far a socket has come.
type socketStage uint8

const (
	socketStreams  socketStage = iota
	socketOver                 // the shard has handed it over
	socketWaits                // for room for the last chunk
	socketShut                 // our side of the connection is closed, properly
	socketReleased             // the descriptor is closed
)

// SocketOptions tune a socket.
type SocketOptions struct {
	// Stall is how long the peer may leave bytes unacknowledged; 0 is for ever.
	Stall time.Duration
	// NotSentBytes bounds what the kernel holds that it has not sent; 0 is the system's bound.
	NotSentBytes int
	// Heard is how many bytes behind the request have been read already.
	Heard int
}

// NewSocketSink takes a connection over: conn is closed without the peer noticing, its socket lives on in the sink.
// The error is [errors.ErrUnsupported], and conn left as it was, if no socket can be had of it, as of one that
// something wraps; any other error means that the connection is lost. A sink that is not attached is ended by
// [SocketSink.Refuse].
func NewSocketSink(conn net.Conn, form Form, o SocketOptions) (*SocketSink, error) {
	var holder syscall.Conn
	switch c := conn.(type) { // and nothing that has one of these in it, and may do more to what is written
	case *net.TCPConn:
		holder = c
	case *net.UnixConn:
		holder = c
	default:
		return nil, errors.ErrUnsupported
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return nil, errors.ErrUnsupported
	}
	fd := -1
	var dupErr error
	// The duplicate shares all with the original but the number: not to be in Go's poller is what it is for. File()
	// would turn both to blocking.
	if err := raw.Control(func(original uintptr) {
		fd, dupErr = unix.FcntlInt(original, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if err := errors.Join(dupErr, conn.Close()); err != nil {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		return nil, err
	}
	// These fail on Unix sockets, which need neither.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(o.Stall/time.Millisecond))
	if o.NotSentBytes > 0 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, o.NotSentBytes)
	}
	return &SocketSink{fd: int32(fd), form: form, heard: int32(min(o.Heard, chattyLimit))}, nil
}

// Bind implements [Sink]: from now on the socket is watched.
func (s *SocketSink) Bind(n Notifier) {
	s.owner = n.(socketOwner)
	if err := s.owner.socketSet().add(s); err != nil {
		n.Gone(EndGone)
		return
	}
	s.bound = true
}

// Form implements [Sink].
func (s *SocketSink) Form() Form { return s.form }

// Taken implements [Sink]: what the peer has not acknowledged has not left.
func (s *SocketSink) Taken() uint64 {
	queued, err := unix.IoctlGetInt(int(s.fd), unix.SIOCOUTQ)
	if err != nil {
		return s.written
	}
	return s.written - min(uint64(queued), s.written)
}

// Offer implements [Sink]: it writes until the socket is full.
func (s *SocketSink) Offer(bufs [][]byte) (int, error) {
	taken, skip := 0, 0 // skip: bytes of bufs[0]
	for len(bufs) > 0 {
		n, want, err := s.writeSome(bufs, skip)
		s.written += uint64(n)
		taken += n
		if err != nil {
			return taken, err
		}
		if n < want { // the socket is full
			s.refused.Store(true) // before it is watched: the event may come at once
			return taken, s.owner.socketSet().watchDrain(s)
		}
		bufs, skip = rest(bufs, skip+n)
	}
	return taken, nil
}

// rest returns what is left of bufs behind n bytes: whole buffers, and how much of the first is not left.
func rest(bufs [][]byte, n int) ([][]byte, int) {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	return bufs, n
}

// maxVectors is how many buffers go into one system call.
const maxVectors = 128

// writeSome writes from bufs, behind the first skip bytes, what goes into one system call: want bytes, of which the
// socket has taken n.
func (s *SocketSink) writeSome(bufs [][]byte, skip int) (n, want int, err error) {
	first := bufs[0][skip:]
	if len(bufs) == 1 {
		n, err = s.write(first)
		return n, len(first), err
	}
	var vectors [maxVectors]unix.Iovec
	count := 0
	for i, b := range bufs[:min(len(bufs), maxVectors)] {
		if i == 0 {
			b = first
		}
		if len(b) == 0 {
			continue
		}
		vectors[count].Base = &b[0]
		vectors[count].SetLen(len(b))
		want += len(b)
		count++
	}
	n, err = s.writev(vectors[:count])
	return n, want, err
}

// sendFlags let a socket that is full, or closed by the peer, only say so.
const sendFlags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL

// write writes b as far as the socket takes it. The call never blocks, so Go's scheduler is not told of it: that would
// cost a tenth of it, and more where threads of the scheduler are woken for it. It is send and not write, which looks
// first at what only files have.
func (s *SocketSink) write(b []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), sendFlags, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		return sent(n, errno)
	}
}

// writev does the same for several buffers.
func (s *SocketSink) writev(vectors []unix.Iovec) (int, error) {
	message := unix.Msghdr{Iov: unsafe.SliceData(vectors)}
	message.SetIovlen(len(vectors))
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&message)), sendFlags)
		if errno == unix.EINTR {
			continue
		}
		return sent(n, errno)
	}
}

// sent returns what a call to send says: a full socket takes nothing, and that is no error.
func sent(n uintptr, errno unix.Errno) (int, error) {
	switch errno {
	case 0:
		return int(n), nil
	case unix.EAGAIN:
		return 0, nil
	}
	return 0, errno
}

// lastChunk ends the chunked coding.
var lastChunk = []byte("0\r\n\r\n")

// End implements [Sink].
func (s *SocketSink) End() {
	if s.form&FormChunk != 0 {
		s.unsaid = uint8(len(lastChunk))
	}
	s.leave()
}

// Abort implements [Sink].
func (s *SocketSink) Abort() {
	s.aborted = true
	s.leave()
}

// leave hands the socket over to the set.
func (s *SocketSink) leave() {
	if s.bound {
		s.owner.socketSet().hand(s)
		return
	}
	s.reset()
	_ = unix.Close(int(s.fd))
}

// reset lets the close of the socket cut the connection: what was not said properly to its end must not look as if
// it were, and the kernel need not keep it.
func (s *SocketSink) reset() {
	_ = unix.SetsockoptLinger(int(s.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
}

// Refuse answers a request whose connection was taken over and whose stream cannot begin after all, because Attach
// has failed. It writes what the socket takes at once.
func (s *SocketSink) Refuse(answer []byte) {
	_, _ = s.write(answer)
	if s.bound {
		s.owner.socketSet().hand(s)
		return
	}
	_ = unix.Shutdown(int(s.fd), unix.SHUT_WR)
	var trash [discarded]byte
	_, _ = s.read(trash[:]) // to close a socket that holds something unread would reset the connection
	_ = unix.Close(int(s.fd))
}

// listen is the set's: it discards what the peer sends, and says why the stream ends if it does.
func (s *SocketSink) listen(trash []byte, events uint32) (EndReason, bool) {
	switch {
	case events&unix.EPOLLERR != 0:
		code, err := unix.GetsockoptInt(int(s.fd), unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code == int(unix.ETIMEDOUT) {
			return EndStalled, true // the kernel's own limit was sooner than the wheel
		}
		return EndGone, true
	case events&(unix.EPOLLRDHUP|unix.EPOLLHUP) != 0:
		return EndGone, true
	case events&unix.EPOLLIN != 0:
		return s.read(trash)
	}
	return 0, false
}

// read discards what there is to read.
func (s *SocketSink) read(trash []byte) (EndReason, bool) {
	for {
		n, err := unix.Read(int(s.fd), trash)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return 0, false
		case err != nil || n == 0:
			return EndGone, true
		}
		if s.heard += int32(n); s.heard > chattyLimit {
			return EndChatty, true
		}
	}
}
