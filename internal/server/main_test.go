package server_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails the package if a goroutine outlives its tests.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 && !goroutinesBack(before) {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		fmt.Fprintf(os.Stderr, "goroutines leaked: %d before, %d after\n%s",
			before, runtime.NumGoroutine(), stacks)
		code = 1
	}
	os.Exit(code)
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
