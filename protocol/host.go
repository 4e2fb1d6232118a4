package protocol

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// LoopbackOrigin reports whether an origin, as the header Origin has it, is that of a page that this machine
// serves, on any port. It is meant for [Options.AllowOrigin] in development.
func LoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	return isLoopback(u.Host)
}

// LoopbackHost lets only requests through whose Host is a name of this machine: localhost and what ends in
// .localhost, an address in 127.0.0.0/8, or [::1], with any port. Others are answered with 421. So a page whose
// name was made to point to this machine (DNS rebinding), and which thus has the same origin as next for the
// browser, does not reach it.
func LoopbackHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			writeProblem(w, &problem{
				Status: http.StatusMisdirectedRequest, Field: "Host",
				Detail: "host " + quote(r.Host) + " is no name of this machine; only localhost and loopback addresses are served",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopback reports whether a host, with or without port, is a name of this machine.
func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else if inner, ok := strings.CutPrefix(hostport, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	name := "." + strings.TrimSuffix(strings.ToLower(host), ".")
	return strings.HasSuffix(name, ".localhost")
}
