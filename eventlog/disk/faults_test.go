package disk_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// faults are a file system's; they happen while it is armed.
type faults struct {
	vfs.FS
	armed atomic.Bool
	hits  atomic.Int64
}

func failing(err error, hit func(errorfs.Op) bool) *faults {
	f := &faults{}
	f.FS = errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if f.armed.Load() && hit(op) {
			f.hits.Add(1)
			return err
		}
		return nil
	}))
	return f
}

// tornFS writes half of what it is given, and fails.
type tornFS struct {
	vfs.FS
	faults *faults
}

func tearing() *faults {
	f := &faults{}
	f.FS = tornFS{FS: vfs.NewMem(), faults: f}
	return f
}

func (fs tornFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.Create(name, category)
	if err == nil && isWAL(name) {
		file = tornFile{file, fs.faults}
	}
	return file, err
}

func (fs tornFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.ReuseForWrite(from, to, category)
	if err == nil && isWAL(to) {
		file = tornFile{file, fs.faults}
	}
	return file, err
}

type tornFile struct {
	vfs.File
	faults *faults
}

func (f tornFile) Write(p []byte) (int, error) {
	if !f.faults.armed.Load() {
		return f.File.Write(p)
	}
	f.faults.hits.Add(1)
	n, _ := f.File.Write(p[:len(p)/2])
	return n, errInjected
}

var errInjected = errors.New("injected")

func isWAL(path string) bool      { return strings.HasSuffix(path, ".log") }
func isTable(path string) bool    { return strings.HasSuffix(path, ".sst") }
func isManifest(path string) bool { return strings.Contains(path, "MANIFEST") }

func isSync(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData || op.Kind == errorfs.OpFileSyncTo
}

func isWrite(op errorfs.Op) bool {
	return op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileWriteAt
}

// TestFailures: whatever fails, the process lives, what was acknowledged stays, and the log comes back by itself.
func TestFailures(t *testing.T) {
	noSpace := error(syscall.ENOSPC)
	tests := []struct {
		name  string
		fs    *faults
		flush bool // the failure is met by a flush, not by a batch
	}{
		{"sync of the write-ahead log", failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isSync(op) }), false},
		{"write of the write-ahead log", failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isWrite(op) }), false},
		{"torn write of the write-ahead log", tearing(), false},
		{"no space for anything", failing(noSpace, func(op errorfs.Op) bool { return isWrite(op) || op.Kind == errorfs.OpCreate }), false},
		{"everything fails", failing(errInjected, func(op errorfs.Op) bool {
			return op.Kind != errorfs.OpFileClose && op.Kind.ReadOrWrite() == errorfs.OpIsWrite
		}), false},
		{"new write-ahead log", failing(noSpace, func(op errorfs.Op) bool {
			return isWAL(op.Path) && (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite)
		}), true},
		{"write of the manifest", failing(errInjected, func(op errorfs.Op) bool { return isManifest(op.Path) && isWrite(op) }), true},
		{"sync of the manifest", failing(errInjected, func(op errorfs.Op) bool { return isManifest(op.Path) && isSync(op) }), true},
		{"no space for a table", failing(noSpace, func(op errorfs.Op) bool { return isTable(op.Path) && isWrite(op) }), true},
		{"sync of a table", failing(errInjected, func(op errorfs.Op) bool { return isTable(op.Path) && isSync(op) }), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := open(t, "log", disk.On(tt.fs, disk.Options{}))
			kept := add(t, l, numbered(1, 10)...)
			before := l.Lineage()

			tt.fs.armed.Store(true)
			if tt.flush {
				if err := l.Flush(); !errors.Is(err, eventlog.ErrUnavailable) {
					t.Errorf("Flush: %v", err)
				}
			} else {
				_, err := tryAdd(t, l, update("a", "unknown"))
				if !errors.Is(err, eventlog.ErrOutcomeUnknown) || errors.Is(err, eventlog.ErrUnavailable) {
					t.Errorf("the batch was answered with %v", err)
				}
			}
			if tt.fs.hits.Load() == 0 {
				t.Fatal("the failure has not happened")
			}
			isUnavailable(t, l)
			tt.fs.armed.Store(false)

			kept = append(kept, addWhenBack(t, l, update("a", "again")))
			kept = append(kept, add(t, l, numbered(20, 10)...)...)
			holdsAll(t, l, kept)
			after := l.Lineage()
			if len(after) != len(before)+1 || after.Current() == before.Current() {
				t.Errorf("lineage %v, then %v", before, after)
			}
			for _, r := range kept {
				if v := verdict(t, l, r.Position.String(), everything); v.Kind != eventlog.Resumed {
					t.Errorf("cursor %v: %+v", r.Position, v)
				}
			}
			closeLog(t, l)
			holdsAll(t, open(t, "log", disk.On(tt.fs, disk.Options{})), kept)
		})
	}
}

// isUnavailable checks what callers are told while the log cannot be opened anew.
func isUnavailable(t *testing.T, l *disk.Log) {
	t.Helper()
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Append": func() error { _, err := tryAdd(t, l, update("a", "never")); return err },
		"Read": func() error {
			_, err := l.Read(ctx, eventlog.ReadRequest{To: math.MaxUint64, Filter: everything})
			return err
		},
		"Find":    func() error { _, _, err := l.Find(ctx, "id-1"); return err },
		"Newest":  func() error { _, err := l.Newest(ctx, everything, 1); return err },
		"Latest":  func() error { _, err := l.Latest(ctx, everything, 1); return err },
		"Verdict": func() error { _, err := l.Verdict(ctx, eventlog.ParseCursor("id-1"), everything); return err },
		"Trim":    func() error { return l.Trim(ctx, time.Now()) },
		"Backup":  func() error { return l.Backup("copy") },
		"Purge": func() error {
			_, err := l.Purge(ctx, func(*eventlog.Record) bool { return true })
			return err
		},
	} {
		if err := call(); !errors.Is(err, eventlog.ErrUnavailable) {
			t.Errorf("%s of a log that has failed: %v", name, err)
		}
	}
}

// TestCloseAfterFailure: Close does not wait for what never ends.
func TestCloseAfterFailure(t *testing.T) {
	fs := failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isSync(op) })
	l := open(t, "log", disk.On(fs, disk.Options{}))
	kept := add(t, l, numbered(1, 3)...)
	fs.armed.Store(true)
	if _, err := tryAdd(t, l, update("a", "unknown")); !errors.Is(err, eventlog.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	closeLog(t, l)
	if _, err := tryAdd(t, l, update("a", "closed")); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("Append to a closed log: %v", err)
	}
	fs.armed.Store(false)
	holdsAll(t, open(t, "log", disk.On(fs, disk.Options{})), kept)
}

// TestOpenFails: what fails while a log is opened is the caller's error.
func TestOpenFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		hit  func(errorfs.Op) bool
	}{
		{"write of the manifest", func(op errorfs.Op) bool { return isManifest(op.Path) && isWrite(op) }},
		{"sync of the write-ahead log", func(op errorfs.Op) bool { return isWAL(op.Path) && isSync(op) }},
		{"any write", isWrite},
		{"any read", func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileRead || op.Kind == errorfs.OpFileReadAt }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs := failing(errInjected, tt.hit)
			l := open(t, "log", disk.On(fs, disk.Options{}))
			kept := add(t, l, numbered(1, 3)...)
			closeLog(t, l)
			fs.armed.Store(true)
			if _, err := disk.Open("log", disk.On(fs, disk.Options{})); err == nil || !strings.Contains(err.Error(), fmt.Sprint(errInjected)) {
				t.Fatalf("Open: %v", err)
			}
			if fs.hits.Load() == 0 {
				t.Fatal("the failure has not happened")
			}
			fs.armed.Store(false)
			holdsAll(t, open(t, "log", disk.On(fs, disk.Options{})), kept)
		})
	}
}
