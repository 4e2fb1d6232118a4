package fanout

import (
	"encoding/binary"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// glance has Go's scheduler look at the network. It does so by itself when a goroutine waits and no other can run; where
// loops write by raw system calls on all of its processors that does not come about, and whoever publishes is noticed by
// the scheduler's monitor only, ten milliseconds later. So the loop waits for a descriptor that it has just made ready.
type glance struct {
	file *os.File // an eventfd, which Go's poller watches
	raw  syscall.RawConn
	ring func(fd uintptr) (rung bool)
	rung bool
}

func newGlance() (*glance, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	g := &glance{file: os.NewFile(uintptr(fd), "eventfd")}
	if g.raw, err = g.file.SyscallConn(); err != nil {
		_ = g.file.Close()
		return nil, err
	}
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	g.ring = func(fd uintptr) bool {
		if g.rung {
			return true
		}
		g.rung = true
		_, err := unix.Write(int(fd), one[:])
		return err != nil // there would be nothing to wait for
	}
	return g, nil
}

// take looks at the network, and lets those run who were found ready.
func (g *glance) take() {
	g.rung = false
	_ = g.raw.Read(g.ring) // each ring is an event of its own, though nobody reads what the eventfd counts
}

func (g *glance) close() { _ = g.file.Close() }
