package server_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/internal/server"
)

// TestDescriptorTable: a server that listens has room for all its descriptors, so that accepting does not stand still
// while the kernel makes some.
func TestDescriptorTable(t *testing.T) {
	s, err := server.Listen(t.Context(), server.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	size := uint64(0)
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "FDSize: %d", &size) // other lines say other things
	}
	if want := min(limit.Cur, 1<<16); size < want {
		t.Errorf("room for %d descriptors, want it for %d", size, want)
	}
}
