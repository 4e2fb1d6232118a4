package load

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strconv"
)

// resolve returns the address that a URL's host has.
func resolve(ctx context.Context, u *url.URL) (netip.AddrPort, error) {
	text := u.Port()
	if text == "" {
		text = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("load: port %q of %s", text, u.Redacted())
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
		if err != nil {
			return netip.AddrPort{}, err
		}
		addr = addrs[0]
		// Of a name with addresses of both kinds, as localhost has, the older one: only that has several sources.
		if i := slices.IndexFunc(addrs, func(a netip.Addr) bool { return a.Unmap().Is4() }); i >= 0 {
			addr = addrs[i]
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// sources is how many addresses of this machine connections to itself come from. One address has some 28,000 ports.
const sources = 250

// source returns the address that subscriber i connects to server from, and whether it matters. On Linux all of
// 127.0.0.0/8 is this machine; elsewhere it is one address only.
func source(server netip.Addr, i int) (netip.Addr, bool) {
	if runtime.GOOS != "linux" || !server.Is4() || !server.IsLoopback() {
		return netip.Addr{}, false
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, byte(2 + i%sources)}), true
}
