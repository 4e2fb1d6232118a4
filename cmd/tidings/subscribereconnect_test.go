package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/ssetest"
)

// The hub goes away and comes back: the subscriber has everything once, and says what happened.
func TestSubscribeComesBack(t *testing.T) {
	server := ssetest.NewServer(
		t,
		ssetest.Script{ssetest.Send("retry: 0\n\nid: 1\ndata: one\n\nid: 2\ndata: tw"), ssetest.Cut()},
		ssetest.Script{ssetest.Answer(503, "Retry-After", "0")},
		ssetest.Script{ssetest.Reset()},
		ssetest.Script{ssetest.Send("id: 2\ndata: two\n\n")},
		ssetest.Script{ssetest.Send("id: 3\ndata: three\n\n"), ssetest.Stall()},
	)
	stdout, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a b", "--count", "3", "--last-event-id", "0")
	if want := "1\tmessage\tone\n2\tmessage\ttwo\n3\tmessage\tthree\n"; code != exitOK || stdout != want {
		t.Errorf("exit code %d, received\n%swant\n%s", code, stdout, want)
	}
	const want = `tidings: the stream broke off: unexpected EOF; coming back behind its last event
tidings: the stream is back
tidings: the stream ended; coming back behind its last event
tidings: the stream is back
`
	if stderr != want {
		t.Errorf("said\n%swant\n%s", stderr, want)
	}
	var cursors []string
	for _, r := range server.Requests() {
		cursors = append(cursors, r.Header.Get("Last-Event-ID"))
		if r.Target != "/.well-known/mercure?match=a+b&signals=1" {
			t.Errorf("asked for %s", r.Target)
		}
	}
	if got, want := fmt.Sprint(cursors), "[0 1 1 1 2]"; got != want {
		t.Errorf("cursors %s, want %s", got, want)
	}
}

// A hub that is there and says that there will be nothing is not asked again, at the beginning or later.
func TestSubscribeEndsForGood(t *testing.T) {
	begin := ssetest.Script{ssetest.Send("retry: 0\n\ndata: one\n\n")}
	for name, tt := range map[string]struct {
		scripts []ssetest.Script
		code    int
		want    string
	}{
		"204":             {[]ssetest.Script{begin, {ssetest.Answer(204)}}, exitEnded, "it answered 204 No Content"},
		"404":             {[]ssetest.Script{begin, {ssetest.Answer(404)}}, exitRefused, "the hub answered 404 Not Found"},
		"page":            {[]ssetest.Script{begin, {ssetest.Answer(200, "Content-Type", "text/html")}}, exitRefused, `is no hub: it answered with "text/html"`},
		"503 at once":     {[]ssetest.Script{{ssetest.Answer(503)}}, exitRefused, "the hub answered 503 Service Unavailable"},
		"204 at once":     {nil, exitEnded, "it answered 204 No Content"},
		"reset at once":   {[]ssetest.Script{{ssetest.Reset()}}, exitUnreachable, "cannot reach the hub"},
		"too long a line": {[]ssetest.Script{{ssetest.Send("data: " + strings.Repeat("x", maxEventBytes)), ssetest.Stall()}}, exitFailure, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			server := ssetest.NewServer(t, tt.scripts...)
			_, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a")
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if last := lines[len(lines)-1]; code != tt.code || !strings.Contains(last, tt.want) {
				t.Errorf("exit code %d and %q, want %d and %q", code, stderr, tt.code, tt.want)
			}
			if n := len(server.Requests()); n != max(len(tt.scripts), 1) {
				t.Errorf("%d requests, want %d", n, len(tt.scripts))
			}
		})
	}
}

func TestSubscribeTellsOfAGapInMidStream(t *testing.T) {
	const gap = "event: tidings.gap\ndata: {\"from\":\"#a.1\",\"to\":\"#a.9\",\"why\":\"retention\"}\n\n"
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("id: 1\ndata: one\n\n" + gap + "data: two\n\n"), ssetest.Stall()})
	stdout, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a", "--count", "2")
	if code != exitOK || stdout != "1\tmessage\tone\n1\tmessage\ttwo\n" {
		t.Errorf("exit code %d, received %q", code, stdout)
	}
	isOneLine(t, stderr, `the hub cannot go on behind "#a.1": updates may be lost`)
}

// Ctrl-C ends it in the middle of a wait too.
func TestSubscribeInterruptedWhileAway(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("retry: 3600000\ndata: one\n\n")})
	p := start(t, "subscribe", "--hub", server.URL, "a")
	p.stderr.lineWith(t, "the stream ended; coming back")
	p.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
}

// "earliest" is where to begin, and no event's id.
func TestSubscribeWithoutIDs(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: one\n\n"), ssetest.Stall()})
	stdout, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a", "--count=1", "--last-event-id=earliest")
	if code != exitOK || stdout != "\tmessage\tone\n" || stderr != "" {
		t.Errorf("exit code %d, printed %q and %q", code, stdout, stderr)
	}
}

func TestSubscribeOutput(t *testing.T) {
	for _, tt := range []struct{ flag, want string }{
		{"--output=raw", "two\nlines\x1b\n\n"},
		{"--output=text", "1\tt\ttwo\n\t\tlines\\u001b\n1\tmessage\t\n"},
		{"--output=json", `{"id":"1","type":"t","data":"two\nlines\u001b"}` + "\n" + `{"id":"1","type":"message","data":""}` + "\n"},
		{"--json", `{"id":"1","type":"t","data":"two\nlines\u001b"}` + "\n" + `{"id":"1","type":"message","data":""}` + "\n"},
	} {
		server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("id: 1\nevent: t\ndata: two\ndata: lines\x1b\n\ndata\n\n"), ssetest.Stall()})
		stdout, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a", "--count=2", tt.flag)
		if code != exitOK || stdout != tt.want || stderr != "" {
			t.Errorf("%s: exit code %d, printed %q and %q, want %q", tt.flag, code, stdout, stderr, tt.want)
		}
	}
}

func TestSubscribeWrongUsage(t *testing.T) {
	for _, tt := range []struct {
		args string
		want string
	}{
		{"--output=yaml", "--output"},
		{"--json --output=raw", "--json and --output raw contradict each other"},
		{"--exec=cat --json", "--output json has no meaning"},
		{"--exec-stop", "--exec-stop needs --exec"},
		{"--exec=cat --exec-timeout=-1s", "--exec-timeout"},
		{"--last-event-id=\x01", "--last-event-id"},
	} {
		_, stderr, code := runBinary(t, append([]string{"subscribe", "a"}, strings.Fields(tt.args)...)...)
		if code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", tt.args, code, exitUsage)
		}
		isOneLine(t, stderr, tt.want)
	}
}
