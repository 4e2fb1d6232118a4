package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// patience is how long the judge waits.
const patience = 30 * time.Second

// judge drives a service over its sockets, as one of another program would.
type judge struct {
	t         *testing.T
	url       string // of the service
	ended     chan error
	callbacks *httptest.Server
	heard     chan callback
}

// callback is a message with the number it came under.
type callback struct {
	path string
	message
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	j := &judge{
		t: t, url: "http://" + listener.Addr().String(),
		ended: make(chan error, 1), heard: make(chan callback, 1000),
	}
	go func() { j.ended <- serve(ctx, listener) }()
	j.callbacks = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		c := callback{path: r.URL.Path}
		decoder := json.NewDecoder(r.Body)
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&c.message); err != nil {
			t.Errorf("callback %s: %v", c.path, err)
		}
		j.heard <- c
	}))
	t.Cleanup(func() {
		cancel()
		j.wait()
		j.callbacks.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return j
}

// wait waits until the service has ended.
func (j *judge) wait() {
	j.t.Helper()
	select {
	case err := <-j.ended:
		if err != nil {
			j.t.Errorf("the service failed: %v", err)
		}
		j.ended <- nil
	case <-time.After(patience):
		j.t.Fatal("the service does not end")
	}
}

// ask sends a request to the service, and returns the status, the Location and the body.
func (j *judge) ask(method, path, body string) (int, string, string) {
	j.t.Helper()
	r, err := http.NewRequestWithContext(j.t.Context(), method, j.url+path, strings.NewReader(body))
	if err != nil {
		j.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		j.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		j.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(text)
}

// open opens a stream with parameters in addition to the URLs and the shortest delay, and returns its path.
func (j *judge) open(streamURL string, more map[string]any) string {
	j.t.Helper()
	p := map[string]any{"streamUrl": streamURL, "callbackUrl": j.callbacks.URL + "/cb", "tag": j.t.Name(), "initialDelayMs": 0}
	for name, value := range more {
		p[name] = value
	}
	body, err := json.Marshal(p)
	if err != nil {
		j.t.Fatal(err)
	}
	status, location, _ := j.ask(http.MethodPost, "/", string(body))
	if status != http.StatusCreated || !strings.HasPrefix(location, "/") {
		j.t.Fatalf("answered %d with %q", status, location)
	}
	return location
}

// next waits for the next callback.
func (j *judge) next() callback {
	j.t.Helper()
	select {
	case c := <-j.heard:
		return c
	case <-time.After(patience):
		j.t.Fatal("no callback")
		return callback{}
	}
}

// wantEvent waits for the next callback, which must be this event.
func (j *judge) wantEvent(kind, data, id string) {
	j.t.Helper()
	c := j.next()
	if c.Kind != "event" || c.Event == nil || *c.Event != (messageEvent{Type: kind, Data: data, ID: id}) {
		text, _ := json.Marshal(c.message)
		j.t.Fatalf("callback %s is %s, want event %s %.50q behind %q", c.path, bytes.TrimSpace(text), kind, data, id)
	}
}

// wantError waits for the next callback, which must be an error that says text.
func (j *judge) wantError(text string) {
	j.t.Helper()
	if c := j.next(); c.Kind != "error" || !strings.Contains(c.Error, text) {
		j.t.Fatalf("callback %+v, want an error with %q", c, text)
	}
}

// wantNothing closes the stream, behind which nothing is reported, and looks whether there was anything more.
func (j *judge) wantNothing(path string) {
	j.t.Helper()
	if status, _, _ := j.ask(http.MethodDelete, path, ""); status != http.StatusNoContent {
		j.t.Errorf("closing %s answers %d", path, status)
	}
	select {
	case c := <-j.heard:
		j.t.Errorf("callback %+v, want no more", c)
	default:
	}
}
