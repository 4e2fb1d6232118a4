package fanout

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// epoll is an epoll set that Go's poller watches in its turn. To wait in epoll_wait itself would keep one of the
// processors that Go's scheduler gives out, with nobody working on it, until the scheduler notices: it hardly ever does
// where events come often and the waits are short.
type epoll struct {
	file *os.File
	raw  syscall.RawConn
	fd   int
	due  time.Time // the deadline that file has

	poll   func(fd uintptr) bool // e.look
	events []unix.EpollEvent
	n      int
	err    error
}

func newEpoll() (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or os.NewFile would not hand it to the poller
		_ = unix.Close(fd) // nothing is in it
		return nil, err
	}
	e := &epoll{file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	e.poll = e.look
	if e.raw, err = e.file.SyscallConn(); err == nil {
		err = e.file.SetDeadline(time.Time{}) // fails if the poller has not taken it
	}
	if err != nil {
		_ = e.file.Close()
		return nil, err
	}
	return e, nil
}

// add, modify and remove change what is asked for of a descriptor. They may be called while another goroutine waits.
func (e *epoll) add(fd int, events uint32, token int32) error {
	return unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: token})
}

func (e *epoll) modify(fd int, events uint32, token int32) error {
	return unix.EpollCtl(e.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: token})
}

func (e *epoll) remove(fd int) { _ = unix.EpollCtl(e.fd, unix.EPOLL_CTL_DEL, fd, nil) }

// wait returns how many events it has put into events, at least one unless it is due; zero is never due. One
// goroutine waits at a time.
func (e *epoll) wait(events []unix.EpollEvent, due time.Time) (int, error) {
	if !due.Equal(e.due) {
		if err := e.file.SetReadDeadline(due); err != nil {
			return 0, err
		}
		e.due = due
	}
	e.events, e.n, e.err = events, 0, nil
	err := e.raw.Read(e.poll)
	e.events = nil
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, nil
	}
	return e.n, errors.Join(e.err, err)
}

// look reports whether there is nothing to wait for.
func (e *epoll) look(fd uintptr) bool {
	e.n, e.err = unix.EpollWait(int(fd), e.events, 0)
	for e.err == unix.EINTR {
		e.n, e.err = unix.EpollWait(int(fd), e.events, 0)
	}
	return e.n > 0 || e.err != nil
}

func (e *epoll) close() { _ = e.file.Close() }
