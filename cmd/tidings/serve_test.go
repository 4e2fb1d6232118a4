package main

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

// TestServeNeedsPublishers: a hub to which nobody could publish does not start, and says what would help.
func TestServeNeedsPublishers(t *testing.T) {
	stdout, stderr, code := runBinary(t, "serve", "--addr", "127.0.0.1:0")
	if code != exitUsage || stdout != "" {
		t.Errorf("exit code %d, wrote %q", code, stdout)
	}
	isOneLine(t, stderr, "nobody could publish: give keys for tokens (--issuer or --legacy-key), --authorize-url or --open-publish; to try things out there is --dev")
}

func TestPortTaken(t *testing.T) {
	h := startHub(t)
	addr := hostOf(t, h.url)
	want := "tidings: cannot listen on " + addr + ": address already in use (is another tidings running?)\n"
	for _, args := range [][]string{{"serve", "--dev", "--addr", addr}, {"demo", "--addr", addr}} {
		t.Run(args[0], func(t *testing.T) {
			stdout, stderr, code := runBinary(t, args...)
			if code != exitFailure || stdout != "" || stderr != want {
				t.Errorf("exit code %d, wrote %q and %q, want %q", code, stdout, stderr, want)
			}
		})
	}
}

func TestServeRefusesOtherAddresses(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		t.Run(addr, func(t *testing.T) {
			stdout, stderr, code := runBinary(t, "serve", "--dev", "--addr", addr)
			if code != exitUsage || stdout != "" {
				t.Errorf("exit code %d, wrote %q", code, stdout)
			}
			isOneLine(t, stderr, "listens on loopback addresses only, such as 127.0.0.1:8080, not on "+addr)
		})
	}
}

func TestServeKeepsOthersOut(t *testing.T) {
	h := startHub(t)
	c := client(t, onlyHTTP1, nil)
	tests := []struct {
		name, host, origin string
		status             int
		allows             string
	}{
		{"this machine", "", "", 200, ""},
		{"foreign host", "tidings.example", "", 421, ""},
		{"foreign origin", "", "https://tidings.example", 403, ""},
		{"local development server", "", "http://localhost:5173", 200, "http://localhost:5173"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := url.Values{"topic": {"a"}, "data": {"x"}}.Encode()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url, strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tt.host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			resp := do(t, c, r)
			if resp.StatusCode != tt.status {
				t.Errorf("%s: %s, want %d", resp.Status, bodyOf(t, resp), tt.status)
			}
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != tt.allows {
				t.Errorf("allows origin %q, want %q", got, tt.allows)
			}
		})
	}
}

func TestServeOverTLS(t *testing.T) {
	certFile, keyFile, roots := certificate(t)
	h := startHub(t, "--tls-cert", certFile, "--tls-key", keyFile)
	if !strings.HasPrefix(h.url, "https://127.0.0.1:") {
		t.Fatalf("URL %s", h.url)
	}
	for name, protocols := range map[string]func(*http.Protocols){"HTTP/1.1": onlyHTTP1, "HTTP/2.0": onlyHTTP2} {
		t.Run(name, func(t *testing.T) {
			resp := get(t, client(t, protocols, roots), h.url+"?topic=a&signals=1")
			if resp.Proto != name || resp.TLS == nil {
				t.Errorf("spoke %s", resp.Proto)
			}
			if event := nextEvent(t, resp.Body); event.Type != "tidings.hello" {
				t.Errorf("received %+v", event)
			}
		})
	}
	trusted := []string{"SSL_CERT_FILE=" + certFile}
	id, stderr, code := invocation{env: trusted, args: []string{"publish", "--hub", h.url, "--topic", "a", "--data", "x"}}.run(t)
	if code != exitOK {
		t.Fatalf("publish ended with %d: %s", code, stderr)
	}
	event, stderr, code := invocation{env: trusted, args: []string{
		"subscribe", "--hub", h.url, "a", "--last-event-id", "earliest", "--count", "1",
	}}.run(t)
	if want := strings.TrimSuffix(id, "\n") + "\tmessage\tx\n"; code != exitOK || event != want {
		t.Errorf("subscribe ended with %d, received %q, want %q: %s", code, event, want, stderr)
	}
}

func TestServeH2C(t *testing.T) {
	h := startHub(t)
	c := client(t, onlyH2C, nil)
	resp := get(t, c, h.url+"?topic=a&signals=1")
	events := sse.NewDecoder(resp.Body, sse.Options{})
	if hello, err := events.Decode(); err != nil || hello.Type != "tidings.hello" || resp.Proto != "HTTP/2.0" {
		t.Fatalf("%s, received %+v, %v", resp.Proto, hello, err)
	}
	posted, err := c.PostForm(h.url, url.Values{"topic": {"a"}, "data": {"hi"}})
	if err != nil {
		t.Fatal(err)
	}
	defer posted.Body.Close()
	want := sse.Event{ID: bodyOf(t, posted), Data: "hi"}
	if event, err := events.Decode(); err != nil || event != want {
		t.Errorf("received %+v, %v, want %+v", event, err, want)
	}
}

func TestEnvironment(t *testing.T) {
	p := invocation{args: []string{"serve"}, env: []string{
		"TIDINGS_DEV=true", "TIDINGS_ADDR=127.0.0.1:0", "TIDINGS_HEARTBEAT=10ms", "TIDINGS_MAX_TOPICS=1", "TIDINGS_DATA=memory",
		"TIDINGS_LOG_LEVEL=debug", "TIDINGS_LOG_FORMAT=json",
	}}.start(t)
	h := &hubProcess{process: p}
	h.ready(t)

	stdout, stderr, code := invocation{args: []string{"publish"}, env: []string{
		"TIDINGS_HUB=" + h.url, "TIDINGS_PUBLISH_TOPIC=a,b", "TIDINGS_PUBLISH_DATA=hi", "TIDINGS_PUBLISH_ID=7",
	}}.run(t)
	if code != exitOK || stdout != "7\n" {
		t.Fatalf("publish ended with %d, wrote %q and %q", code, stdout, stderr)
	}
	_, stderr, code = runBinary(t, "publish", "--hub", h.url, "--topic", "a", "--topic", "b", "--data", "x")
	if code != exitRefused || !strings.Contains(stderr, "limit Topics is 1") {
		t.Errorf("two topics: exit code %d, %s", code, stderr)
	}
	watcher := invocation{args: []string{"subscribe"}, env: []string{
		"TIDINGS_HUB=" + h.url, "TIDINGS_SUBSCRIBE_TOPIC=a,b", "TIDINGS_SUBSCRIBE_LAST_EVENT_ID=earliest",
		"TIDINGS_SUBSCRIBE_SIGNALS=true", "TIDINGS_SUBSCRIBE_JSON=true",
	}}.start(t)
	watcher.stdout.lineWith(t, `"type":"tidings.hello"`)
	if got, want := watcher.stdout.line(t), `{"id":"7","type":"message","data":"hi"}`; got != want {
		t.Errorf("received %s, want %s", got, want)
	}
	watcher.stdout.lineWith(t, `"type":"tidings.ping"`) // would come after 15 s
	h.stderr.lineWith(t, `"level":"DEBUG"`)
}

// The hub's bounds for connections and streams are those that it was given, and proxies are believed.
func TestServeBoundsArrive(t *testing.T) {
	t.Run("connections", func(t *testing.T) {
		h := startHub(t, "--max-connections", "1")
		if !strings.Contains(h.stdout.String(), "\nIt takes at most 1 connections") {
			t.Errorf("the hub says %q", h.stdout.String())
		}
		get(t, client(t, onlyHTTP1, nil), h.url+"?topic=a")
		resp := get(t, client(t, onlyHTTP1, nil), h.url+"?topic=a")
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"limit":"connections"`) {
			t.Errorf("%s %s", resp.Status, body)
		}
		if line := h.stderr.lineWith(t, "reason=connections"); !strings.Contains(line, "level=WARN") {
			t.Errorf("the hub logs %q, want a warning", line)
		}
	})
	t.Run("subscribers", func(t *testing.T) {
		h := startHub(t, "--max-subscribers", "1", "--log-level", "debug")
		c := client(t, onlyHTTP1, nil)
		get(t, c, h.url+"?topic=a")
		resp := get(t, c, h.url+"?topic=a")
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, `"limit":"Subscribers"`) {
			t.Errorf("%s %s", resp.Status, body)
		}
		h.stderr.lineWith(t, "msg=refused reason=subscribers")
	})
	t.Run("addresses", func(t *testing.T) {
		h := startHub(t, "--max-per-address", "1", "--trusted-proxy", "127.0.0.1,10.0.0.0/8", "--log-level", "debug")
		c := client(t, onlyHTTP1, nil)
		from := func(forwarded string) int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"?topic=a", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Forwarded-For", forwarded)
			return do(t, c, r).StatusCode
		}
		for forwarded, want := range map[string]int{"192.0.2.1": 200, "192.0.2.2, 10.0.0.1": 200, "2001:db8::1": 200} {
			if got := from(forwarded); got != want {
				t.Errorf("for %s: %d, want %d", forwarded, got, want)
			}
		}
		if got := from("198.51.100.1, 192.0.2.2"); got != http.StatusTooManyRequests {
			t.Errorf("the second stream of an address: %d", got)
		}
		h.stderr.lineWith(t, "msg=refused reason=address")
	})
}

// What --dev leaves to the settings is as they say.
func TestServeDevSettingsArrive(t *testing.T) {
	c := client(t, onlyHTTP1, nil)
	h := startHub(t, "--dialect", "1.0", "--no-envelope", "--public-url", "https://hub.example/.well-known/mercure")
	for query, want := range map[string]int{
		"?match=a": http.StatusOK, "?topic=a": http.StatusBadRequest, "?match=a&envelope=1": http.StatusBadRequest,
	} {
		if resp := get(t, c, h.url+query); resp.StatusCode != want {
			t.Errorf("%s: %s, want %d", query, resp.Status, want)
		}
	}
	stream := get(t, c, h.url+"?match_urlpattern=/a/*")
	h.publish(t, "--topic", "https://hub.example/a/1", "--data", "relative to the public URL")
	if got := nextData(t, bufio.NewReader(stream.Body)); got != "data: relative to the public URL\n" {
		t.Errorf("got %q", got)
	}
}

// What a publisher is told of the hub's limits are those that the hub was given.
func TestServeSettingsArrive(t *testing.T) {
	h := startHub(t, "--max-data-bytes", "3", "--max-body-bytes", "30", "--max-matchers", "1", "--retain-count", "1")
	c := client(t, onlyHTTP1, nil)
	for data, want := range map[string]string{
		"1234":                  `"limit":"DataBytes"`,
		strings.Repeat("x", 30): `"limit":"MaxBodyBytes"`,
	} {
		resp, err := c.PostForm(h.url, url.Values{"topic": {"a"}, "data": {data}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body := bodyOf(t, resp); resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, want) {
			t.Errorf("%d bytes: %s, %s, want %s", len(data), resp.Status, body, want)
		}
	}
	if resp := get(t, c, h.url+"?topic=a&topic=b"); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("two matchers: %s", resp.Status)
	}
	first := h.publish(t, "--topic", "a", "--data", "1")
	h.publish(t, "--topic", "a", "--data", "2")
	last := h.publish(t, "--topic", "a", "--data", "3")
	p := h.subscribe(t, "a", "--last-event-id", first, "--count", "1")
	if code := p.wait(t); code != exitOK || p.stdout.String() != last+"\tmessage\t3\n" {
		t.Errorf("behind the first of three: exit code %d, received %q, want the last alone", code, p.stdout.String())
	}
	isOneLine(t, p.stderr.String(), "updates may be lost")
}
