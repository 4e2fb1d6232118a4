package disk_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

func dirSize(t *testing.T, dir string) (size int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(dir, entry.Name())); err == nil {
			size += info.Size()
		}
	}
	return size
}

// TestSpaceIsGivenBack: a log that keeps 8 MiB stays small, however much is written to it, and shrinks when all of it
// is dropped.
func TestSpaceIsGivenBack(t *testing.T) {
	const kept, written = 8 << 20, 200 << 20
	dir := t.TempDir()
	l := open(t, dir, disk.Options{Sync: disk.SyncNever, Retention: eventlog.Retention{MaxAge: 24 * time.Hour, MaxBytes: kept}})
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20) // nothing that compresses
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	const size = 10_000
	largest := int64(0)
	for n := 0; n < written; {
		var batch []eventlog.Update
		for range 100 {
			at := rng.IntN(len(noise) - size)
			batch = append(batch, update("a", string(noise[at:at+size])))
			n += size
		}
		add(t, l, batch...)
		largest = max(largest, dirSize(t, dir))
	}
	if l.Floor() == 1 {
		t.Fatal("nothing was dropped")
	}
	// Beside what is kept: memory tables with their log files, and what waits to be dropped.
	if bound := int64(kept + 160<<20); largest > bound {
		t.Errorf("the directory has grown to %d bytes, more than %d", largest, bound)
	}
	wait(t, "what was dropped leaves the tables", func() bool { return l.TableSize() < 4*kept })
	t.Logf("largest %d MiB, tables %d MiB at the end", largest>>20, l.TableSize()>>20)

	if err := l.Trim(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	wait(t, "the tables are empty", func() bool { return l.TableSize() < 1<<20 })
}

// TestReserve: publishing stops while there is room for everything else, and goes on by itself.
func TestReserve(t *testing.T) {
	fs := &fullFS{FS: vfs.NewMem(), free: 1000}
	o := disk.On(fs, disk.Options{})
	o.Reserve = 500
	l := open(t, "log", o)
	first := add(t, l, update("a", "1"))
	fs.set(499)
	l.ForgetFreeSpace()
	if _, err := tryAdd(t, l, update("a", "2")); !errors.Is(err, eventlog.ErrNoSpace) {
		t.Fatalf("Append to a full disk: %v", err)
	}
	holdsAll(t, l, first)
	if l.Head() != 1 {
		t.Errorf("Head() = %d", l.Head())
	}
	fs.set(500)
	l.ForgetFreeSpace()
	holdsAll(t, l, append(first, add(t, l, update("a", "3"))...))
}

// fullFS says how much is free as it is told.
type fullFS struct {
	vfs.FS
	free uint64
}

func (fs *fullFS) set(free uint64) { fs.free = free }

func (fs *fullFS) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: fs.free, TotalBytes: 1 << 40, UsedBytes: 1<<40 - fs.free}, nil
}
