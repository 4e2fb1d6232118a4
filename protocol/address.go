package protocol

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/tidings-hub/tidings/hub"
)

// limitAddress is the limit of streams for one client address.
const limitAddress = "MaxPerAddress"

// addressCounts counts the streams of each client address. Its methods may be called from any goroutine.
type addressCounts struct {
	max     int // 0 for no bound; nothing is counted then
	of      func(*http.Request) netip.Addr
	refused func(hub.RefuseReason) // nil for nobody

	mu      sync.Mutex
	streams map[netip.Prefix]int
}

func newAddressCounts(o Options, refused func(hub.RefuseReason)) *addressCounts {
	a := &addressCounts{max: o.MaxPerAddress, of: o.ClientAddr, refused: refused, streams: map[netip.Prefix]int{}}
	if a.of == nil {
		a.of = peerAddr
	}
	return a
}

// take counts a stream of r's client, or refuses it. The stream's end calls release, from any goroutine, which may
// be long after the handler has returned; calls after the first do nothing. Where nothing is counted, release is
// shared by all and does nothing.
func (a *addressCounts) take(r *http.Request) (release func(), err error) {
	if a.max == 0 {
		return releaseNothing, nil
	}
	client, ok := network(a.of(r))
	if !ok {
		return releaseNothing, nil
	}
	if !a.add(client) {
		if a.refused != nil {
			a.refused(hub.RefusedAddress)
		}
		return nil, tooManyStreams(client, a.max)
	}
	var released atomic.Bool
	return func() {
		if !released.Swap(true) {
			a.remove(client)
		}
	}, nil
}

// releaseNothing is the release of a stream that was not counted.
func releaseNothing() {}

// add reports whether there is room for one more stream, and counts it.
func (a *addressCounts) add(client netip.Prefix) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.streams[client] >= a.max {
		return false
	}
	a.streams[client]++
	return true
}

// remove forgets an address with its last stream.
func (a *addressCounts) remove(client netip.Prefix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.streams[client]--; a.streams[client] == 0 {
		delete(a.streams, client)
	}
}

// network returns what counts as one client: an IPv4 address, or the /64 that an IPv6 address is in, which is the
// least that a site is given, so that a machine has as many addresses in it as it likes. It reports false for the
// zero Addr.
func network(addr netip.Addr) (netip.Prefix, bool) {
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	return prefix, err == nil && prefix.IsValid()
}

// peerAddr returns the address at the other end of r's connection, the zero Addr if that has none.
func peerAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}

func tooManyStreams(client netip.Prefix, max int) *problem {
	name := client.String()
	if client.Addr().Is4() {
		name = client.Addr().String()
	}
	return &problem{
		Status: http.StatusTooManyRequests, Limit: limitAddress, Max: int64(max), retryAfter: retryFull(),
		Detail: fmt.Sprintf("address %s has as many streams as one may have, the limit %s is %d", name, limitAddress, max),
	}
}

// retryFull is how long, in seconds, a client is asked to wait for a place that others have: not for the same time
// each, or all would come back at once.
func retryFull() int { return 1 + rand.IntN(5) }
