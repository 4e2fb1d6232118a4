package leaktest

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime/pprof"
	"strconv"
	"testing"
	"time"
)

// label is the profiler's label of the goroutines that a [Run] looks at; its value is the test's name.
const label = "leaktest"

// Run runs f, and fails t if a goroutine that f has started, or that such a one has started, is there a second after
// f has returned. Goroutines of other tests, those that are just ending among them, are not looked at. f may call
// started for their number. It is a test's own check, stricter than [Main].
func Run(t testing.TB, f func(started func() int)) {
	t.Helper()
	pprof.Do(context.Background(), pprof.Labels(label, t.Name()), func(context.Context) {
		f(func() int { return len(labelled(t)) - 1 }) // without this one
	})
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(grace)
	for {
		left := labelled(t)
		if len(left) == 0 {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Errorf("leaktest: %d goroutines are left:\n%s", len(left), bytes.Join(left, []byte("\n\n")))
			return
		}
	}
}

// count is how a profile begins to tell of goroutines that are at the same place.
var count = regexp.MustCompile(`(?m)^(\d+) @ `)

// labelled returns the stacks of the goroutines that have t's label.
func labelled(t testing.TB) (stacks [][]byte) {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		t.Error(err)
	}
	want := fmt.Appendf(nil, "%q:%q", label, t.Name())
	for stack := range bytes.SplitSeq(profile.Bytes(), []byte("\n\n")) {
		if m := count.FindSubmatch(stack); m != nil && bytes.Contains(stack, want) {
			n, _ := strconv.Atoi(string(m[1])) // digits
			for range n {
				stacks = append(stacks, stack)
			}
		}
	}
	return stacks
}
