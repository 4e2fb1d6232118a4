//go:build !linux

package server

import (
	"syscall"
	"time"
)

// setSocket does nothing: the options are Linux's.
func setSocket(syscall.RawConn, int, time.Duration) error { return nil }
