package demo_test

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/demo"
	"github.com/tidings-hub/tidings/sse"
)

// ticker is a clock that stands still unless the test moves it.
type ticker struct {
	seconds chan time.Time
	idle    chan struct{}
}

func newTicker() *ticker {
	return &ticker{seconds: make(chan time.Time), idle: make(chan struct{})}
}

func (t *ticker) next(ctx context.Context) (time.Time, error) {
	for {
		select {
		case at := <-t.seconds:
			return at, nil
		case t.idle <- struct{}{}:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// tick lets one second pass, and returns when all its events are published.
func (t *ticker) tick(at time.Time) {
	t.seconds <- at
	<-t.idle
}

// run lets n seconds pass, the first of them being at.
func (t *ticker) run(at time.Time, n int) {
	for i := range n {
		t.tick(at.Add(time.Duration(i) * time.Second))
	}
}

// site is a demo on a real server, whose clock stands still.
type site struct {
	*ticker
	t      *testing.T
	demo   *demo.Demo
	client *http.Client
	url    string
	proto  string
}

// everyProtocol runs a test over each version of HTTP that the demo is served over.
func everyProtocol(t *testing.T, test func(t *testing.T, s *site)) {
	for _, mode := range []struct {
		name, proto string
		tls, h2     bool
	}{
		{"http1", "HTTP/1.1", false, false},
		{"http2", "HTTP/2.0", true, true},
		{"h2c", "HTTP/2.0", false, true},
	} {
		t.Run(mode.name, func(t *testing.T) {
			s := &site{t: t, ticker: newTicker(), proto: mode.proto}
			var err error
			if s.demo, err = demo.NewTicked(demo.Options{}, s.next); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewUnstartedServer(s.demo.Handler())
			server.EnableHTTP2 = mode.h2
			protocols := new(http.Protocols)
			protocols.SetHTTP1(!mode.h2)
			protocols.SetHTTP2(mode.h2 && mode.tls)
			protocols.SetUnencryptedHTTP2(mode.h2 && !mode.tls)
			if mode.tls {
				server.StartTLS()
			} else {
				server.Config.Protocols = protocols
				server.Start()
			}
			s.url, s.client = server.URL, server.Client()
			s.client.Transport.(*http.Transport).Protocols = protocols
			t.Cleanup(func() {
				if err := s.demo.Close(); err != nil {
					t.Error(err)
				}
				s.client.CloseIdleConnections()
				server.Close()
			})
			test(t, s)
		})
	}
}

// do sends a request and checks over which protocol it went.
func (s *site) do(method, path string, header ...string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = response.Body.Close() })
	if response.Proto != s.proto {
		s.t.Fatalf("the response came over %s, want %s", response.Proto, s.proto)
	}
	return response
}

// get returns the body of a path, which must be there.
func (s *site) get(path string) string {
	s.t.Helper()
	response := s.do(http.MethodGet, path)
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %s", path, response.Status)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(body)
}

// read reads the JSON at a path into v.
func (s *site) read(path string, v any) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.get(path)), v); err != nil {
		s.t.Fatal(err)
	}
}

// stream is a response of /clocks.
type stream struct {
	t    *testing.T
	next func() (sse.Event, error, bool)
}

// clocks opens the stream and returns when it is open.
func (s *site) clocks(query string, header ...string) *stream {
	s.t.Helper()
	response := s.do(http.MethodGet, "/clocks"+query, header...)
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("GET /clocks%s: %s", query, response.Status)
	}
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		s.t.Fatalf("Content-Type is %q", got)
	}
	return newStream(s.t, response)
}

func newStream(t *testing.T, response *http.Response) *stream {
	next, stop := iter.Pull2(sse.Read(response.Body, sse.Options{}))
	t.Cleanup(stop)
	return &stream{t, next}
}

// events returns the next n events.
func (st *stream) events(n int) []sse.Event {
	st.t.Helper()
	var events []sse.Event
	for range n {
		event, err, ok := st.next()
		if !ok || err != nil {
			st.t.Fatalf("the stream ended after %d events of %d: %v", len(events), n, err)
		}
		events = append(events, event)
	}
	return events
}

// end returns the error that the stream ends with, nil if it ends properly. No event may come before.
func (st *stream) end() error {
	st.t.Helper()
	event, err, ok := st.next()
	if ok && err == nil {
		st.t.Fatalf("another event: %+v", event)
	}
	return err
}

// stats is what the server says of its streams.
type stats struct{ Open, Page, Cuts, Published int }

func (s *site) stats(page string) stats {
	s.t.Helper()
	var got stats
	s.read("/stats?page="+page, &got)
	return got
}

// waitFor asks for the stats until they are as wanted.
func (s *site) waitFor(page string, want stats) {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for got := s.stats(page); got != want; got = s.stats(page) {
		if time.Now().After(deadline) {
			s.t.Fatalf("stats are %+v, want %+v", got, want)
		}
	}
}
