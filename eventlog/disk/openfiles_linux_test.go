package disk_test

import (
	crand "crypto/rand"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// TestOpenFiles: a log with many more tables than it may have descriptors holds no more of them than it says, whoever
// reads it: a server under the usual limit of 1,024 keeps 256, a quarter of them not for the log.
func TestOpenFiles(t *testing.T) {
	const bound = 192
	dir := t.TempDir()
	l := open(t, dir, disk.SmallTables(disk.Options{Sync: disk.SyncNever}))
	noise := make([]byte, 1<<20) // nothing that compresses
	_, _ = crand.Read(noise)     // never fails
	for range 12 {
		var batch []eventlog.Update
		for range 100 {
			at := rand.IntN(len(noise) - 4000)
			batch = append(batch, update("a", string(noise[at:at+4000])))
		}
		add(t, l, batch...)
	}
	if err := l.Settle(); err != nil {
		t.Fatal(err)
	}
	if n := l.Tables(); n < 300 {
		t.Fatalf("%d tables: the test shows nothing", n)
	}

	// Readers all over the log, each chunk in many tables.
	var readers sync.WaitGroup
	var running atomic.Int64
	for seed := range uint64(4) { // as many as a hub has
		running.Add(1)
		readers.Go(func() {
			defer running.Add(-1)
			rng := rand.New(rand.NewPCG(seed, 0))
			for range 60 {
				after := rng.Uint64N(l.Head())
				chunk, err := l.Read(t.Context(), eventlog.ReadRequest{After: after, To: after + 20, Filter: everything})
				if err != nil || len(chunk.Records) == 0 {
					t.Errorf("Read behind %d: %d records, %v", after, len(chunk.Records), err)
				}
			}
		})
	}
	most := 0
	for running.Load() > 0 {
		most = max(most, openIn(t, dir))
	}
	readers.Wait()
	if most > bound || most < 64 {
		t.Errorf("the log has held %d descriptors, want at most %d, and as many as its cache is for", most, bound)
	}
	wait(t, "tables that are not needed are closed", func() bool { return openIn(t, dir) <= disk.Options{}.WithDefaults().OpenFiles })
}

// openIn returns how many descriptors the process holds of files in dir.
func openIn(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		// One that has been closed since has no name.
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", entry.Name())); err == nil && strings.HasPrefix(name, dir) {
			n++
		}
	}
	return n
}
