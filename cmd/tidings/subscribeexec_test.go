package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/ssetest"
)

const threeEvents = "id: 1\ndata: one\n\nid: 2\nevent: t\ndata: two\ndata: lines\n\nid: 3\ndata\n\n"

// execute subscribes to a server of three events with a command for each.
func execute(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(threeEvents), ssetest.Stall()})
	return runBinary(t, append([]string{"subscribe", "--hub", server.URL, "--last-event-id", "0"}, args...)...)
}

func TestExec(t *testing.T) {
	const command = `printf '[%s|%s|%s|' "$TIDINGS_TOPIC" "$TIDINGS_ID" "$TIDINGS_TYPE"; cat; echo ']'`
	for _, tt := range []struct {
		topics []string
		topic  string
	}{{[]string{"a"}, "a"}, {[]string{"*"}, ""}, {[]string{"a", "b"}, ""}} {
		stdout, stderr, code := execute(t, append(tt.topics, "--count=3", "--exec", command)...)
		want := strings.ReplaceAll("[T|1|message|one]\n[T|2|t|two\nlines]\n[T|3|message|]\n", "T", tt.topic)
		if code != exitOK || stdout != want || stderr != "" {
			t.Errorf("%q: exit code %d, wrote %q and %q, want %q", tt.topics, code, stdout, stderr, want)
		}
	}
}

// The command is told the topic of each event also where several were asked for: a hub's updates say it.
func TestExecIsToldTheTopic(t *testing.T) {
	h := startHub(t)
	h.publish(t, "--topic", "a", "--data", "one")
	h.publish(t, "--topic", "b", "--topic", "a", "--type", "t", "--data", "two")
	for _, topics := range [][]string{{"*"}, {"a", "b"}} {
		args := append([]string{
			"subscribe", "--hub", h.url, "--last-event-id", "earliest", "--count=2", "--exec",
			`printf '[%s|%s|' "$TIDINGS_TOPIC" "$TIDINGS_TYPE"; cat; echo ']'`,
		}, topics...)
		stdout, stderr, code := runBinary(t, args...)
		if want := "[a|message|one]\n[b|t|two]\n"; code != exitOK || stdout != want || stderr != "" {
			t.Errorf("%q: exit code %d, wrote %q and %q, want %q", topics, code, stdout, stderr, want)
		}
	}
}

// A command that reads nothing of a large event has not failed.
func TestExecThatDoesNotRead(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: " + strings.Repeat("x", 1<<20) + "\n\n"), ssetest.Stall()})
	stdout, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a", "--count=1", "--exec", "echo done")
	if code != exitOK || stdout != "done\n" || stderr != "" {
		t.Errorf("exit code %d, wrote %q and %q", code, stdout, stderr)
	}
}

func TestExecFails(t *testing.T) {
	const command = `[ "$TIDINGS_ID" = 2 ] && exit 3; echo "$TIDINGS_ID"`
	stdout, stderr, code := execute(t, "a", "--count=3", "--exec", command)
	if code != exitOK || stdout != "1\n3\n" {
		t.Errorf("exit code %d, wrote %q", code, stdout)
	}
	isOneLine(t, stderr, `tidings: the command failed for event "2": exit status 3`)

	stdout, stderr, code = execute(t, "a", "--count=3", "--exec-stop", "--exec", command)
	if code != exitFailure || stdout != "1\n" {
		t.Errorf("--exec-stop: exit code %d, wrote %q", code, stdout)
	}
	isOneLine(t, stderr, `failed for event "2": exit status 3; go on behind its last event with --last-event-id "1"`)

	_, stderr, code = execute(t, "a", "--count=3", "--exec-stop", "--exec", "exit 1")
	if code != exitFailure || !strings.Contains(stderr, `--last-event-id "0"`) {
		t.Errorf("at the first event: exit code %d and %q", code, stderr)
	}
}

// The command and all that it has started are asked to end, and made to if they do not listen.
func TestExecTimeout(t *testing.T) {
	for name, command := range map[string]string{
		"a child": "sleep 60; echo late", "a pipe": "sleep 60 | cat; echo late", "deaf": "trap '' INT; sleep 60; echo late",
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := execute(t, "a", "--count=1", "--exec-timeout=50ms", "--exec", command)
			if code != exitOK || stdout != "" {
				t.Errorf("exit code %d, wrote %q", code, stdout)
			}
			isOneLine(t, stderr, `the command failed for event "1": it took longer than 50ms`)
		})
	}
}

// What a shell runs in the background ignores the signal, and outlives the shell. It must not pile up: here it would
// keep the output open, and the wait for its end would fail.
func TestExecEndsTheBackground(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(threeEvents), ssetest.Stall()})
	p := start(t, "subscribe", "--hub", server.URL, "a", "--exec", "sleep 120 & echo begun; wait")
	p.stdout.line(t)
	p.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted || p.stderr.String() != "" || p.stdout.String() != "begun\n" {
		t.Errorf("exit code %d, wrote %q and %q", code, p.stdout.String(), p.stderr.String())
	}
}

// With --exec-stop the last line says how to go on with the event that failed, also if that was the first one.
func TestExecStopAtTheFirstEvent(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{
		ssetest.Send("event: tidings.hello\nid: #e.7\ndata: {}\n\nid: #e.8\ndata: x\n\n"), ssetest.Stall(),
	})
	_, stderr, code := runBinary(t, "subscribe", "--hub", server.URL, "a", "--exec-stop", "--exec", "exit 7")
	if code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	isOneLine(t, stderr, `failed for event "#e.8": exit status 7; go on behind its last event with --last-event-id "#e.7"`)
}

// Ctrl-C reaches the command, and is no failure of its.
func TestExecInterrupted(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send(threeEvents), ssetest.Stall()})
	p := start(t, "subscribe", "--hub", server.URL, "a", "--exec", "echo begun; sleep 60; echo late")
	p.stdout.line(t)
	begun := time.Now()
	p.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != exitInterrupted || p.stderr.String() != "" || p.stdout.String() != "begun\n" {
		t.Errorf("exit code %d after %v, wrote %q and %q", code, time.Since(begun), p.stdout.String(), p.stderr.String())
	}
}
