package descriptors

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Reserve makes room for n descriptors in the kernel's table of this process, which is 8 bytes for each. The table
// grows by doubling, and where a process has threads, each time waits until all processors have let go of the old one:
// some ten milliseconds in which no thread is given a descriptor, in the midst of accepting thousands of connections.
// It never shrinks. n is not more than the process's limit of descriptors; Reserve neither opens nor keeps one.
func Reserve(n int) error {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return fmt.Errorf("descriptors: epoll_create1: %w", err)
	}
	defer unix.Close(fd)
	last, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, max(0, n-1))
	if err != nil {
		return fmt.Errorf("descriptors: no room for %d: %w", n, err)
	}
	return unix.Close(last)
}
