package disk_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// noTableFS has no space for tables once that many were made. Its errors name the file, as those of a real one do.
type noTableFS struct {
	vfs.FS
	failed atomic.Int64
}

func (f *noTableFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if isTable(name) && category == "pebble-compaction" {
		f.failed.Add(1)
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOSPC}
	}
	return f.FS.Create(name, category)
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestNoSpaceToCompact: pebble tries again at once, with a new file each time. That is not a line for each.
func TestNoSpaceToCompact(t *testing.T) {
	full, logged := &noTableFS{FS: vfs.NewMem()}, new(lockedBuffer)
	l := open(t, "log", disk.On(full, disk.Options{Logger: slog.New(slog.NewTextHandler(logged, nil))}))
	for i := range 4 {
		add(t, l, numbered(1+10*i, 10)...)
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, "pebble has tried a thousand times", func() bool { return full.failed.Load() > 1000 })
	logged.mu.Lock()
	defer logged.mu.Unlock()
	if n := strings.Count(logged.String(), "\n"); n == 0 || n > 10 {
		t.Errorf("%d lines for %d failures, such as:\n%.600s", n, full.failed.Load(), &logged.Buffer)
	}
}

// TestLongOutage: the log tries every five seconds to open anew, and says once a minute that it cannot.
func TestLongOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := new(lockedBuffer)
		full := failing(syscall.ENOSPC, func(op errorfs.Op) bool { return isWrite(op) || op.Kind == errorfs.OpCreate })
		l := open(t, "log", disk.On(full, disk.Options{Logger: slog.New(slog.NewTextHandler(logged, nil))}))
		add(t, l, numbered(1, 10)...)
		full.armed.Store(true)
		if _, err := tryAdd(t, l, update("a", "unknown")); !errors.Is(err, eventlog.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		full.armed.Store(false)
		addWhenBack(t, l, update("a", "again"))
		logged.mu.Lock()
		defer logged.mu.Unlock()
		if n := strings.Count(logged.String(), "cannot be opened anew"); n < 9 || n > 11 {
			t.Errorf("said %d times in ten minutes:\n%s", n, &logged.Buffer)
		}
		if n := strings.Count(logged.String(), "\n"); n > 40 {
			t.Errorf("%d lines in ten minutes:\n%s", n, &logged.Buffer)
		}
	})
}
