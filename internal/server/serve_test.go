package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/internal/server"
)

// app is an App with streams. Each begins with a line and lasts until Shutdown, or forever if it is stubborn.
type app struct {
	stubborn bool
	err      error // of Shutdown

	end       chan struct{}
	endOnce   sync.Once
	shutdowns int
}

func newApp() *app { return &app{end: make(chan struct{})} }

func (a *app) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, r.Proto)
		if r.URL.Path != "/stream" {
			return
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-a.end:
			fmt.Fprintln(w, "end")
		case <-r.Context().Done():
		}
	})
}

func (a *app) Shutdown(ctx context.Context) error {
	a.shutdowns++
	if a.stubborn {
		<-ctx.Done()
		return ctx.Err()
	}
	a.endOnce.Do(func() { close(a.end) })
	return a.err
}

func TestServesBothVersions(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		s, client := m.listen(t, server.Options{})
		serve(t, s, newApp())
		if got, want := text(t, get(t, client, s.URL())), fmt.Sprintf("HTTP/%d.", m.proto); !strings.HasPrefix(got, want) {
			t.Errorf("the request came as %q, want %s", got, want)
		}
		client.CloseIdleConnections() // an idle HTTP/2 connection would have a second to say goodbye
	})
}

func TestTLSNegotiatesHTTP2First(t *testing.T) {
	certFile, keyFile, roots := certificate(t)
	s := listen(t, server.Options{CertFile: certFile, KeyFile: keyFile})
	serve(t, s, newApp())
	for _, tt := range []struct {
		offered []string
		want    string
	}{
		{[]string{"http/1.1", "h2"}, "h2"},
		{[]string{"http/1.1"}, "http/1.1"},
	} {
		conn, err := tls.Dial("tcp", s.Addr().String(), &tls.Config{RootCAs: roots, NextProtos: tt.offered})
		if err != nil {
			t.Fatal(err)
		}
		if got := conn.ConnectionState().NegotiatedProtocol; got != tt.want {
			t.Errorf("of %q, %q was chosen, want %q", tt.offered, got, tt.want)
		}
		conn.Close()
	}
	old := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	if conn, err := tls.Dial("tcp", s.Addr().String(), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestEndIsInOrder(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		s, client := m.listen(t, server.Options{Grace: patience})
		a := newApp()
		running := serve(t, s, a)
		var streams []*http.Response
		for range 3 {
			resp := get(t, client, s.URL()+"stream")
			if _, err := io.ReadFull(resp.Body, make([]byte, len("HTTP/1.1\n"))); err != nil {
				t.Fatal(err)
			}
			streams = append(streams, resp)
		}
		running.stop()
		for _, resp := range streams {
			if got := text(t, resp); got != "end\n" {
				t.Errorf("the stream ends with %q", got)
			}
		}
		if err := running.wait(t); err != nil {
			t.Error(err)
		}
		if a.shutdowns != 1 {
			t.Errorf("the app was shut down %d times", a.shutdowns)
		}
		if conn, err := net.Dial("tcp", s.Addr().String()); err == nil {
			conn.Close()
			t.Error("the server still listens")
		}
	})
}

// The listener is closed before the streams end: who reconnects must find nobody, since an EventSource never comes
// back after a refusal.
func TestListenerClosesBeforeStreamsEnd(t *testing.T) {
	s, client := modes[0].listen(t, server.Options{Grace: patience})
	a := newApp()
	running := serve(t, s, a)
	resp := get(t, client, s.URL()+"stream")
	running.stop()
	_ = text(t, resp)
	if conn, err := net.Dial("tcp", s.Addr().String()); err == nil {
		conn.Close()
		t.Error("the stream has ended, but the server still listens")
	}
}

func TestWhatDoesNotEndIsCut(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		var log bytes.Buffer
		s, client := m.listen(t, server.Options{
			Grace:  50 * time.Millisecond,
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		a := newApp()
		a.stubborn = true
		running := serve(t, s, a)
		resp := get(t, client, s.URL()+"stream")
		running.stop()
		if rest, err := io.ReadAll(resp.Body); !isCut(err) {
			t.Errorf("the stream ended with %v after %q, want it cut", err, rest)
		}
		if err := running.wait(t); err != nil {
			t.Errorf("error %v, want none: a cut is no failure", err)
		}
		if !strings.Contains(log.String(), "cut") {
			t.Errorf("the log says nothing of the cut: %s", &log)
		}
	})
}

// isCut reports whether a stream was broken off by the other side.
func isCut(err error) bool {
	waited, ok := errors.AsType[net.Error](err)
	return err != nil && !(ok && waited.Timeout())
}

// Browsers open connections that they may need later. They must not hold up the end.
func TestEndDoesNotWaitForUnusedConnections(t *testing.T) {
	s, client := modes[0].listen(t, server.Options{Grace: patience})
	running := serve(t, s, newApp())
	unused, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer unused.Close()
	_ = text(t, get(t, client, s.URL())) // accepted later than the other
	begun := time.Now()
	running.stop()
	if err := running.wait(t); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 3*time.Second { // net/http alone takes five
		t.Errorf("the end took %v", took)
	}
	if n, err := unused.Read(make([]byte, 1)); err == nil {
		t.Errorf("the unused connection gave %d bytes, want its end", n)
	}
}

// bodyApp is an App that reads the body of each request, and says how that ended; other paths leave it unread.
type bodyApp struct {
	*app
	read chan error
}

func (a *bodyApp) Handler() http.Handler {
	streams := a.app.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/body" {
			streams.ServeHTTP(w, r)
			return
		}
		_, err := io.Copy(io.Discard, r.Body)
		a.read <- err
	})
}

// TestBodyThatDoesNotCome: who sends a part of a body and no more does not hold a connection for ever, whether the body
// is read or not. A stream that is open meanwhile goes on.
func TestBodyThatDoesNotCome(t *testing.T) {
	eachMode(t, func(t *testing.T, m mode) {
		s, client := m.listen(t, server.Options{ReadTimeout: 200 * time.Millisecond})
		a := &bodyApp{newApp(), make(chan error, 1)}
		running := serve(t, s, a)
		stream := get(t, client, s.URL()+"stream")
		for _, path := range []string{"body", "unread"} {
			begun, rest := io.Pipe()
			go func() { _, _ = rest.Write([]byte("a part")) }()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+path, begun)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := client.Do(r); err == nil { // it may be answered, or cut
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			rest.Close()
		}
		select {
		case err := <-a.read:
			if err == nil {
				t.Error("half of a body was taken for all of it")
			}
		case <-time.After(patience):
			t.Error("the body is waited for without end")
		}
		running.stop()
		if got := text(t, stream); !strings.HasSuffix(got, "end\n") {
			t.Errorf("the stream ended with %q", got)
		}
	})
}

func TestAppFailsToEnd(t *testing.T) {
	s := listen(t, server.Options{})
	a := newApp()
	a.err = errors.New("no room for the last batch")
	running := serve(t, s, a)
	running.stop()
	if err := running.wait(t); !errors.Is(err, a.err) {
		t.Errorf("error %v, want %v", err, a.err)
	}
}

// That streams were cut hides nothing else that went wrong.
func TestAppIsCutAndFailsToEnd(t *testing.T) {
	var log bytes.Buffer
	s := listen(t, server.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	a := newApp()
	failed := errors.New("log not closed")
	a.err = errors.Join(errors.Join(context.DeadlineExceeded, nil), failed)
	running := serve(t, s, a)
	running.stop()
	err := running.wait(t)
	if !errors.Is(err, failed) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want only %v", err, failed)
	}
	if !strings.Contains(log.String(), "cut") {
		t.Errorf("the log says nothing of the cut: %s", &log)
	}
}

func TestListenerFails(t *testing.T) {
	s := listen(t, server.Options{})
	a := newApp()
	running := serve(t, s, a)
	s.Close()
	if err := running.wait(t); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want net.ErrClosed", err)
	}
	if a.shutdowns != 1 {
		t.Errorf("the app was shut down %d times", a.shutdowns)
	}
}

// A panic of a handler must be seen by whoever runs the server.
func TestPanicsAreLogged(t *testing.T) {
	var log bytes.Buffer
	s, client := modes[0].listen(t, server.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	running := serve(t, s, panics{newApp()})
	if resp, err := client.Get(s.URL()); err == nil {
		resp.Body.Close()
		t.Errorf("answer %s, want none", resp.Status)
	}
	running.stop()
	if err := running.wait(t); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "out of order") {
		t.Errorf("the log does not have the panic: %s", &log)
	}
}

// panics is an app whose handler does.
type panics struct{ *app }

func (panics) Handler() http.Handler {
	return http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("out of order") })
}
