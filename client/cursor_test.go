package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// What is sent as Last-Event-ID over a life of several connections; nil stands for no header.
func TestLastEventID(t *testing.T) {
	absent := []string(nil)
	tests := []struct {
		name    string
		initial string
		streams []string
		want    [][]string // one more than streams
	}{
		{"none", "", []string{"data: x\n\n"}, [][]string{absent, absent}},
		{"initial", "7", []string{"data: x\n\n"}, [][]string{{"7"}, {"7"}}},
		{"kept over connections", "", []string{"id: 1\ndata: x\n\n", "data: y\n\n", ""}, [][]string{absent, {"1"}, {"1"}, {"1"}}},
		{"cleared", "", []string{"id: 1\ndata: x\n\n", "id\ndata: y\n\n", ""}, [][]string{absent, {"1"}, absent, absent}},
		{"initial cleared", "7", []string{"id:\n\n"}, [][]string{{"7"}, absent}},
		{"without data", "", []string{"id: 1\n\n"}, [][]string{absent, {"1"}}},
		{"of a dropped event", "", []string{"id: 1\ndata: x\n\nid: 2\ndata: y\n"}, [][]string{absent, {"1"}}},
		{"with NUL", "", []string{"id: 1\n\nid: a\x00b\ndata: x\n\n"}, [][]string{absent, {"1"}}},
		{"not ASCII", "", []string{"id: …ü\n\n"}, [][]string{absent, {"…ü"}}},
		{"not UTF-8", "", []string{"id: \xff\n\n"}, [][]string{absent, {"\uFFFD"}}},
		{"blanks around it", "", []string{"id:  a b \t\n\n"}, [][]string{absent, {"a b"}}},
		{"blanks only", "", []string{"id:   \n\n"}, [][]string{absent, {""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var scripts []ssetest.Script
			for _, text := range tt.streams {
				scripts = append(scripts, ssetest.Script{ssetest.Send(text)})
			}
			server := ssetest.NewServer(t, scripts...)
			if _, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{LastEventID: tt.initial}))); err != nil {
				t.Fatal(err)
			}
			var got [][]string
			for _, r := range server.Requests() {
				got = append(got, r.Header["Last-Event-Id"])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Last-Event-ID (-want +got):\n%s", diff)
			}
		})
	}
}

// HTTP has no way to send some ids that the standard allows. To go on without one would be to lose events in
// silence.
func TestLastEventIDThatCannotBeSent(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("id: a\x01b\ndata: x\n\n")})
	events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
	if err == nil || !strings.Contains(err.Error(), `"a\x01b"`) || data(events) != "x" {
		t.Errorf("events %+v, %v", events, err)
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// Within the loop the cursor is the event's; a loop that was left goes on behind it.
func TestLeaveAndResume(t *testing.T) {
	const both = "id: 1\ndata: one\n\nid: 2\ndata: two\n\n"
	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Send(both), ssetest.Stall()}, ssetest.Script{ssetest.Send("id: 2\ndata: two\n\n")})
	source := newSource(t, server.URL, soon(client.Options{}))
	for event, err := range source.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Data != "one" || source.LastEventID() != "1" {
			t.Fatalf("event %+v, cursor %q", event, source.LastEventID())
		}
		break
	}
	if source.LastEventID() != "1" {
		t.Errorf("cursor %q behind the loop", source.LastEventID())
	}
	events, err := all(t.Context(), source)
	if err != nil || data(events) != "two" {
		t.Errorf("received %+v, %v", events, err)
	}
	if got := server.Wait(2).Header.Get("Last-Event-ID"); got != "1" {
		t.Errorf("resumed behind %q", got)
	}
}

func TestOneLoopAtATime(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: one\n\n"), ssetest.Stall()})
	source := newSource(t, server.URL, client.Options{})
	for event, err := range source.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if event.Data != "one" {
			t.Fatalf("event %+v", event)
		}
		if _, err := all(t.Context(), source); !errors.Is(err, client.ErrBusy) {
			t.Errorf("a loop within the loop: %v", err)
		}
		break
	}
}

// The events come out as the decoder makes them.
func TestEventsAreThoseOfTheStream(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Drip("event: tidings.hello\nid: 1\nretry: 4\ndata: {}\n\n")})
	events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
	want := []sse.Event{{ID: "1", Type: "tidings.hello", Data: "{}", Retry: 4e6}}
	if diff := cmp.Diff(want, events); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	r := server.Requests()[0]
	for name, want := range map[string]string{
		"Accept": "text/event-stream", "Cache-Control": "no-cache", "Last-Event-Id": "",
	} {
		if got := strings.Join(r.Header[http.CanonicalHeaderKey(name)], ","); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}
