package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

func TestCapabilities(t *testing.T) {
	status, _, body := newJudge(t).ask(http.MethodGet, "/", "")
	var got struct{ Capabilities []string }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		t.Fatalf("answered %d, %s: %v", status, body, err)
	}
	want := []string{
		"bom", "comments", "event-type-listeners", "headers", "last-event-id", "post", "read-timeout", "report", "restart",
		"server-directed-shutdown-request",
	}
	if !slices.Equal(got.Capabilities, want) {
		t.Errorf("capabilities %q, want %q", got.Capabilities, want)
	}
}

func TestEventsCommentsAndBOM(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t, ssetest.Script{
		ssetest.Send("\uFEFFevent: t\nid: 1\ndata: a\ndata: b\n\n"), ssetest.Send(":Hello"), ssetest.Send("\r: you\n"),
		ssetest.Send("data\n\n"), ssetest.Stall(),
	})
	path := j.open(server.URL, nil)
	j.wantEvent("t", "a\nb", "1")
	for i, want := range []string{"Hello", "you"} {
		c := j.next()
		if c.Kind != "comment" || c.Comment == nil || *c.Comment != want {
			t.Errorf("callback %+v, want comment %q", c, want)
		}
		if want := fmt.Sprintf("/cb/%d", i+2); c.path != want {
			t.Errorf("callback at %s, want %s", c.path, want)
		}
	}
	j.wantEvent("message", "", "1")
	j.wantNothing(path)
	r := server.Wait(1)
	if r.Header.Get("Accept") != "text/event-stream" || r.Header.Get("Cache-Control") != "no-cache" || r.Header["Last-Event-Id"] != nil {
		t.Errorf("asked with %v", r.Header)
	}
}

// The judge sends lines of some megabytes.
func TestLargeEvent(t *testing.T) {
	j := newJudge(t)
	large := strings.Repeat("0123456789abcdef", 1<<20)
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: " + large + "\n\n"), ssetest.Stall()})
	path := j.open(server.URL, nil)
	j.wantEvent("message", large, "")
	j.wantNothing(path)
}

func TestHeadersMethodBodyAndCursor(t *testing.T) {
	for _, method := range []string{"POST", "REPORT"} {
		j := newJudge(t)
		server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n"), ssetest.Cut()}, ssetest.Script{ssetest.Stall()})
		path := j.open(server.URL, map[string]any{
			"headers": map[string]string{"X-Test": "yes", "content-type": "application/json"}, "method": method,
			"body": `{"a":1}`, "lastEventId": "7",
		})
		j.wantEvent("message", "x", "7")
		j.wantError("unexpected EOF")
		server.Wait(2)
		j.wantNothing(path)
		for _, r := range server.Requests() {
			if r.Method != method || r.Body != `{"a":1}` || r.Header.Get("X-Test") != "yes" ||
				r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Last-Event-ID") != "7" {
				t.Errorf("asked with %+v", r)
			}
		}
	}
}

// What is cut is dropped, and its id with it; the end in good order is no error.
func TestReconnect(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Send("id: abc\ndata: 1\n\nid: def\ndata: 2")},
		ssetest.Script{ssetest.Send("id:\ndata: 3\n\n")},
		ssetest.Script{ssetest.Send("data: 4\n\n"), ssetest.Stall()})
	path := j.open(server.URL, nil)
	j.wantEvent("message", "1", "abc")
	j.wantEvent("message", "3", "")
	j.wantEvent("message", "4", "")
	j.wantNothing(path)
	var cursors []string
	for _, r := range server.Requests() {
		cursors = append(cursors, strings.Join(r.Header["Last-Event-Id"], ","))
	}
	if want := []string{"", "abc", ""}; !slices.Equal(cursors, want) {
		t.Errorf("cursors %q, want %q", cursors, want)
	}
}

func TestReadTimeout(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Send("data: 1\n\n"), ssetest.Stall()}, ssetest.Script{ssetest.Send("data: 2\n\n"), ssetest.Stall()})
	path := j.open(server.URL, map[string]any{"readTimeoutMs": 300})
	j.wantEvent("message", "1", "")
	j.wantError("no byte within 300ms")
	j.wantEvent("message", "2", "")
	if status, _, _ := j.ask(http.MethodDelete, path, ""); status != http.StatusNoContent {
		t.Errorf("closing answers %d", status)
	}
}

func TestRestartAndListen(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Send("id: 1\ndata: 1\n\n"), ssetest.Stall()},
		ssetest.Script{ssetest.Send("event: greeting\ndata: 2\n\n"), ssetest.Stall()})
	path := j.open(server.URL, nil)
	j.wantEvent("message", "1", "1")
	for _, body := range []string{`{"command":"listen","listen":{"type":"greeting"}}`, `{"command":"restart"}`} {
		if status, _, text := j.ask(http.MethodPost, path, body); status != http.StatusNoContent {
			t.Errorf("%s answers %d, %s", body, status, text)
		}
	}
	j.wantEvent("greeting", "2", "1")
	j.wantNothing(path)
	if got := server.Wait(2).Header.Get("Last-Event-ID"); got != "1" {
		t.Errorf("restarted behind %q", got)
	}
}

// 204 means exactly one request. That none follows is seen by the stream's being over: had it not ended by
// itself, the client would be back long before the closing is through.
func TestServerDirectedShutdown(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(204)}, ssetest.Script{ssetest.Send("data: too many\n\n"), ssetest.Stall()})
	s, err := newStream(t.Context(), params{StreamURL: server.URL, CallbackURL: j.callbacks.URL, InitialDelayMS: new(int64(0))})
	if err != nil {
		t.Fatal(err)
	}
	go s.run()
	select {
	case <-s.done:
	case <-time.After(patience):
		t.Fatal("the stream is not over")
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestErrorsAreReported(t *testing.T) {
	for name, tt := range map[string]struct {
		script ssetest.Script
		want   string
	}{
		"redirect without Location":    {ssetest.Script{ssetest.Answer(307)}, "307 Temporary Redirect"},
		"redirect with empty Location": {ssetest.Script{ssetest.Answer(301, "Location", "")}, "301 Moved Permanently"},
		"overload":                     {ssetest.Script{ssetest.Answer(503)}, "503 Service Unavailable"},
		"page":                         {ssetest.Script{ssetest.Answer(200, "Content-Type", "text/html")}, "text/html"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJudge(t)
			path := j.open(ssetest.NewServer(t, tt.script).URL, nil)
			j.wantError(tt.want)
			j.wantNothing(path)
		})
	}
}

func TestWrongRequests(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Stall()})
	path := j.open(server.URL, nil)
	for _, tt := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/", "no JSON", 400},
		{"POST", "/", `{"streamUrl":"nonsense","callbackUrl":"` + j.callbacks.URL + `"}`, 400},
		{"POST", "/", `{"streamUrl":"http://127.0.0.1/","callbackUrl":""}`, 400},
		{"POST", "/", `{"streamUrl":"http://127.0.0.1/","callbackUrl":"` + j.callbacks.URL + `","readTimeoutMs":-1}`, 400},
		{"POST", path, "no JSON", 400},
		{"POST", path, `{"command":"dance"}`, 400},
		{"POST", "/streams/99", `{"command":"restart"}`, 404},
		{"DELETE", "/streams/99", "", 404},
		{"PUT", "/", "", 405},
	} {
		if status, _, text := j.ask(tt.method, tt.path, tt.body); status != tt.want {
			t.Errorf("%s %s with %s: %d, %s, want %d", tt.method, tt.path, tt.body, status, text, tt.want)
		}
	}
}

// The judge ends the process, with a stream still open.
func TestServiceEnds(t *testing.T) {
	j := newJudge(t)
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n"), ssetest.Stall()})
	j.open(server.URL, nil)
	j.wantEvent("message", "x", "")
	if status, _, _ := j.ask(http.MethodDelete, "/", ""); status != http.StatusNoContent {
		t.Errorf("answered %d", status)
	}
	j.wait()
}

// All vectors, as the judge sees them.
func TestVectors(t *testing.T) {
	const last = "\n\nevent: end of vector\ndata:\n\n" // it completes what the vector leaves open
	j := newJudge(t)
	for _, v := range ssetest.Vectors() {
		t.Run(v.Name, func(t *testing.T) {
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Drip(string(v.Stream)), ssetest.Send(last), ssetest.Stall()})
			path := j.open(server.URL, map[string]any{"lastEventId": v.InitialLastEventID})
			want := v.Events
			whole := ssetest.Record(strings.NewReader(string(v.Stream)+last), sse.Options{LastEventID: v.InitialLastEventID})
			for _, e := range whole.Events[len(want):] {
				want = append(want, sse.Event{ID: e.ID, Type: e.Name(), Data: e.Data})
			}
			for i := 0; i < len(want); {
				c := j.next()
				if c.Kind == "comment" {
					continue
				}
				if e := want[i]; c.Kind != "event" || *c.Event != (messageEvent{Type: e.Type, Data: e.Data, ID: e.ID}) {
					t.Fatalf("callback %+v, want %+v", c, e)
				}
				i++
			}
			j.wantNothing(path)
		})
	}
}
