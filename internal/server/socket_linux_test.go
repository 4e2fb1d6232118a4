package server_test

import (
	"math"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/internal/server"
)

// TestAcceptedSockets: what is set on the listening socket holds for those that it accepts.
func TestAcceptedSockets(t *testing.T) {
	plain := new(net.ListenConfig)
	plain.SetMultipathTCP(false) // it has an option of its own
	system := socketOption(t, accepted(t, plain), unix.TCP_NOTSENT_LOWAT)
	tests := []struct {
		name             string
		options          server.Options
		notSent, timeout int
	}{
		{"default", server.Options{}, 128 << 10, 60_000},
		{"set", server.Options{NotSentBytes: 4 << 10, Stall: 1500 * time.Millisecond}, 4 << 10, 1500},
		{"left to the system", server.Options{NotSentBytes: -1}, system, 60_000},
		{"more than the kernel's number", server.Options{Stall: 1000 * time.Hour}, 128 << 10, math.MaxInt32},
		{"less than the kernel's unit", server.Options{Stall: time.Microsecond}, 128 << 10, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := accepted(t, server.ListenConfig(tt.options))
			if got := socketOption(t, conn, unix.TCP_NOTSENT_LOWAT); got != tt.notSent {
				t.Errorf("TCP_NOTSENT_LOWAT is %d, want %d", got, tt.notSent)
			}
			if got := socketOption(t, conn, unix.TCP_KEEPIDLE); got != 15 {
				t.Errorf("TCP_KEEPIDLE is %d, want 15", got)
			}
			if !keptAlive(t, conn) {
				t.Error("SO_KEEPALIVE is not set")
			}
			if got := socketOption(t, conn, unix.TCP_USER_TIMEOUT); got != tt.timeout {
				t.Errorf("TCP_USER_TIMEOUT is %d, want %d", got, tt.timeout)
			}
		})
	}
}

// accepted returns the accepted end of a connection.
func accepted(t *testing.T, config *net.ListenConfig) *net.TCPConn {
	t.Helper()
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

func socketOption(t *testing.T, conn *net.TCPConn, option int) int {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	value := 0
	if controlErr := raw.Control(func(fd uintptr) {
		value, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option)
	}); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return value
}

// keptAlive reports whether a connection is probed while it is silent.
func keptAlive(t *testing.T, conn *net.TCPConn) bool {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	value := 0
	if controlErr := raw.Control(func(fd uintptr) {
		value, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
	}); controlErr != nil || err != nil {
		t.Fatal(controlErr, err)
	}
	return value == 1
}
