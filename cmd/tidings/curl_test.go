package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

// curl is how most people meet a stream for the first time.
func curl(t *testing.T, args ...string) invocation {
	t.Helper()
	program, err := exec.LookPath("curl")
	if err != nil {
		t.Fatalf("this test needs curl: %v", err)
	}
	return invocation{program: program, args: args}
}

func TestCurlShowsTheClocks(t *testing.T) {
	_, page := startDemo(t)
	const timedOut = 28
	stdout, stderr, code := curl(t, "-sS", "-N", "--max-time", "3", page+"clocks").run(t)
	if code != timedOut {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	times := map[string]int{}
	for event, err := range sse.Read(strings.NewReader(stdout), sse.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		times[event.Type]++
	}
	for _, kind := range []string{"", "est", "pdt"} {
		if times[kind] < 2 {
			t.Errorf("%d events of type %q in 3 s, want 2 at least", times[kind], kind)
		}
	}
	if len(times) != 3 {
		t.Errorf("events of types %v, want three", times)
	}
}

func TestCurlPublishesAndWatches(t *testing.T) {
	h := startHub(t, "--data", "memory")
	watcher := curl(t, "-sS", "-N", h.url+"?topic=a").start(t)
	if got := watcher.stdout.line(t); got != ":" {
		t.Errorf("the stream begins with %q, want a comment", got)
	}
	id, stderr, code := curl(t, "-sS", "-d", "topic=a", "-d", "data=hi", h.url).run(t)
	if code != 0 || !strings.HasPrefix(id, "#") {
		t.Fatalf("publishing ended with %d, wrote %q and %q", code, id, stderr)
	}
	if got, want := watcher.stdout.line(t), "id: "+id; got != want {
		t.Errorf("received %q, want %q", got, want)
	}
	if got := watcher.stdout.line(t); got != "data: hi" {
		t.Errorf("received %q, want data: hi", got)
	}

	missed, _, code := curl(t, "-sS", "-d", "topic=a", "-d", "data=more", h.url).run(t)
	if code != 0 {
		t.Fatalf("publishing ended with %d", code)
	}
	back := curl(t, "-sS", "-N", "-H", "Last-Event-ID: "+id, h.url+"?topic=a").start(t)
	back.stdout.lineWith(t, "id: "+missed)
	if got := back.stdout.line(t); got != "data: more" {
		t.Errorf("received %q behind the id, want data: more", got)
	}
}
