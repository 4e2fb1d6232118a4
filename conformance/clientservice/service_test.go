package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

func TestCapabilities(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		status, _, body := j.ask(http.MethodGet, "/", "")
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
	})
}

func TestEventsCommentsAndBOM(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
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
	})
}

// Judges send lines of up to 13 megabytes.
func TestLargeEvent(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		large := strings.Repeat("0123456789abcdef", 14<<16)
		server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: " + large + "\n\n"), ssetest.Stall()})
		path := j.open(server.URL, nil)
		j.wantEvent("message", large, "")
		j.wantNothing(path)
	})
}

func TestHeadersMethodBodyAndCursor(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		const cursor = "7 – ü" // beyond what a header may hold in some clients, unless they send its bytes
		for _, method := range []string{"POST", "REPORT"} {
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n"), ssetest.Cut()},
				ssetest.Script{ssetest.Send("data: y\n\n"), ssetest.Stall()})
			path := j.open(server.URL, map[string]any{
				"headers": map[string]string{"X-Test": "yes", "content-type": "application/json"}, "method": method,
				"body": `{"a":1}`, "lastEventId": cursor,
			})
			j.wantEvent("message", "x", cursor)
			j.wantEventAfterCut("message", "y", cursor)
			j.wantNothing(path)
			for _, r := range server.Requests() {
				if r.Method != method || r.Body != `{"a":1}` || r.Header.Get("X-Test") != "yes" ||
					r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Last-Event-ID") != cursor {
					t.Errorf("asked with %+v", r)
				}
			}
		}
	})
}

// What is incomplete is dropped, and its id with it; the end in good order is no error.
func TestReconnect(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
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
	})
}

func TestReadTimeout(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		server := ssetest.NewServer(t,
			ssetest.Script{ssetest.Send("data: 1\n\n"), ssetest.Stall()}, ssetest.Script{ssetest.Send("data: 2\n\n"), ssetest.Stall()})
		path := j.open(server.URL, map[string]any{"readTimeoutMs": 300})
		j.wantEvent("message", "1", "")
		j.wantError("no byte within 300")
		j.wantEvent("message", "2", "")
		if status, _, _ := j.ask(http.MethodDelete, path, ""); status != http.StatusNoContent {
			t.Errorf("closing answers %d", status)
		}
	})
}

func TestRestartAndListen(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
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
	})
}

// 204 means exactly one request. That none follows is seen once another stream has come back several times, each
// time after a wait that is no shorter.
func TestServerDirectedShutdown(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(204)}, ssetest.Script{ssetest.Send("data: too many\n\n"), ssetest.Stall()})
		path := j.open(server.URL, nil)
		server.Wait(1)
		end := ssetest.Script{ssetest.End()}
		other := ssetest.NewServer(t, end, end, end, end, ssetest.Script{ssetest.Send("data: enough\n\n"), ssetest.Stall()})
		otherPath := j.open(other.URL, nil)
		j.wantEvent("message", "enough", "")
		j.wantNothing(path)
		j.wantNothing(otherPath)
		if n := len(server.Requests()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
	})
}

// The Go client ends by itself, without being told.
func TestShutdownEndsTheStream(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(204)})
	callbacks := ssetest.NewServer(t)
	s, err := newStream(t.Context(), params{StreamURL: server.URL, CallbackURL: callbacks.URL, InitialDelayMS: new(int64(0))})
	if err != nil {
		t.Fatal(err)
	}
	go s.run()
	select {
	case <-s.done:
	case <-time.After(patience):
		t.Fatal("the stream is not over")
	}
}

func TestErrorsAreReported(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		for _, tt := range []struct {
			name   string
			script ssetest.Script
			want   string
		}{
			{"redirect without Location", ssetest.Script{ssetest.Answer(307)}, "307"},
			{"redirect with empty Location", ssetest.Script{ssetest.Answer(301, "Location", "")}, ""},
			{"overload", ssetest.Script{ssetest.Answer(503)}, "503"},
			{"page", ssetest.Script{ssetest.Answer(200, "Content-Type", "text/html")}, ""},
			{"no HTTP", ssetest.Script{ssetest.Raw("220 mail.example ESMTP\r\n")}, ""},
		} {
			t.Run(tt.name, func(t *testing.T) {
				// Enough for a client that takes an empty address for the same one, and asks there.
				path := j.open(ssetest.NewServer(t, slices.Repeat([]ssetest.Script{tt.script}, 21)...).URL, nil)
				j.wantError(tt.want)
				if status, _, _ := j.ask(http.MethodDelete, path, ""); status != http.StatusNoContent {
					t.Errorf("closing answers %d", status)
				}
				j.forget()
			})
		}
	})
}

func TestWrongRequests(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
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
	})
}

// The judge ends the process, with a stream still open.
func TestServiceEnds(t *testing.T) {
	for name, start := range ours() {
		t.Run(name, func(t *testing.T) {
			j := newJudge(t, start(t))
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n"), ssetest.Stall()})
			j.open(server.URL, nil)
			j.wantEvent("message", "x", "")
			if status, _, _ := j.ask(http.MethodDelete, "/", ""); status != http.StatusNoContent {
				t.Errorf("answered %d", status)
			}
			j.wait()
		})
	}
}

// All vectors, as the judge sees them.
func TestVectors(t *testing.T) {
	judged(t, func(t *testing.T, j *judge) {
		const last = "\n\nevent: end of vector\ndata:\n\n" // it completes what the vector leaves open
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
						text, _ := json.Marshal(c.message)
						t.Fatalf("callback %s after %d requests is %s, want %+v", c.path, len(server.Requests()), text, e)
					}
					i++
				}
				j.wantNothing(path)
			})
		}
	})
}

// Behind each vector the client comes back with its last event ID. All of them wait for that at the same time.
func TestVectorsResume(t *testing.T) {
	const soon = time.Second // other vectors ask the client to wait for longer
	judged(t, func(t *testing.T, j *judge) {
		callbacks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer callbacks.Close()
		servers := map[string]*ssetest.Server{}
		for _, v := range ssetest.Vectors() {
			if v.Retry > soon {
				continue
			}
			servers[v.Name] = ssetest.NewServer(t, ssetest.Script{ssetest.Drip(string(v.Stream))})
			j.open(servers[v.Name].URL, map[string]any{"lastEventId": v.InitialLastEventID, "callbackUrl": callbacks.URL})
		}
		if len(servers) < 150 {
			t.Errorf("only %d vectors", len(servers))
		}
		for _, v := range ssetest.Vectors() {
			if server := servers[v.Name]; server != nil {
				// A header does not hold the blanks around a value.
				want := strings.Trim(v.LastEventID, " \t")
				if got := server.Wait(2).Header.Get("Last-Event-ID"); got != want {
					t.Errorf("%s: came back behind %q, want %q", v.Name, got, want)
				}
			}
		}
	})
}
