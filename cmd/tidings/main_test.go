package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

// testMain builds the binary, runs the tests, and fails if a goroutine outlives them.
func testMain(m *testing.M) int {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TIDINGS_") {
			os.Unsetenv(name) // a machine's settings are none of the tests'
		}
	}
	dir, err := os.MkdirTemp("", "tidings-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "tidings")
	// The tree may belong to another user than the one who tests it, which git, and so the stamp, refuses by default.
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	// Fuzzing listens to signals, for which the standard library starts a goroutine that stays.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	before := runtime.NumGoroutine()
	if code := m.Run(); code != 0 {
		return code
	}
	if !goroutinesBack(before) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "goroutines leaked: %d before, %d after\n%s", before, runtime.NumGoroutine(), stacks)
		return 1
	}
	return 0
}

// goroutinesBack gives goroutines that are about to end the time to do so.
func goroutinesBack(want int) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 400 {
		if runtime.NumGoroutine() <= want {
			return true
		}
		<-tick.C
	}
	return false
}
