package protocol_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

func TestReservedTopics(t *testing.T) {
	const hubPath = protocol.DefaultPath
	tests := []struct {
		topic string
		want  bool
	}{
		// The path itself and what lies below.
		{"/.well-known/mercure", true},
		{"/.well-known/mercure/", true},
		{"/.well-known/mercure/subscriptions/exact/a/b", true},
		{"/.well-known/mercure?topic=a", true},
		{"/.well-known/mercure#x", true},
		{"/.well-known/mercure/?x#y", true},
		{"/.well-known/mercurex", false},
		{"/.well-known/mercur", false},
		{"/.well-known/Mercure", false},
		{"/.well-known", false},
		{"/x/.well-known/mercure", false},

		// Whatever the scheme and authority.
		{"https://example.com/.well-known/mercure", true},
		{"http://example.com:8080/.well-known/mercure/x", true},
		{"HTTPS://user:pass@example.com/.well-known/mercure", true},
		{"https://[::1]/.well-known/mercure", true},
		{"ws://example.com/.well-known/mercure", true},
		{"ftp://example.com/.well-known/mercure", true},
		{"foo://example.com/.well-known/mercure", true},
		{"foo:/.well-known/mercure", true},
		{"file:///.well-known/mercure", true},
		{"file:/.well-known/mercure", true},
		{"//example.com/.well-known/mercure", true},
		{"https://example.com", false},
		{"https://example.com/", false},
		{"https://example.com/books/1", false},
		{"https://example.com/x/.well-known/mercure", false},
		{"https://example.com//.well-known/mercure", false},
		{"https://example.com?/.well-known/mercure", false},
		{"https://example.com#/.well-known/mercure", false},
		{"https://example.com/x?/../.well-known/mercure", false},
		{"urn:/.well-known/mercure", true},
		{"urn:.well-known/mercure", false},
		{"urn:uuid:.well-known", false},
		{"mailto:mercure", false},

		// How browsers read what is written sloppily.
		{"https:/.well-known/mercure", true},
		{"https:mercure", true},
		{"https:///example.com/.well-known/mercure", true},
		{`https:\\example.com\.well-known\mercure`, true},
		{`\.well-known\mercure`, true},
		{`wss:\\example.com\.well-known\mercure`, true},
		{"ws:/example.com/.well-known/mercure", true},
		{"ftp:.well-known/mercure", false},
		{`foo://example.com/.well-known\mercure`, false},
		{"  /.well-known/mercure  ", true},

		// What is no URL addresses nothing.
		{"https://[/.well-known/mercure", false},
		{"https://a b.example/.well-known/mercure", false},
		{"https://example.com:99999/.well-known/mercure", false},
		{"https://example.com:x/.well-known/mercure", false},
		{"https://1.2.3.999/.well-known/mercure", false},
		{"https://%zz/.well-known/mercure", false},
		{"https:///.well-known/mercure", false}, // its host is .well-known
		{"https:////example.com/.well-known/mercure", true},
		{"https://" + strings.Repeat("@", 200) + "example.com/.well-known/mercure", true}, // too costly to tell

		// Relative to the hub's URL.
		{"mercure", true},
		{"mercure/x", true},
		{"./mercure", true},
		{"../.well-known/mercure", true},
		{"../../../.well-known/mercure", true},
		{"?x", true},
		{"#x", true},
		{"mercure2", false},
		{"a", false},
		{"a/mercure", false},
		{"..", false},

		// Dot segments.
		{"https://example.com/a/../.well-known/mercure", true},
		{"https://example.com/a/%2e%2E/.well-known/mercure", true},
		{"https://example.com/a/.%2e/.well-known/./mercure/.", true},
		{"/.well-known/mercure/..", false},
		{"/.well-known/mercure/../mercure", true},
		{"/.well-known/mercure/../x", false},
		{"/.well-known/x/../mercure", true},

		// Escapes.
		{"/%2Ewell-known/mercure", true},
		{"/.well-known/%6D%65rcure", true},
		{"/.well%2dknown/mercure/x", true},
		{"/.well-known%2Fmercure", false},
		{"/.well-known/%256Dercure", false},
		{"/.well-known/mercure%2Fx", false},
		{"/.well-known/mercure%zz", false},
	}
	for _, tt := range tests {
		if got := protocol.Reserved(tt.topic, hubPath); got != tt.want {
			t.Errorf("reserved(%q) = %v", tt.topic, got)
		}
	}
}

func TestReservedTopicsOfOtherPaths(t *testing.T) {
	tests := []struct {
		topic, hubPath string
		want           bool
	}{
		{"https://example.com/hub", "/hub", true},
		{"/hub/x", "/hub", true},
		{"hub", "/hub", true},
		{"b/hub", "/a/b/hub", false},
		{"hub", "/a/b/hub", true},
		{"/hubs", "/hub", false},
		{"/h%C3%BCb", "/h%C3%BCb", true},
		{"/hüb", "/h%C3%BCb", true},
		{"/.well-known/mercure/x", "/hub", true}, // wherever the hub is
		{"https://example.com/", "/", false},     // the root is no namespace
		{"/x", "/", false},
		{"/x", "", false},
		{"/.well-known/mercure", "/", true},
	}
	for _, tt := range tests {
		if got := protocol.Reserved(tt.topic, tt.hubPath); got != tt.want {
			t.Errorf("reserved(%q, %q) = %v", tt.topic, tt.hubPath, got)
		}
	}
}

// TestReservedPathIsWhereTheHubIs: the handler protects the path that it is mounted at.
func TestReservedPathIsWhereTheHubIs(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle("/events", handler)
		base, transport := listen(t, m, mux)
		s := &server{hub: h, url: base + "/events", transport: transport}
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=https://example.com/events/x"), 400, "topic", "namespace")
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=/.well-known/mercure"), 400, "topic", "namespace")
		s.post(t, "topic=https://example.com/eventsx")
	})
}

// FuzzReserved: no topic makes the check fail, and spelling a topic differently does not get it past the check.
func FuzzReserved(f *testing.F) {
	for _, s := range []string{"/.well-known/mercure", "https://a/b/../.well-known/mercure/x", `\x\..`, "a:b", "https:", "file:x", "//", "%2e%2e/%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, topic string) {
		if !protocol.Reserved(topic, protocol.DefaultPath) || strings.ContainsAny(topic, "?#") {
			return
		}
		scheme, rest, found := strings.Cut(topic, "://")
		if !found {
			return
		}
		host, path, found := strings.Cut(rest, "/")
		if !found || host == "" {
			return
		}
		var escaped strings.Builder
		for i := range len(path) {
			switch c := path[i]; {
			case 'a' <= c && c <= 'z' && (i < 2 || path[i-1] != '%' && path[i-2] != '%'):
				fmt.Fprintf(&escaped, "%%%02x", c)
			default:
				escaped.WriteByte(c)
			}
		}
		if _, err := url.Parse(topic); err != nil {
			return // an escape that is none may become one
		}
		if again := scheme + "://" + host + "/" + escaped.String(); !protocol.Reserved(again, protocol.DefaultPath) {
			t.Errorf("%q is reserved, %q is not", topic, again)
		}
	})
}
