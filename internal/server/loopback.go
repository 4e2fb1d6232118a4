package server

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
)

// NotLoopbackError refuses an address that other machines could reach.
type NotLoopbackError struct {
	// Addr is the address as it was given.
	Addr string
}

func (e *NotLoopbackError) Error() string {
	return fmt.Sprintf("--dev lets everybody do everything, so it listens on loopback addresses only, "+
		"such as 127.0.0.1:8080, not on %s", e.Addr)
}

// loopbackAddr reports whether addr is host:port with a host that stands for this machine alone. Names other than
// localhost are refused without looking them up: what they stand for may change at any time.
func loopbackAddr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
