package fanout

import (
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
)

// TestEndOf: a kernel that gives up on a peer which takes nothing is as good as the wheel.
func TestEndOf(t *testing.T) {
	for _, test := range []struct {
		err  error
		want EndReason
	}{
		{syscall.ETIMEDOUT, EndStalled},
		{fmt.Errorf("write: %w", syscall.ETIMEDOUT), EndStalled},
		{os.ErrDeadlineExceeded, EndStalled},
		{syscall.EPIPE, EndGone},
		{syscall.ECONNRESET, EndGone},
		{io.ErrClosedPipe, EndGone},
	} {
		if got := endOf(test.err); got != test.want {
			t.Errorf("endOf(%v) = %v, want %v", test.err, got, test.want)
		}
	}
}
