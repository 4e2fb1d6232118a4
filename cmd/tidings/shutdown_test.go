package main

import (
	"bufio"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"
)

// ended checks that a server ends in order, and at once: within 2 s of the signal.
func (p *process) endsInOrder(t *testing.T, signal syscall.Signal) {
	t.Helper()
	begun := time.Now()
	p.signal(t, signal)
	if code := p.wait(t); code != exitOK {
		t.Errorf("exit code %d after %v, want 0", code, signal)
	}
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
	if stderr := p.stderr.String(); stderr != "" {
		t.Errorf("wrote %q on its way out", stderr)
	}
}

func TestEndsWithOpenStreams(t *testing.T) {
	certFile, keyFile, roots := certificate(t)
	withTLS := []string{"--tls-cert", certFile, "--tls-key", keyFile}
	tests := []struct {
		name      string
		args      []string
		protocols func(*http.Protocols)
		roots     *x509.CertPool
		signal    syscall.Signal
	}{
		{"HTTP1", nil, onlyHTTP1, nil, syscall.SIGINT},
		{"h2c", nil, onlyH2C, nil, syscall.SIGINT},
		{"HTTP1 with TLS", withTLS, onlyHTTP1, roots, syscall.SIGINT},
		{"HTTP2 with TLS", withTLS, onlyHTTP2, roots, syscall.SIGINT},
		{"SIGTERM", nil, onlyHTTP1, nil, syscall.SIGTERM},
	}
	open := func(t *testing.T, c *http.Client, url string) *http.Response {
		t.Helper()
		resp := get(t, c, url)
		if _, err := io.ReadFull(resp.Body, make([]byte, 1)); err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s, %v", url, resp.Status, err)
		}
		return resp
	}
	for _, tt := range tests {
		t.Run("serve/"+tt.name, func(t *testing.T) {
			h := startHub(t, tt.args...)
			c := client(t, tt.protocols, tt.roots)
			var streams []*http.Response
			for range 10 {
				streams = append(streams, open(t, c, h.url+"?topic=a"))
			}
			h.endsInOrder(t, tt.signal)
			for _, resp := range streams {
				_ = bodyOf(t, resp) // fails if the stream was cut
			}
		})
		t.Run("demo/"+tt.name, func(t *testing.T) {
			p, page := startDemo(t, tt.args...)
			c := client(t, tt.protocols, tt.roots)
			resp := open(t, c, page+"clocks")
			p.endsInOrder(t, tt.signal)
			_ = bodyOf(t, resp) // fails if the stream was cut
		})
	}
}

// unfinished opens a request of which the hub waits for the rest.
func unfinished(t *testing.T, h *hubProcess) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", hostOf(t, h.url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = fmt.Fprint(conn, "POST /.well-known/mercure HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("answer %q, %v, want that the hub asks for the body", line, err)
	}
	return conn
}

func TestUnfinishedRequestsAreCut(t *testing.T) {
	h := startHub(t, "--grace", "100ms")
	conn := unfinished(t, h)
	h.signal(t, syscall.SIGINT)
	if code := h.wait(t); code != exitOK {
		t.Errorf("exit code %d, want 0", code)
	}
	if !strings.Contains(h.stderr.String(), "cut what had not ended") {
		t.Errorf("wrote %q, want that something was cut", h.stderr.String())
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes, want the connection's end", n)
	}
}

// A reader that takes nothing cannot be told goodbye, and that it was cut is said, whoever writes its stream.
func TestStuckStreamsAreCut(t *testing.T) {
	for _, fanout := range []string{"auto", "goroutine"} {
		t.Run(fanout, func(t *testing.T) {
			h := startHub(t, "--grace", "100ms", "--fanout", fanout)
			conn, err := net.Dial("tcp", hostOf(t, h.url))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Fprint(conn, "GET /.well-known/mercure?topic=a HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			stream := bufio.NewReader(conn)
			for line := ""; line != ":\n"; {
				if line, err = stream.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			for range 20 { // more than the kernel holds for both
				resp, err := http.PostForm(h.url, url.Values{"topic": {"a"}, "data": {strings.Repeat("x", 900_000)}})
				if err != nil {
					t.Fatal(err)
				}
				if resp.Body.Close(); resp.StatusCode != http.StatusOK {
					t.Fatal(resp.Status)
				}
			}
			h.signal(t, syscall.SIGINT)
			if code := h.wait(t); code != exitOK {
				t.Errorf("exit code %d, want 0", code)
			}
			if !strings.Contains(h.stderr.String(), "cut what had not ended") {
				t.Errorf("wrote %q, want that something was cut", h.stderr.String())
			}
		})
	}
}

func TestSecondSignalKills(t *testing.T) {
	h := startHub(t, "--grace", "10m")
	unfinished(t, h)
	stream := get(t, client(t, onlyHTTP1, nil), h.url+"?topic=a")
	h.signal(t, syscall.SIGINT)
	_ = bodyOf(t, stream) // its end says that the signal has arrived
	h.signal(t, syscall.SIGINT)
	if code := h.wait(t); code != -1 {
		t.Errorf("exit code %d, want that the signal has ended it", code)
	}
	if status := h.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGINT {
		t.Errorf("ended by %v, want SIGINT", status.Signal())
	}
}
