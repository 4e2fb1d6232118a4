package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestPublishAndSubscribe(t *testing.T) {
	h := startHub(t)
	watcher := h.subscribe(t, "a", "--signals", "--count", "2")
	if hello := watcher.stdout.line(t); !strings.Contains(hello, "\ttidings.hello\t{") {
		t.Fatalf("the stream begins with %q, want tidings.hello", hello)
	}
	h.publish(t, "--topic", "b", "--data", "for others")
	id := h.publish(t, "--topic", "a", "--data", "hi")
	if want, got := id+"\tmessage\thi", watcher.stdout.line(t); got != want {
		t.Errorf("received %q, want %q", got, want)
	}
	if code := watcher.wait(t); code != exitOK {
		t.Errorf("after --count events: exit code %d", code)
	}
}

func TestPublishEverything(t *testing.T) {
	h := startHub(t)
	id := h.publish(t, "--topic", "a", "--topic", "b,c", "--type", "changed", "--id", "7 of 9", "--private",
		"--retry", "1.5s", "--data", "x=1&y=2+3\n\nü\x1b")
	if id != "7 of 9" {
		t.Errorf("id %q, want the publisher's own", id)
	}
	for _, topic := range []string{"a", "b,c", "*"} {
		t.Run(topic, func(t *testing.T) {
			const want = `{"id":"7 of 9","type":"changed","data":"x=1&y=2+3\n\nü\u001b","retry":1500}` + "\n"
			p := h.subscribe(t, topic, "--last-event-id", "earliest", "--count", "1", "--json")
			if code := p.wait(t); code != exitOK || p.stdout.String() != want {
				t.Errorf("exit code %d, received %s, want %s", code, p.stdout.String(), want)
			}
		})
	}
}

func TestPublishStandardInput(t *testing.T) {
	h := startHub(t)
	for name, data := range map[string]string{
		"lines":    "two\nlines\n",
		"empty":    "",
		"binary-ä": strings.Repeat("\x00é&=%", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := invocation{
				args:  []string{"publish", "--hub", h.url, "--topic", name},
				stdin: strings.NewReader(data),
			}.run(t)
			if code != exitOK {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			resp := get(t, client(t, onlyHTTP1, nil), h.url+"?topic="+name+"&last_event_id=earliest")
			event := nextEvent(t, resp.Body)
			if event.ID+"\n" != stdout || event.Data != data {
				t.Errorf("event %q has %d bytes of data, want %q with %d", event.ID, len(event.Data), stdout, len(data))
			}
		})
	}
}

func TestRefused(t *testing.T) {
	h := startHub(t, "--max-data-bytes", "10")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"reserved type", []string{"publish", "--topic", "a", "--type", "open"}, `400 Bad Request: type "open" is reserved`},
		{"too long", []string{"publish", "--topic", "a", "--data", "12345678901"}, "413 Request Entity Too Large: "},
		{"wildcard topic", []string{"publish", "--topic", "*"}, "400 Bad Request: "},
		{"template", []string{"subscribe", "a\nb"}, "400 Bad Request: "},
		{"another path", []string{"publish", "--topic", "a", "--hub", h.base + "/elsewhere"}, "404 Not Found"},
		{"a page", []string{"subscribe", "a", "--hub", h.base + "/debug/state"}, `is no hub: it answered with "application/json`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The last --hub counts.
			args := append([]string{tt.args[0], "--hub", h.url}, tt.args[1:]...)
			stdout, stderr, code := runBinary(t, args...)
			if code != exitRefused || stdout != "" {
				t.Errorf("exit code %d, wrote %q, want %d and nothing", code, stdout, exitRefused)
			}
			isOneLine(t, stderr, tt.want)
		})
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := listener.Addr().String()
	listener.Close()
	hang := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server sees the client leave
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}))
	defer silent.Close()
	defer close(hang)
	unknown := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknown.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknown.StartTLS()
	defer unknown.Close()
	tests := []struct{ name, hub, want string }{
		{
			"nobody there", "http://" + free,
			"tidings: cannot reach the hub at http://" + free + "/.well-known/mercure: connection refused (is it running?)",
		},
		{"no answer", silent.URL, "timeout"},
		{"unknown certificate", unknown.URL, "certificate signed by unknown authority"},
		{"no TLS", strings.Replace(silent.URL, "http:", "https:", 1), "server gave HTTP response to HTTPS client"},
		{"password in the URL", "http://me:secret@" + free, "http://me:xxxxx@" + free},
	}
	for _, tt := range tests {
		for _, command := range [][]string{{"publish", "--data", "x", "--topic", "a"}, {"subscribe", "a"}} {
			t.Run(command[0]+"/"+tt.name, func(t *testing.T) {
				args := append(command, "--hub", tt.hub)
				if tt.name == "no answer" {
					args = append(args, "--timeout", "100ms")
				}
				_, stderr, code := runBinary(t, args...)
				if code != exitUnreachable {
					t.Errorf("exit code %d, want %d", code, exitUnreachable)
				}
				isOneLine(t, stderr, tt.want)
			})
		}
	}
}

// A redirected POST would arrive as a GET and publish nothing.
func TestRedirectsAreTold(t *testing.T) {
	var requests int
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.Redirect(w, r, "https://example.com/hub", http.StatusFound)
	}))
	defer moved.Close()
	_, stderr, code := runBinary(t, "publish", "--hub", moved.URL, "--topic", "a", "--data", "x")
	if code != exitRefused || requests != 1 {
		t.Errorf("exit code %d after %d requests, want %d after 1", code, requests, exitRefused)
	}
	isOneLine(t, stderr, "302 Found: it is at https://example.com/hub")
}

// What an answer says must not drive the terminal.
func TestAnswersAreMadePrintable(t *testing.T) {
	for kind, body := range map[string]string{
		"text/plain":               "no\x1b[2J\u0085 room\nat all\n",
		"application/problem+json": `{"detail":"no\u001b[2J\u0085 room"}`,
	} {
		t.Run(kind, func(t *testing.T) {
			failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", kind+"; charset=utf-8")
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, body)
			}))
			defer failing.Close()
			_, stderr, code := runBinary(t, "publish", "--hub", failing.URL, "--topic", "a", "--data", "x")
			if code != exitRefused {
				t.Errorf("exit code %d, want %d", code, exitRefused)
			}
			isOneLine(t, stderr, "tidings: the hub answered 503 Service Unavailable: no\\u001b[2J\\u0085 room\n")
		})
	}
}

// Whoever waits for standard input is interrupted at once.
func TestPublishInterrupted(t *testing.T) {
	in, never := io.Pipe()
	defer never.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	err := run(ctx, []string{"publish", "--topic", "a"}, &streams{in: in, out: io.Discard, err: io.Discard})
	if !errors.Is(err, context.Canceled) || exitCode(err) != exitInterrupted {
		t.Errorf("error %v with exit code %d, want %d", err, exitCode(err), exitInterrupted)
	}
}

// isOneLine checks what a command says when it fails.
func isOneLine(t *testing.T, stderr, want string) {
	t.Helper()
	if !strings.HasPrefix(stderr, "tidings: ") || strings.Count(stderr, "\n") != 1 || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("wrote %q, want one line that begins with tidings:", stderr)
	}
	if !strings.Contains(stderr, want) {
		t.Errorf("wrote %q, want %q in it", stderr, want)
	}
}
