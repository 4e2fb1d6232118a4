//go:build unix

package server_test

import "golang.org/x/sys/unix"

// lowerDescriptors sets the process's limits of descriptors.
func lowerDescriptors() error {
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: childSoft, Max: childHard})
}
