package protocol

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// headerForwarded is where proxies note for whom they ask. The standard header Forwarded is not read: a proxy that
// writes one of the two passes the other on as the client made it up.
const headerForwarded = "X-Forwarded-For"

// ForwardedFor returns a function for [Options.ClientAddr] that believes the proxies in the networks trusted. A
// request from one of them counts for the last address in X-Forwarded-For that is not of the networks, since each
// proxy appends the address that it was asked from and everything before that is what its client claims. From
// others the header is not believed, and they count for themselves.
//
// Where the header ends early, or has something that is no address, the request counts for the last proxy that it
// is known to have come through. Entries may have a port, IPv6 addresses be in brackets; an IPv4 address that is
// mapped into IPv6 counts as the IPv4 address, in the header and as a peer. Networks are to be given unmapped.
func ForwardedFor(trusted ...netip.Prefix) func(*http.Request) netip.Addr {
	trusted = slices.Clone(trusted)
	trusts := func(addr netip.Addr) bool {
		addr = addr.WithZone("") // a Prefix has none
		return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	return func(r *http.Request) netip.Addr {
		client := peerAddr(r)
		lines := r.Header[headerForwarded]
		for i := len(lines) - 1; i >= 0; i-- {
			for rest, more := lines[i], true; more; {
				if !trusts(client) {
					return client
				}
				var entry string
				rest, entry, more = cutLast(rest)
				if entry == "" {
					continue // lists may have empty elements
				}
				next, ok := parseForwarded(entry)
				if !ok {
					return client
				}
				client = next
			}
		}
		return client
	}
}

// cutLast takes the last element off a list with commas.
func cutLast(list string) (rest, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	return list[:max(i, 0)], strings.Trim(list[i+1:], " \t"), i >= 0
}

// parseForwarded reads an entry of X-Forwarded-For.
func parseForwarded(entry string) (netip.Addr, bool) {
	if addr, err := netip.ParseAddr(entry); err == nil {
		return addr.Unmap(), true
	}
	if withPort, err := netip.ParseAddrPort(entry); err == nil {
		return withPort.Addr().Unmap(), true
	}
	if inner, ok := strings.CutPrefix(entry, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return addr.Unmap(), ok && err == nil && addr.Is6()
	}
	return netip.Addr{}, false
}
