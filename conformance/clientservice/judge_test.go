package main

import (
	"bytes"
	"encoding/json"
	"io"
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
	service   running
	callbacks *httptest.Server
	heard     chan callback
}

// callback is a message with the number it came under.
type callback struct {
	path string
	message
}

func newJudge(t *testing.T, service running) *judge {
	t.Helper()
	j := &judge{t: t, service: service, heard: make(chan callback, 1000)}
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
		if service.ended != nil {
			service.stop()
			j.wait()
		}
		j.callbacks.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return j
}

// wait waits until the service has ended.
func (j *judge) wait() {
	j.t.Helper()
	select {
	case err := <-j.service.ended:
		if err != nil {
			j.t.Errorf("the service failed: %v", err)
		}
	case <-time.After(patience):
		j.t.Fatal("the service does not end")
	}
}

// ask sends a request to the service, and returns the status, the Location and the body.
func (j *judge) ask(method, path, body string) (int, string, string) {
	j.t.Helper()
	r, err := http.NewRequestWithContext(j.t.Context(), method, j.service.url+path, strings.NewReader(body))
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
	location = strings.TrimPrefix(location, j.service.url)
	if status/100 != 2 || !strings.HasPrefix(location, "/") {
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
	j.mustBeEvent(j.next(), kind, data, id)
}

// wantEventAfterCut waits for the next event, which must be this one. That a stream was cut before it may be
// reported or not: a client need not know it from a stream that ended in good order.
func (j *judge) wantEventAfterCut(kind, data, id string) {
	j.t.Helper()
	c := j.next()
	if c.Kind == "error" {
		c = j.next()
	}
	j.mustBeEvent(c, kind, data, id)
}

func (j *judge) mustBeEvent(c callback, kind, data, id string) {
	j.t.Helper()
	if c.Kind != "event" || c.Event == nil || *c.Event != (messageEvent{Type: kind, Data: data, ID: id}) {
		text, _ := json.Marshal(c.message)
		j.t.Fatalf("callback %s is %s, want event %s %.50q behind %q", c.path, bytes.TrimSpace(text), kind, data, id)
	}
}

// wantError waits for the next callback, which must be an error that says text.
func (j *judge) wantError(text string) {
	j.t.Helper()
	if c := j.next(); c.Kind != "error" || c.Error == "" || !strings.Contains(c.Error, text) {
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

// forget drops what was heard, of a stream that is closed.
func (j *judge) forget() {
	for {
		select {
		case <-j.heard:
		default:
			return
		}
	}
}
