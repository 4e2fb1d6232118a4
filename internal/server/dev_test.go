package server_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/sse"
)

const hubPath = ".well-known/mercure"

// newDev starts a Dev that ends with the test.
func newDev(t *testing.T, o server.DevOptions) *server.Dev {
	t.Helper()
	d, err := server.NewDev(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = d.Shutdown(ctx) // whatever a test has left open is cut
	})
	return d
}

// publish publishes data to topic and returns the id.
func publish(t *testing.T, client *http.Client, base, topic, data string) string {
	t.Helper()
	resp, err := client.PostForm(base+hubPath, url.Values{"topic": {topic}, "data": {data}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	id := text(t, resp)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("publishing: %s, %s", resp.Status, id)
	}
	return id
}

func TestDevCarriesEvents(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		s, client := m.listen(t, server.Options{LoopbackOnly: true, Grace: patience})
		running := serve(t, s, newDev(t, server.DevOptions{}))

		resp := get(t, client, s.URL()+hubPath+"?topic=a&signals=1")
		events := sse.NewDecoder(resp.Body, sse.Options{})
		if hello, err := events.Decode(); err != nil || hello.Type != fanout.SignalHello {
			t.Fatalf("the stream begins with %+v, %v", hello, err)
		}
		id := publish(t, client, s.URL(), "a", "hi")
		want := sse.Event{ID: id, Data: "hi"}
		if got, err := events.Decode(); err != nil || got != want {
			t.Errorf("received %+v, %v, want %+v", got, err, want)
		}
		running.stop()
		bye, err := events.Decode()
		if err != nil || bye.Type != fanout.SignalBye || !strings.Contains(bye.Data, `"reason":"shutdown"`) {
			t.Errorf("the stream ends with %+v, %v, want tidings.bye for the shutdown", bye, err)
		}
		if event, err := events.Decode(); err != io.EOF {
			t.Errorf("after the end: %+v, %v, want io.EOF", event, err)
		}
		if err := running.wait(t); err != nil {
			t.Error(err)
		}
	})
}

func TestDevRoutes(t *testing.T) {
	s, client := modes[0].listen(t, server.Options{})
	serve(t, s, newDev(t, server.DevOptions{MaxBodyBytes: 100}))
	tests := []struct {
		name   string
		method string
		path   string
		host   string
		origin string
		body   string
		status int
		allows string // Access-Control-Allow-Origin
		text   string // in the answer
	}{
		{name: "page", path: "", status: 200, text: "A Tidings hub is running here"},
		{name: "page names the hub", path: "", status: 200, text: "curl -N '" + s.URL() + hubPath + "?topic=a'"},
		{name: "state", path: "debug/state", status: 200, text: `"shards"`},
		{name: "another path", path: "about", status: 404},
		{name: "posting to the page", method: "POST", path: "", status: 405},
		{name: "posting to the state", method: "POST", path: "debug/state", status: 405},
		{name: "publishing", method: "POST", path: hubPath, body: "topic=a&data=x", status: 200, text: "#"},
		{name: "publishing privately", method: "POST", path: hubPath, body: "topic=a&private=on", status: 200, text: "#"},
		{
			name: "too long", method: "POST", path: hubPath, body: "topic=a&data=" + strings.Repeat("x", 100),
			status: 413, text: "MaxBodyBytes",
		},
		{name: "localhost", path: "", host: "localhost:8080", status: 200, text: "http://localhost:8080/"},
		{name: "foreign host", path: "", host: "example.com", status: 421, text: "example.com"},
		{name: "foreign host of the state", path: "debug/state", host: "example.com", status: 421},
		{name: "foreign host of the hub", path: hubPath + "?topic=a", host: "example.com:8080", status: 421},
		{
			name: "foreign origin publishes", method: "POST", path: hubPath, origin: "https://example.com",
			body: "topic=a&data=x", status: 403, text: "example.com",
		},
		{
			name: "loopback origin publishes", method: "POST", path: hubPath, origin: "http://localhost:5173",
			body: "topic=a&data=x", status: 200, allows: "http://localhost:5173", text: "#",
		},
		{name: "foreign origin reads the state", path: "debug/state", origin: "https://example.com", status: 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, s.URL()+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Host = tt.host
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if tt.body != "" {
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			resp, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body := text(t, resp)
			if resp.StatusCode != tt.status || !strings.Contains(body, tt.text) {
				t.Errorf("%s with\n%s\nwant %d with %q", resp.Status, body, tt.status, tt.text)
			}
			if got := resp.Header.Get("Access-Control-Allow-Origin"); got != tt.allows {
				t.Errorf("allows origin %q, want %q", got, tt.allows)
			}
		})
	}
}

// Whoever reads nothing does not hold up the end either.
func TestDevCutsStuckReaders(t *testing.T) {
	s, client := modes[0].listen(t, server.Options{Grace: 100 * time.Millisecond})
	running := serve(t, s, newDev(t, server.DevOptions{}))
	stuck := get(t, client, s.URL()+hubPath+"?topic=a")
	noise := make([]byte, 500_000) // the client accepts gzip, which must not make it small
	_, _ = rand.Read(noise)
	data := hex.EncodeToString(noise)
	for blocked := false; !blocked; {
		publish(t, client, s.URL(), "a", data)
		var state hub.State
		if err := json.Unmarshal([]byte(text(t, get(t, client, s.URL()+"debug/state"))), &state); err != nil {
			t.Fatal(err)
		}
		if state.Log.Head > 200 {
			t.Fatal("200 MiB do not block a reader that reads nothing")
		}
		for _, shard := range state.Fanout.Shards {
			for _, subscriber := range shard.Subscribers {
				blocked = blocked || subscriber.Blocked
			}
		}
	}
	begun := time.Now()
	running.stop()
	if err := running.wait(t); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
	if _, err := io.Copy(io.Discard, stuck.Body); !isCut(err) {
		t.Errorf("the stream of the stuck reader ended with %v, want it cut", err)
	}
}

func TestDevLogs(t *testing.T) {
	var log bytes.Buffer
	s, client := modes[0].listen(t, server.Options{})
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	running := serve(t, s, newDev(t, server.DevOptions{Logger: logger}))
	resp := get(t, client, s.URL()+hubPath+"?topic=a&signals=1")
	events := sse.NewDecoder(resp.Body, sse.Options{})
	if _, err := events.Decode(); err != nil {
		t.Fatal(err)
	}
	if resp, err := client.PostForm(s.URL()+hubPath, url.Values{"topic": {"a"}, "type": {"open"}}); err != nil {
		t.Fatal(err)
	} else {
		resp.Body.Close()
	}
	running.stop()
	if err := running.wait(t); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg="subscriber attached"`, `msg="subscriber live"`, `msg="subscriber ended"`, "reason=shutdown",
		"msg=refused", "reason=invalid",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in\n%s", want, &log)
		}
	}
}

func TestDevRefusesOptions(t *testing.T) {
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]server.DevOptions{
		"log":     {Hub: hub.Options{Log: log}},
		"hub":     {Hub: hub.Options{Fanout: fanout.Options{Shards: -1}}},
		"backup":  {BackupDir: t.TempDir()},
		"body":    {MaxBodyBytes: -1},
		"streams": {MaxPerAddress: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if d, err := server.NewDev(o); err == nil {
				t.Error("accepted")
				_ = d.Shutdown(t.Context())
			}
		})
	}
}

func TestDevShutdownTwice(t *testing.T) {
	d := newDev(t, server.DevOptions{})
	for range 2 {
		if err := d.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
