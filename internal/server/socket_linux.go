package server

import (
	"errors"
	"fmt"
	"math"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socketsInherit says that accepted sockets have what setSocket has set.
const socketsInherit = true

// keepAlive is after how many seconds without a byte a peer is asked whether it is still there, and how often.
const keepAlive = 15

// setSocket sets what a listening socket hands on to those that it accepts. notSent bounds what the kernel takes of a
// connection's bytes before it can send them, so that a slow reader's backlog stays in the log; 0 leaves it to the
// system. stall ends a connection of which the peer acknowledges nothing, also where the process has no byte to
// write that would tell it. Keep-alive probes are for connections on which there is no stream at present.
func setSocket(conn syscall.RawConn, notSent int, stall time.Duration) error {
	var errs []error
	err := conn.Control(func(fd uintptr) {
		set := func(name string, option, value int) {
			value = min(value, math.MaxInt32) // the kernel's own number
			if err := unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value); err != nil {
				errs = append(errs, fmt.Errorf("cannot set %s to %d: %w", name, value, err))
			}
		}
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1); err != nil {
			errs = append(errs, fmt.Errorf("cannot set SO_KEEPALIVE: %w", err))
		}
		set("TCP_KEEPIDLE", unix.TCP_KEEPIDLE, keepAlive)
		set("TCP_KEEPINTVL", unix.TCP_KEEPINTVL, keepAlive)
		if notSent > 0 {
			set("TCP_NOTSENT_LOWAT", unix.TCP_NOTSENT_LOWAT, notSent)
		}
		set("TCP_USER_TIMEOUT", unix.TCP_USER_TIMEOUT, int(max(stall, time.Millisecond).Milliseconds()))
	})
	return errors.Join(append(errs, err)...)
}
