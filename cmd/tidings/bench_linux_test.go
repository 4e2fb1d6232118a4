package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/internal/load"
)

func TestBenchPins(t *testing.T) {
	cpus, err := load.CPUs()
	if err != nil {
		t.Fatal(err)
	}
	first := strconv.Itoa(cpus[0])
	stdout, stderr, code := runBinary(t, benchArgs("--json", "--pin-server="+first, "--pin-client="+first)...)
	var report benchReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitOK || len(report.Load.PinServer) != 1 {
		t.Errorf("exit code %d, %v: %s%s", code, err, stdout, stderr)
	}
	for _, flag := range []string{"--pin-server", "--pin-client"} {
		stdout, stderr, code := runBinary(t, benchArgs(flag+"=1000")...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, "cannot run on CPUs [1000]") {
			t.Errorf("%s: exit code %d, %q", flag, code, stderr)
		}
	}
}

// What does not fit is said before anybody is connected.
func TestBenchOfTooMany(t *testing.T) {
	stdout, stderr, code := runBinary(t, "bench", "--subscribers=1000000000")
	if code != exitUsage || stdout != "" {
		t.Errorf("exit code %d, printed %q", code, stdout)
	}
	isOneLine(t, stderr, "ulimit -Hn")
}

// However bench ends, its hub does not outlive it.
func TestBenchTakesItsHubWithIt(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			p := start(t, "bench", "--subscribers=1", "--duration=1h", "--serve-arg=--log-level=debug")
			p.stderr.lineWith(t, "subscriber") // the hub says that it has one
			p.signal(t, signal)
			code := p.wait(t) // until nobody holds its standard error any more, the hub included
			if signal == syscall.SIGINT && code != exitInterrupted {
				t.Errorf("exit code %d, want %d", code, exitInterrupted)
			}
		})
	}
}
