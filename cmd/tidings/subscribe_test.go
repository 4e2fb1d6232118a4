package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

// nextEvent reads the first event of a stream.
func nextEvent(t *testing.T, r io.Reader) sse.Event {
	t.Helper()
	event, err := sse.NewDecoder(r, sse.Options{MaxLine: maxEventBytes, MaxEvent: maxEventBytes}).Decode()
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func TestSubscribeResumes(t *testing.T) {
	h := startHub(t)
	var ids []string
	for i := range 5 {
		ids = append(ids, h.publish(t, "--topic", "a", "--data", fmt.Sprint(i)))
	}
	for _, cursor := range []string{ids[1], " " + ids[1] + " "} {
		p := h.subscribe(t, "a", "--last-event-id", cursor, "--count", "3")
		want := fmt.Sprintf("%s\tmessage\t2\n%s\tmessage\t3\n%s\tmessage\t4\n", ids[2], ids[3], ids[4])
		if code := p.wait(t); code != exitOK || p.stdout.String() != want || p.stderr.String() != "" {
			t.Errorf("behind %q: exit code %d, received\n%swant\n%s", cursor, code, p.stdout.String(), want)
		}
	}
}

func TestSubscribeTellsOfAGap(t *testing.T) {
	h := startHub(t)
	id := h.publish(t, "--topic", "a", "--data", "hi")
	for _, cursor := range []string{"#another.1", "unknown"} {
		p := h.subscribe(t, "a", "--last-event-id", cursor, "--count", "1")
		if code := p.wait(t); code != exitOK || p.stdout.String() != id+"\tmessage\thi\n" {
			t.Errorf("behind %q: exit code %d, received %q", cursor, code, p.stdout.String())
		}
		isOneLine(t, p.stderr.String(), fmt.Sprintf("the hub cannot go on behind %q: updates may be lost", cursor))
	}
	if p := h.subscribe(t, "a", "--last-event-id", "earliest", "--count", "1"); p.wait(t) != exitOK || p.stderr.String() != "" {
		t.Errorf("earliest is no gap, but: %s", p.stderr.String())
	}
}

func TestSubscribePrintsText(t *testing.T) {
	h := startHub(t)
	h.publish(t, "--topic", "a", "--id", "1", "--data", "two\nlines\twith\x1b[2Jcontrol\u0085s")
	h.publish(t, "--topic", "a", "--id", "2", "--type", "t", "--data", "")
	p := h.subscribe(t, "a", "--last-event-id", "earliest", "--count", "2")
	const want = "1\tmessage\ttwo\n\t\tlines\twith\\u001b[2Jcontrol\\u0085s\n2\tt\t\n"
	if code := p.wait(t); code != exitOK || p.stdout.String() != want {
		t.Errorf("exit code %d, printed %q, want %q", code, p.stdout.String(), want)
	}
}

// The stream of a hub that ends is not an end that a script may take for success.
func TestStreamEnds(t *testing.T) {
	h := startHub(t)
	id := h.publish(t, "--topic", "a", "--data", "hi")
	p := h.subscribe(t, "a", "--last-event-id", "earliest", "--no-reconnect")
	p.stdout.line(t)
	h.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != exitEnded {
		t.Errorf("exit code %d, want %d", code, exitEnded)
	}
	isOneLine(t, p.stderr.String(),
		fmt.Sprintf("tidings: the stream ended; go on behind its last event with --last-event-id %q", id))
}

func TestStreamBreaksOff(t *testing.T) {
	for name, tt := range map[string]struct{ begin, want string }{
		"before an event": {": hello\n", "tidings: the stream broke off: unexpected EOF\n"},
		"behind an event": {"id: 7\ndata: x\n\ndata: y", `with --last-event-id "7"`},
	} {
		t.Run(name, func(t *testing.T) {
			broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				_, _ = io.WriteString(w, tt.begin)
				_ = http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}))
			defer broken.Close()
			_, stderr, code := runBinary(t, "subscribe", "--hub", broken.URL, "a", "--no-reconnect")
			if code != exitEnded {
				t.Errorf("exit code %d, want %d", code, exitEnded)
			}
			isOneLine(t, stderr, tt.want)
		})
	}
}

func TestSubscribeInterrupted(t *testing.T) {
	h := startHub(t)
	p := h.subscribe(t, "a", "--signals")
	p.stdout.line(t)
	p.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted || p.stderr.String() != "" {
		t.Errorf("exit code %d and %q, want %d and nothing", code, p.stderr.String(), exitInterrupted)
	}
}

// A reader that has seen enough ends the subscriber, as it does with any program.
func TestSubscribeIntoClosedPipe(t *testing.T) {
	h := startHub(t)
	for range 2 {
		h.publish(t, "--topic", "a", "--data", "hi")
	}
	line := invocation{program: "sh", args: []string{
		"-c", `"$0" subscribe --hub "$1" a --last-event-id earliest | head -n 1`, binary, h.url,
	}}.start(t)
	if got := line.stdout.line(t); !strings.HasSuffix(got, "\tmessage\thi") {
		t.Errorf("printed %q", got)
	}
	h.publish(t, "--topic", "a", "--data", "one more, at the latest")
	if code := line.wait(t); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}
