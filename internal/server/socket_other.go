//go:build !linux

package server

import (
	"syscall"
	"time"
)

// socketsInherit says that accepted sockets have what setSocket has set.
const socketsInherit = false

// setSocket does nothing: the options are Linux's.
func setSocket(syscall.RawConn, int, time.Duration) error { return nil }
