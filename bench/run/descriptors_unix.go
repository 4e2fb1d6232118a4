//go:build unix

package main

import "syscall"

// descriptorLimit is how many descriptors a process may have at most; 0 if the system does not say.
func descriptorLimit() uint64 {
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) != nil {
		return 0
	}
	return uint64(files.Max) // its type is another one on some systems
}
