package leaktest

import (
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"testing"
	"time"
)

// grace is how long goroutines that are about to end may take to do so.
const grace = time.Second

// Main runs the tests of m and exits with their code, or with 1 if all passed and a goroutine is left that
// was not there before them; the stacks of all goroutines are printed then. It is the whole of a TestMain.
func Main(m *testing.M) {
	// Fuzzing listens to signals, for which the standard library starts a goroutine that stays: it counts
	// as having been there.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 {
		if err := Wait(before); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// Wait returns nil as soon as no more than want goroutines run, and an error with the stacks of all of them if
// that takes longer than a second. A single test uses it to show that what it has ended is gone.
func Wait(want int) error {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(grace)
	for runtime.NumGoroutine() > want {
		select {
		case <-poll.C:
		case <-deadline:
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			return fmt.Errorf("leaktest: %d goroutines, want %d\n%s", runtime.NumGoroutine(), want, stacks)
		}
	}
	return nil
}
