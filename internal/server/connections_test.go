package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/sse"
)

// wantFull checks that an answer refuses for want of room.
func wantFull(t *testing.T, resp *http.Response, limit string, most int) {
	t.Helper()
	defer resp.Body.Close()
	body := text(t, resp)
	var problem struct {
		Type, Title, Detail, Limit string
		Status, Max                int
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatalf("%s %s: %v", resp.Status, body, err)
	}
	if resp.StatusCode != http.StatusServiceUnavailable || problem.Status != http.StatusServiceUnavailable ||
		problem.Title != "Service Unavailable" || problem.Type != "about:blank" || problem.Limit != limit ||
		problem.Max != most || !strings.Contains(problem.Detail, strconv.Itoa(most)) {
		t.Errorf("%s %s, want 503 that names the limit %s, %d", resp.Status, body, limit, most)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || n < 1 || n > 5 {
		t.Errorf("Retry-After %q, want 1 to 5", resp.Header.Get("Retry-After"))
	}
	if resp.ProtoMajor == 1 && !resp.Close {
		t.Error("the connection stays open")
	}
}

// untilAccepted asks until there is room, which is a moment after a connection was closed.
func untilAccepted(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		resp, err := client.Get(url)
		if err == nil && resp.StatusCode == http.StatusOK {
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		if err == nil {
			resp.Body.Close()
		}
		client.CloseIdleConnections()
	}
	t.Fatal("there is no room although a connection was closed")
	return nil
}

// await waits until text is in the log n times: of a connection's end the log is told a moment after its peer, and after
// a server that ends has counted it as ended.
func (l *logBuffer) await(t *testing.T, n int, text string) {
	t.Helper()
	for end := time.Now().Add(patience); strings.Count(l.String(), text) < n; {
		if time.Now().After(end) {
			t.Fatalf("%q is there less than %d times in\n%s", text, n, l.String())
		}
		<-time.After(time.Millisecond)
	}
}

func TestMaxConnections(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		const most = 2
		var log logBuffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s, first := m.listen(t, server.Options{MaxConnections: most, Logger: logger})
		if got := s.Ceiling(); got.Connections != most || got.Reason != server.RefusedConnections {
			t.Errorf("ceiling %+v", got)
		}
		running := serve(t, s, newApp())
		roots := first.Transport.(*http.Transport).TLSClientConfig.RootCAs
		stream := get(t, first, s.URL()+"stream")
		get(t, m.client(t, roots), s.URL()+"stream")
		for range 3 {
			wantFull(t, get(t, m.client(t, roots), s.URL()), "connections", most)
		}
		stream.Body.Close()
		first.CloseIdleConnections()
		untilAccepted(t, m.client(t, roots), s.URL()+"stream")
		wantFull(t, get(t, m.client(t, roots), s.URL()), "connections", most)
		running.stop()
		if err := running.wait(t); err != nil {
			t.Error(err)
		}
		log.await(t, 4, "answered=true")
		if got := log.String(); strings.Count(got, "level=WARN") != 1 ||
			!strings.Contains(got, `msg="connection refused" reason=connections`) {
			t.Errorf("want one warning, and every refusal with its reason, in\n%s", got)
		}
	})
}

// TestSocketsCount: connections that the handler has taken over take places too.
func TestSocketsCount(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		var sockets atomic.Int64
		s, client := m.listen(t, server.Options{
			MaxConnections: 3, Sockets: func() int { return int(sockets.Load()) },
		})
		serve(t, s, newApp())
		sockets.Store(3)
		wantFull(t, get(t, client, s.URL()), "connections", 3)
		sockets.Store(2)
		client.CloseIdleConnections()
		untilAccepted(t, client, s.URL())
	})
}

// hijacker is an app that takes connections over at once.
type hijacker struct {
	*app
	taken chan net.Conn
}

func (h hijacker) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			h.taken <- conn
		}
	})
}

// TestHijackedAreNotCountedTwice: they are counted by Sockets, not by net/http's states any more.
func TestHijackedAreNotCountedTwice(t *testing.T) {
	s := listen(t, server.Options{MaxConnections: 1})
	h := hijacker{newApp(), make(chan net.Conn)}
	serve(t, s, h)
	for range 3 {
		client, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		select {
		case conn := <-h.taken:
			defer conn.Close()
		case <-time.After(patience):
			t.Fatal("the connection is not taken over: it was refused")
		}
	}
}

// TestSilentConnectionsAreClosed: who asks nothing above the ceiling is not waited for, nor does it keep the others
// from their answer.
func TestSilentConnectionsAreClosed(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		t.Parallel() // it waits for most of its time
		var log logBuffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s, client := m.listen(t, server.Options{MaxConnections: 1, Logger: logger})
		running := serve(t, s, newApp())
		get(t, client, s.URL()+"stream")
		const silent = 3
		var conns [silent]net.Conn
		for i := range conns {
			var err error
			if conns[i], err = net.Dial("tcp", s.Addr().String()); err != nil {
				t.Fatal(err)
			}
			defer conns[i].Close()
		}
		wantFull(t, get(t, m.client(t, client.Transport.(*http.Transport).TLSClientConfig.RootCAs), s.URL()), "connections", 1)
		for _, conn := range conns {
			wantClosed(t, conn)
		}
		running.stop()
		if err := running.wait(t); err != nil {
			t.Error(err)
		}
		log.await(t, silent+1, "reason=connections remote=")
		if got := strings.Count(log.String(), "answered=false"); got != silent {
			t.Errorf("%d unanswered in\n%s", got, log.String())
		}
	})
}

// wantClosed waits until the other side has closed conn.
func wantClosed(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, conn); err != nil && !isCut(err) {
		t.Errorf("the connection is open: %v", err)
	}
}

// TestOutOfDescriptors: a server that may have few descriptors never runs out of them, whoever comes.
func TestOutOfDescriptors(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		t.Parallel() // it waits for most of its time
		const most = childHard / 2
		c := startChild(t, m)
		if want := fmt.Sprintf("at most %d connections (descriptor limit %d)", most, childHard); c.ceiling != want {
			t.Fatalf("it takes %s, want %s", c.ceiling, want)
		}
		hub := c.url + hubPath
		publisher := m.client(t, c.roots) // keeps its connection
		publish(t, publisher, c.url, "a", "before")
		var streams []*sse.Decoder
		refused := 0
		for range most + 40 {
			resp := get(t, m.client(t, c.roots), hub+"?topic=a")
			if resp.StatusCode == http.StatusOK {
				streams = append(streams, sse.NewDecoder(resp.Body, sse.Options{}))
				continue
			}
			wantFull(t, resp, "descriptors", most)
			refused++
		}
		if len(streams) != most-1 || refused != 41 {
			t.Errorf("%d streams and %d refusals, want %d and 41", len(streams), refused, most-1)
		}
		// More than there are descriptors for, none of which says a word.
		address, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		var silent []net.Conn
		for range 2 * childHard {
			conn, err := net.Dial("tcp", address.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			silent = append(silent, conn)
		}
		id := publish(t, publisher, c.url, "a", "after")
		for _, stream := range streams {
			if e, err := stream.Decode(); err != nil || e.ID != id || e.Data != "after" {
				t.Fatalf("received %+v, %v", e, err)
			}
		}
		for _, conn := range silent {
			wantClosed(t, conn)
		}
		wantFull(t, get(t, m.client(t, c.roots), hub+"?topic=a"), "descriptors", most)
		log := c.end(t)
		if strings.Contains(log, "Accept error") || strings.Contains(log, "too many open files") {
			t.Errorf("the server ran out of descriptors:\n%s", log)
		}
		for _, answered := range []bool{true, false} {
			if want := fmt.Sprintf("answered=%t", answered); !strings.Contains(log, want) {
				t.Errorf("no %s in the log", want)
			}
		}
		if !strings.Contains(log, "reason=descriptors") {
			t.Error("no reason=descriptors in the log")
		}
	})
}
