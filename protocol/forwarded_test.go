package protocol_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/protocol"
)

var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:f::/48"), netip.MustParsePrefix("fe80::/10"),
}

func TestForwardedFor(t *testing.T) {
	const proxy = "10.0.0.1:4711"
	tests := []struct {
		name  string
		peer  string
		lines []string // of X-Forwarded-For
		want  string   // nothing for no address
	}{
		{"no proxy", "192.0.2.1:80", nil, "192.0.2.1"},
		{"no proxy, claims another", "192.0.2.1:80", []string{"198.51.100.7"}, "192.0.2.1"},
		{"no proxy, claims a proxy", "192.0.2.1:80", []string{"198.51.100.7, 10.0.0.1"}, "192.0.2.1"},
		{"no proxy, IPv6", "[2001:db8::1]:80", []string{"198.51.100.7"}, "2001:db8::1"},
		{"no proxy, mapped", "[::ffff:192.0.2.1]:80", nil, "192.0.2.1"},
		{"no address", "@", []string{"198.51.100.7"}, ""},
		{"nothing", "", nil, ""},

		{"proxy asks itself", proxy, nil, "10.0.0.1"},
		{"one proxy", proxy, []string{"192.0.2.1"}, "192.0.2.1"},
		{"mapped proxy", "[::ffff:10.0.0.1]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"IPv6 proxy", "[2001:db8:f::1]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"proxy with zone", "[fe80::1%eth0]:80", []string{"192.0.2.1"}, "192.0.2.1"},
		{"two proxies", proxy, []string{"192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"two proxies, two lines", proxy, []string{"192.0.2.1", "10.0.0.2"}, "192.0.2.1"},
		{"proxies alone", proxy, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},

		{"smuggled before", proxy, []string{"198.51.100.7, 192.0.2.1"}, "192.0.2.1"},
		{"smuggled line before", proxy, []string{"198.51.100.7", "192.0.2.1"}, "192.0.2.1"},
		{"smuggled proxy before", proxy, []string{"198.51.100.7, 10.0.0.9, 192.0.2.1, 10.0.0.2"}, "192.0.2.1"},
		{"smuggled proxies in lines", proxy, []string{"198.51.100.7", "10.0.0.9", "192.0.2.1"}, "192.0.2.1"},
		{"smuggled garbage before", proxy, []string{"<script>, 192.0.2.1"}, "192.0.2.1"},
		{"smuggled mapped proxy", proxy, []string{"198.51.100.7, ::ffff:10.0.0.9, 192.0.2.1"}, "192.0.2.1"},

		{"garbage", proxy, []string{"garbage"}, "10.0.0.1"},
		{"garbage behind an address", proxy, []string{"192.0.2.1, unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", proxy, []string{"192.0.2.1, _hidden, 10.0.0.2"}, "10.0.0.2"},
		{"a prefix", proxy, []string{"192.0.2.0/24"}, "10.0.0.1"},
		{"a name", proxy, []string{"client.example:80"}, "10.0.0.1"},
		{"too many bytes", proxy, []string{"192.0.2.1.5"}, "10.0.0.1"},
		{"leading zeros", proxy, []string{"192.000.002.001"}, "10.0.0.1"},
		{"semicolons", proxy, []string{"192.0.2.1; 192.0.2.2"}, "10.0.0.1"},
		{"Forwarded's form", proxy, []string{"for=192.0.2.1"}, "10.0.0.1"},

		{"port", proxy, []string{"192.0.2.1:4711"}, "192.0.2.1"},
		{"no number behind the colon", proxy, []string{"192.0.2.1:x"}, "10.0.0.1"},
		{"port too high", proxy, []string{"192.0.2.1:65536"}, "10.0.0.1"},
		{"IPv6", proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 in brackets", proxy, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv6 with port", proxy, []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"IPv6 with zone", proxy, []string{"fe80::1%eth0, 192.0.2.1"}, "192.0.2.1"},
		{"bracket that stays open", proxy, []string{"[2001:db8::1"}, "10.0.0.1"},
		{"bracket that was not opened", proxy, []string{"2001:db8::1]"}, "10.0.0.1"},
		{"IPv4 in brackets", proxy, []string{"[192.0.2.1]"}, "10.0.0.1"},
		{"mapped", proxy, []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
		{"mapped in brackets", proxy, []string{"[::ffff:192.0.2.1]:80"}, "192.0.2.1"},

		{"empty line", proxy, []string{""}, "10.0.0.1"},
		{"empty elements", proxy, []string{"192.0.2.1,, 10.0.0.2 , ", "\t,"}, "192.0.2.1"},
		{"spaces", proxy, []string{" \t192.0.2.1\t "}, "192.0.2.1"},
	}
	clientAddr := protocol.ForwardedFor(proxies...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want netip.Addr
			if tt.want != "" {
				want = netip.MustParseAddr(tt.want)
			}
			r := &http.Request{RemoteAddr: tt.peer, Header: http.Header{"X-Forwarded-For": tt.lines, "Forwarded": {"for=203.0.113.1"}}}
			if got := clientAddr(r); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// TestForwardedForNobody: without networks no header is believed.
func TestForwardedForNobody(t *testing.T) {
	r := &http.Request{RemoteAddr: "10.0.0.1:80", Header: http.Header{"X-Forwarded-For": {"192.0.2.1"}}}
	if got := protocol.ForwardedFor()(r); got != netip.MustParseAddr("10.0.0.1") {
		t.Errorf("%v, want the peer's", got)
	}
}

// FuzzForwardedFor: whatever a client puts before it, the address that the last proxy saw counts.
func FuzzForwardedFor(f *testing.F) {
	f.Add("198.51.100.7", "10.0.0.9")
	f.Add("[::1", "2001:db8::1%25, ,")
	f.Add("10.0.0.1,10.0.0.2", "\"192.0.2.9\"")
	clientAddr := protocol.ForwardedFor(proxies...)
	f.Fuzz(func(t *testing.T, line, list string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:80"}
		for _, seen := range []string{"192.0.2.1", "2001:db8::1"} {
			want := netip.MustParseAddr(seen)
			for _, behind := range []string{"", ", 10.0.0.2"} {
				for _, lines := range [][]string{{line, list + "," + seen + behind}, {line, list, seen + behind}} {
					r.Header = http.Header{"X-Forwarded-For": lines}
					if got := clientAddr(r); got != want {
						t.Errorf("%q: %v, want %v", lines, got, want)
					}
				}
			}
		}
		// Whatever it makes of the text alone, it is no network's address in disguise.
		r.Header = http.Header{"X-Forwarded-For": {line, list}}
		if got := clientAddr(r); !got.IsValid() || got.Is4In6() {
			t.Errorf("%q: %v", strings.Join([]string{line, list}, "|"), got)
		}
	})
}
