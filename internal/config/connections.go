package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Connections says how many connections there may be, and how much the kernel may take of them.
type Connections struct {
	// MaxConnections is how many connections the server takes at once. Those above it are answered with 503.
	MaxConnections int `default:"0" placeholder:"N" env:"TIDINGS_MAX_CONNECTIONS" help:"How many connections there may be; 0 for as many as the limit of descriptors allows."`
	// MaxSubscribers is how many streams the hub has at once. Over HTTP/2 a connection may have several.
	MaxSubscribers int `default:"0" placeholder:"N" env:"TIDINGS_MAX_SUBSCRIBERS" help:"How many subscribers there may be; 0 for no bound beside --max-connections."`
	// MaxPerAddress is how many streams one client address may have at once. IPv6 addresses are counted by their /64.
	MaxPerAddress int `default:"0" placeholder:"N" env:"TIDINGS_MAX_PER_ADDRESS" help:"How many streams one client address, or one /64 of IPv6, may have; 0 for no bound."`
	// TrustedProxies are the networks of proxies that are believed for whom they ask, in X-Forwarded-For.
	TrustedProxies []Network `name:"trusted-proxy" placeholder:"CIDR" env:"TIDINGS_TRUSTED_PROXY" help:"Network of proxies whose X-Forwarded-For says who the client is, such as 10.0.0.0/8; may be repeated."`
	// NotSent bounds what the kernel takes of a connection's bytes before it can send them.
	NotSent Bytes `name:"notsent" default:"128KiB" placeholder:"BYTES" env:"TIDINGS_NOTSENT" help:"How much the kernel takes of a connection's bytes before it can send them, on Linux; 0 for the system's own choice."`
}

// Proxies returns the trusted networks.
func (c *Connections) Proxies() []netip.Prefix {
	list := make([]netip.Prefix, len(c.TrustedProxies))
	for i, n := range c.TrustedProxies {
		list[i] = n.Prefix
	}
	return list
}

// NotSentBytes returns NotSent as a server's options have it: negative for the system's own choice.
func (c *Connections) NotSentBytes() int {
	if c.NotSent == 0 {
		return -1
	}
	return int(c.NotSent)
}

// mostNotSent is what fits into the kernel's own number.
const mostNotSent = 1 << 30

func (c *Connections) validate() error {
	if err := cmp.Or(
		atLeast(
			0,
			setting[int]{"--max-connections", c.MaxConnections},
			setting[int]{"--max-subscribers", c.MaxSubscribers},
			setting[int]{"--max-per-address", c.MaxPerAddress},
		),
		atLeast(0, setting[Bytes]{"--notsent", c.NotSent}),
	); err != nil {
		return err
	}
	if c.NotSent > mostNotSent {
		return refuse([]string{"--notsent"}, "--notsent is %v, it must be at most %v", c.NotSent, Bytes(mostNotSent))
	}
	if c.MaxSubscribers > 0 && c.MaxPerAddress > c.MaxSubscribers {
		return refuse([]string{"--max-per-address", "--max-subscribers"},
			"--max-per-address (%d) is above --max-subscribers (%d), so that one address could have every place",
			c.MaxPerAddress, c.MaxSubscribers)
	}
	if len(c.TrustedProxies) > 0 && c.MaxPerAddress == 0 {
		return refuse([]string{"--trusted-proxy", "--max-per-address"},
			"--trusted-proxy changes nothing without --max-per-address: give both or none")
	}
	return nil
}

// Network is a range of addresses. Its text is a CIDR prefix, or one address.
type Network struct{ netip.Prefix }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (n *Network) UnmarshalText(text []byte) error {
	prefix, err := netip.ParsePrefix(string(text))
	if !strings.Contains(string(text), "/") {
		var addr netip.Addr
		if addr, err = netip.ParseAddr(string(text)); err == nil {
			prefix = netip.PrefixFrom(addr, addr.BitLen())
			if addr.Zone() != "" {
				err = errors.New("it has a zone")
			}
		}
	}
	if err != nil || prefix.Addr().Is4In6() {
		return fmt.Errorf("%q is not a network such as 10.0.0.0/8 or 2001:db8::/32, or an address", text)
	}
	*n = Network{prefix.Masked()}
	return nil
}
