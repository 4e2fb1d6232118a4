package disk_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// TestBackupFails: a place that cannot be written to is the affair of who asked for the backup, not of publishers.
func TestBackupFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		hit  func(errorfs.Op) bool
	}{
		{"no directory", func(op errorfs.Op) bool { return op.Kind == errorfs.OpMkdirAll }},
		{"sync of the directory above", isSync},
		{"no file", func(op errorfs.Op) bool { return op.Kind == errorfs.OpCreate }},
		{"write of the manifest", func(op errorfs.Op) bool { return isManifest(op.Path) && isWrite(op) }},
		{"write of the write-ahead log", func(op errorfs.Op) bool { return isWAL(op.Path) && isWrite(op) }},
		{"rename", func(op errorfs.Op) bool { return op.Kind == errorfs.OpRename }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			faults := failing(errInjected, func(op errorfs.Op) bool { return strings.HasPrefix(op.Path, "elsewhere") && tt.hit(op) })
			l := open(t, "log", disk.On(faults, disk.Options{}))
			kept := add(t, l, numbered(1, 3)...)
			before := l.Lineage().Current()
			faults.armed.Store(true)
			if err := l.Backup("elsewhere/copy"); !errors.Is(err, errInjected) || errors.Is(err, eventlog.ErrUnavailable) {
				t.Errorf("Backup: %v", err)
			}
			if faults.hits.Load() == 0 {
				t.Fatal("the failure has not happened")
			}
			kept = append(kept, add(t, l, update("a", "more"))...)
			if now := l.Lineage().Current(); now != before {
				t.Errorf("the log was opened anew, in epoch %s after %s", now, before)
			}
			if _, err := faults.Stat("elsewhere/copy"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a part of a backup is there: %v", err)
			}
			faults.armed.Store(false)
			if err := l.Backup("elsewhere/copy"); err != nil {
				t.Fatalf("Backup after one that has failed: %v", err)
			}
			holdsAll(t, open(t, "elsewhere/copy", disk.On(faults, disk.Options{})), kept)
		})
	}
}

// TestInterruptedBackupIsNone: what bears the name of a backup is all of it, at whatever moment the machine has
// stopped, and the next one is not in the way of what was left.
func TestInterruptedBackupIsNone(t *testing.T) {
	updates := numbered(1, 200)
	disks, err := interrupted(func(fs vfs.FS) error {
		l, err := disk.Open("log", disk.On(fs, disk.Options{}))
		if err != nil {
			return err
		}
		defer l.Close()
		add(t, l, updates[:100]...)
		if err := l.Flush(); err != nil {
			return err
		}
		add(t, l, updates[100:]...)
		return l.Backup("copy")
	})
	if err != nil {
		t.Fatal(err)
	}
	complete, none := 0, 0
	for i, left := range disks {
		names, err := left.List("/")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := left.Stat("copy"); err == nil {
			complete++
			l := open(t, "copy", disk.On(left, disk.Options{}))
			if got := len(read(t, l, everything, 0)); got != len(updates) {
				t.Errorf("disk %d of %d: the backup holds %d of %d updates", i+1, len(disks), got, len(updates))
			}
			continue
		}
		if !strings.Contains(strings.Join(names, " "), ".copy.partial") {
			continue // it had not begun
		}
		none++
		l := open(t, "log", disk.On(left, disk.Options{}))
		if err := l.Backup("copy"); err != nil {
			t.Errorf("disk %d of %d: Backup after an interrupted one: %v", i+1, len(disks), err)
		}
		if _, err := left.Stat(".copy.partial"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("disk %d of %d: a part of the interrupted backup is left: %v", i+1, len(disks), err)
		}
	}
	if complete == 0 || none < 10 {
		t.Errorf("%d backups were complete, %d interrupted: the test shows nothing", complete, none)
	}
}
