package fanout_test

import (
	"fmt"
	"testing"

	"github.com/tidings-hub/tidings/fanout"
)

func TestEndReasonNames(t *testing.T) {
	checkNames(t, fanout.EndReasons(), func(i int) fanout.EndReason { return fanout.EndReason(i) })
}

func TestBehindReasonNames(t *testing.T) {
	checkNames(t, fanout.BehindReasons(), func(i int) fanout.BehindReason { return fanout.BehindReason(i) })
}

// checkNames checks that a list of reasons, which begin at 0, is complete, and that each has its own name.
func checkNames[R interface {
	comparable
	fmt.Stringer
}](t *testing.T, reasons []R, number func(int) R,
) {
	t.Helper()
	seen := map[string]bool{"unknown": true}
	for i, r := range reasons {
		if r != number(i) {
			t.Errorf("number %d of the list is %v, want %v", i, r, number(i))
		}
		if seen[r.String()] {
			t.Errorf("reason %d has the name %q, which is taken", i, r)
		}
		seen[r.String()] = true
	}
	if beyond := number(len(reasons)); beyond.String() != "unknown" {
		t.Errorf("reason %q is not in the list", beyond)
	}
}
