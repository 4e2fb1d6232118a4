package descriptors_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/internal/descriptors"
)

// room returns how many descriptors the kernel's table has room for.
func room(t *testing.T) (n int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "FDSize: %d", &n); err == nil {
			return n
		}
	}
	t.Fatal("the system does not say how large the table is")
	return 0
}

// open returns how many descriptors are open.
func open(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestReserve(t *testing.T) {
	before, opened := room(t), open(t)
	for _, n := range []int{before + 1, 3*before + 1, 1, 0} {
		if err := descriptors.Reserve(n); err != nil {
			t.Fatal(err)
		}
		if got := room(t); got < n || got <= before {
			t.Errorf("room for %d after %d were reserved, and for %d before", got, n, before)
		}
	}
	if got := open(t); got != opened {
		t.Errorf("%d descriptors are open, %d were before", got, opened)
	}
}

// ExampleReserve makes room for a thousand descriptors.
func ExampleReserve() {
	if err := descriptors.Reserve(1000); err != nil {
		fmt.Println(err)
	}
	// Output:
}

func TestReserveBeyondTheLimit(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	opened := open(t)
	err := descriptors.Reserve(int(limit.Cur) + 1)
	if !errors.Is(err, unix.EINVAL) || !strings.Contains(err.Error(), fmt.Sprint(limit.Cur+1)) {
		t.Errorf("error %v, want one that names what was asked for", err)
	}
	if got := open(t); got != opened {
		t.Errorf("%d descriptors are open, %d were before", got, opened)
	}
}
