//go:build unix

package server

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// raiseDescriptors raises the process's soft limit of descriptors to the hard one, and returns what it is then. Go's
// runtime does the same when a program starts, but not where it was lowered since, nor does it promise to. Without
// a limit it returns 0.
func raiseDescriptors() (int, error) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, fmt.Errorf("cannot read the limit of descriptors: %w", err)
	}
	var err error
	if limit.Cur < limit.Max {
		raised := limit
		raised.Cur = limit.Max
		if err = unix.Setrlimit(unix.RLIMIT_NOFILE, &raised); err == nil {
			limit = raised
		} else {
			err = fmt.Errorf("cannot raise the limit of descriptors from %d to %d: %w", limit.Cur, limit.Max, err)
		}
	}
	if n := uint64(limit.Cur); n < math.MaxInt32 {
		return int(n), err
	}
	return 0, err // unlimited, and more than any system has
}
