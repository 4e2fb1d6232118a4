package config_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/internal/config"
)

func TestNetwork(t *testing.T) {
	tests := []struct{ text, want string }{
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.1.2.3/8", "10.0.0.0/8"},
		{"192.0.2.1", "192.0.2.1/32"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"2001:db8::1", "2001:db8::1/128"},
		{"0.0.0.0/0", "0.0.0.0/0"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got config.Network
			if err := got.UnmarshalText([]byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			if got.Prefix != netip.MustParsePrefix(tt.want) {
				t.Errorf("%v, want %s", got, tt.want)
			}
		})
	}
}

func TestNetworkRefused(t *testing.T) {
	for _, text := range []string{
		"", "/", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "localhost", "10.0.0.1:80", "[::1]", "fe80::1%eth0",
		"fe80::1%eth0/64", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", " 10.0.0.1", "10.0.0.0/8,10.0.0.0/8",
	} {
		t.Run(text, func(t *testing.T) {
			var got config.Network
			if err := got.UnmarshalText([]byte(text)); err == nil || !strings.Contains(err.Error(), "10.0.0.0/8 or") {
				t.Errorf("parsed as %v, error %v", got, err)
			}
		})
	}
}

func FuzzNetwork(f *testing.F) {
	for _, seed := range []string{"10.0.0.0/8", "::1", "fe80::%a/10", "1.2.3.4/32"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second config.Network
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := second.UnmarshalText([]byte(first.String())); err != nil || second != first {
			t.Errorf("%q was parsed as %v, and that as %v, %v", text, first, second, err)
		}
		// What it is for: it must have the addresses that a request can have.
		if addr := first.Addr(); !first.Contains(addr.Unmap()) {
			t.Errorf("%v does not contain %v", first, addr)
		}
	})
}

func TestTrustedProxies(t *testing.T) {
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::1/128")}
	args := []string{"--dev", "--max-per-address", "3"}
	repeated := append(args, "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "2001:db8::1")
	if got := parsed[config.Serve](t, repeated...).Proxies(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := parse(t, new(config.Serve), append(args, "--trusted-proxy", "proxy.example")...); err == nil ||
		!strings.Contains(err.Error(), "--trusted-proxy") || !strings.Contains(err.Error(), "proxy.example") {
		t.Errorf("error %v, want one that names the flag and its value", err)
	}
	t.Setenv("TIDINGS_TRUSTED_PROXY", "10.0.0.0/8,2001:db8::1")
	if got := parsed[config.Serve](t, args...).Proxies(); !slices.Equal(got, want) {
		t.Errorf("from the environment: %v, want %v", got, want)
	}
}

func TestNotSent(t *testing.T) {
	for text, want := range map[string]struct{ server, hub int }{
		"0": {-1, 1 << 30}, "1": {1, 1}, "128KiB": {128 << 10, 128 << 10}, "1GiB": {1 << 30, 1 << 30},
	} {
		s := parsed[config.Serve](t, "--dev", "--notsent", text)
		if got := s.NotSentBytes(); got != want.server {
			t.Errorf("--notsent %s gives the server %d, want %d", text, got, want.server)
		}
		if got := s.HubOptions().Fanout.NotSentBytes; got != want.hub {
			t.Errorf("--notsent %s gives the hub %d, want %d", text, got, want.hub)
		}
	}
	if got := parsed[config.Serve](t, "--dev").NotSentBytes(); got != 128<<10 {
		t.Errorf("the default is %d", got)
	}
}
