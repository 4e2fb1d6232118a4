package client_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// The hub's own events are heeded in their place among the others, and do not come out of the loop.
func TestSignals(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(hello + `data: 1

event: tidings.gap
data: {"from":"#e.3","to":"#e.7","why":"retention"}

event: tidings.ping
id: #e.9
data: {}

event: tidings.expiring
data: {"in":5000}

data: 2

event: tidings.gap
data: not JSON

event: tidings.hello
data: not JSON

event: tidings.bye
data: {"reason":"draining","retry":-1}

`)})
	var got []string
	note := func(what string, v any) { got = append(got, fmt.Sprintf("%s %+v", what, v)) }
	source := newSource(t, server.URL+"/hub?topic=a", soon(client.Options{
		Signals:  true,
		OnHello:  func(h client.Hello) { note("hello", h) },
		OnGap:    func(g client.Gap) { note("gap", g) },
		OnBye:    func(b client.Bye) { note("bye", b) },
		OnSignal: func(e sse.Event) { note(e.Type, e.ID) },
	}))
	for event, err := range source.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		note("event", event.ID+" "+event.Data)
	}
	want := []string{
		"tidings.hello #e.7", "hello {Subscriber:s Epoch:e Position:#e.7 Verdict:fresh Heartbeat:15s MaxMatchers:100 MaxMatcherBytes:4096}",
		"event #e.7 1",
		"tidings.gap #e.7", "gap {From:#e.3 To:#e.7 Why:retention}",
		"tidings.ping #e.9", "tidings.expiring #e.9", "event #e.9 2",
		"tidings.gap #e.9", "gap {From: To: Why:}", "tidings.hello #e.9",
		"tidings.bye #e.9", "bye {Reason:draining Retry:0s}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := server.Requests()[1]; r.Header.Get("Last-Event-ID") != "#e.9" || r.Target != "/hub?topic=a&signals=1" {
		t.Errorf("came back to %s behind %q", r.Target, r.Header.Get("Last-Event-ID"))
	}
}

// Signals changes nothing in a URL but what it is for.
func TestSignalsInTheURL(t *testing.T) {
	for given, want := range map[string]string{
		"/":                      "/?signals=1",
		"/?":                     "/?signals=1",
		"/?topic=a%20b+c;d&":     "/?topic=a%20b+c;d&signals=1",
		"/?signals=0&topic=%zz":  "/?signals=0&topic=%zz",
		"/?topic=x#fragment":     "/?topic=x&signals=1",
		"/?topic=signals&other=": "/?topic=signals&other=&signals=1",
	} {
		server := ssetest.NewServer(t)
		if _, err := all(t.Context(), newSource(t, server.URL+given, client.Options{Signals: true})); err != nil {
			t.Fatal(err)
		}
		if got := server.Wait(1).Target; got != want {
			t.Errorf("%s became %s, want %s", given, got, want)
		}
	}
}

// Without signals, the response's head says whether the cursor was honoured.
func TestGapInTheHead(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cursor string
		header []string
		want   []client.Gap
	}{
		{"honoured", "7", []string{"Last-Event-ID", "7"}, nil},
		{"honoured, by the newer name", "7", []string{"Mercure-Last-Event-ID", "7", "Last-Event-ID", "8"}, nil},
		{"not honoured", "7", []string{"Mercure-Last-Event-ID", "9"}, []client.Gap{{From: "7", To: "9"}}},
		{"nothing said", "7", nil, nil},
		{"no cursor", "", []string{"Last-Event-ID", "9"}, nil},
		{"blanks", " 7 ", []string{"Last-Event-ID", "7"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, signals := range []bool{false, true} {
				server := ssetest.NewServer(t, ssetest.Script{
					ssetest.Answer(200, append(tt.header, "Content-Type", "text/event-stream")...), ssetest.Send("data: x\n\ndata: y\n\n"),
				})
				var got []client.Gap
				_, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{
					LastEventID: tt.cursor, Signals: signals, OnGap: func(g client.Gap) { got = append(got, g) },
				})))
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("%v, gaps with signals: %t (-want +got):\n%s", err, signals, diff)
				}
			}
		})
	}
}

// A hub that says hello says of a gap itself, so the head's is none.
func TestGapIsToldOnce(t *testing.T) {
	const gap = "event: tidings.gap\ndata: {\"from\":\"7\",\"to\":\"9\",\"why\":\"retention\"}\n\n"
	server := ssetest.NewServer(t, ssetest.Script{
		ssetest.Answer(200, "Last-Event-ID", "8", "Content-Type", "text/event-stream"), ssetest.Send(hello + gap + "data: x\n\n"),
	})
	var got []client.Gap
	if _, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{
		LastEventID: "7", Signals: true, OnGap: func(g client.Gap) { got = append(got, g) },
	}))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]client.Gap{{From: "7", To: "9", Why: "retention"}}, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

// A hello may have the cursor behind the gap of which the next event tells. Whoever went on from there would never hear
// of it.
func TestGapIsToldThoughCut(t *testing.T) {
	gap := strings.Replace(hello, "fresh", "gap", 1)
	const why = "event: tidings.gap\ndata: {\"from\":\"7\",\"to\":\"#e.7\",\"why\":\"lineage\"}\n\n"
	for name, tt := range map[string]struct {
		first   string
		cursors []string
		want    []client.Gap
	}{
		"behind hello":     {gap, []string{"7", "7"}, []client.Gap{{From: "7", To: "#e.7", Why: "lineage"}}},
		"within the gap":   {gap + why[:len(why)-1], []string{"7", "7"}, []client.Gap{{From: "7", To: "#e.7", Why: "lineage"}}},
		"behind the gap":   {gap + why, []string{"7", "#e.7"}, []client.Gap{{From: "7", To: "#e.7", Why: "lineage"}}},
		"without a reason": {gap + "id: #e.8\ndata: x\n\n", []string{"7", "#e.8"}, []client.Gap{{From: "7", To: "#e.7"}}},
	} {
		t.Run(name, func(t *testing.T) {
			again := ssetest.Script{ssetest.Send(gap + why)}
			if tt.cursors[1] != "7" {
				again = ssetest.Script{ssetest.Send(strings.Replace(hello, "fresh", "resumed", 1))}
			}
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(tt.first), ssetest.Cut()}, again)
			var got []client.Gap
			if _, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{
				LastEventID: "7", Signals: true, OnGap: func(g client.Gap) { got = append(got, g) },
			}))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			var cursors []string
			for _, r := range server.Requests()[:2] {
				cursors = append(cursors, r.Header.Get("Last-Event-ID"))
			}
			if diff := cmp.Diff(tt.cursors, cursors); diff != "" {
				t.Errorf("cursors (-want +got):\n%s", diff)
			}
		})
	}
}

// The numbers of a server that is mad do no harm.
func TestAbsurdSignals(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(
		"event: tidings.hello\ndata: {\"heartbeat\":9223372036854775807}\n\nevent: tidings.bye\ndata: {\"retry\":9223372036854775807}\n\n")})
	var h client.Hello
	var b client.Bye
	if _, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{
		Signals: true, OnHello: func(got client.Hello) { h = got }, OnBye: func(got client.Bye) { b = got },
	}))); err != nil {
		t.Fatal(err)
	}
	if year := 365 * 24 * time.Hour; h.Heartbeat != year || b.Retry != year {
		t.Errorf("heartbeat %v, retry %v, want a year", h.Heartbeat, b.Retry)
	}
}
