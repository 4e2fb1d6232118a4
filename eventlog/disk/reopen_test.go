package disk_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// TestReopenedLogNeverRepeatsOffsets: without a sync a failure may take updates that shards were fed with. No later
// update gets one of their offsets, which shards would pass over as served, and their cursors are gaps.
func TestReopenedLogNeverRepeatsOffsets(t *testing.T) {
	gate := make(chan struct{})
	fs := failing(errInjected, func(op errorfs.Op) bool {
		if !isWAL(op.Path) || !isWrite(op) {
			return false
		}
		<-gate
		return true
	})
	l := open(t, "log", disk.On(fs, disk.Options{Sync: disk.SyncNever}))
	fs.armed.Store(true)
	lost := add(t, l, numbered(1, 3)...) // still in the process, not in the file
	close(gate)
	wait(t, "the failure is noticed", func() bool { // which is a little later than it happens
		_, err := tryAdd(t, l, update("a", strings.Repeat("x", 64<<10)))
		return err != nil
	})
	if fs.hits.Load() == 0 {
		t.Fatal("nothing failed")
	}
	head := lost[2].Position.Offset
	fs.armed.Store(false)
	r := addWhenBack(t, l, update("a", "after"))
	if r.Position.Offset <= head {
		t.Errorf("offset %d is given out again: the head was %d at least", r.Position.Offset, head)
	}
	if v := verdict(t, l, lost[2].Position.String(), exact("a")); v.Kind != eventlog.Gap {
		t.Errorf("a cursor of what was lost is judged %v", v)
	}
}

// TestReopenedLogCanBeClosed: what a failure took is no damage when the log is opened the next time, though nothing
// was appended since and the head has never gone back.
func TestReopenedLogCanBeClosed(t *testing.T) {
	fs, lost := losing(t)
	l := open(t, "log", disk.On(fs, disk.Options{}))
	if l.Head() >= lost {
		t.Errorf("Head() = %d: nothing was lost of what ended at %d", l.Head(), lost)
	}
	holdsAll(t, l, add(t, l, numbered(1, 3)...))
}

// losing returns the disk of a log that was opened anew after a failure, and closed, and the head that it had.
func losing(t *testing.T) (fs *faults, head uint64) {
	t.Helper()
	gate := make(chan struct{})
	fs = failing(errInjected, func(op errorfs.Op) bool {
		if !isWAL(op.Path) || !isWrite(op) {
			return false
		}
		<-gate
		return true
	})
	l := open(t, "log", disk.On(fs, disk.Options{Sync: disk.SyncNever}))
	before := l.Lineage().Current()
	fs.armed.Store(true)
	add(t, l, numbered(1, 3)...)
	close(gate)
	wait(t, "the failure is noticed", func() bool {
		_, err := tryAdd(t, l, update("a", strings.Repeat("x", 64<<10)))
		return err != nil
	})
	fs.armed.Store(false)
	wait(t, "the log opens anew", func() bool { return l.Lineage().Current() != before })
	closeLog(t, l)
	return fs, l.Head()
}

// TestFoundAndDropped: an update of which nobody knew whether it is in the log is found when it is opened anew, and
// dropped before anyone has read it. Who goes on reading from the head that he knew is told.
func TestFoundAndDropped(t *testing.T) {
	fs := failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isSync(op) })
	l := open(t, "log", disk.On(fs, disk.Options{Rules: []disk.Rule{rule("short", eventlog.Retention{MaxAge: time.Minute})}}))
	add(t, l, numbered(1, 3)...)
	fs.armed.Store(true)
	if _, err := tryAdd(t, l, update("short", "unknown")); !errors.Is(err, eventlog.ErrOutcomeUnknown) {
		t.Fatalf("Append: %v", err)
	}
	fs.armed.Store(false)
	wait(t, "the log opens anew", func() bool { return l.Head() == 4 })
	if err := l.Trim(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	chunk, err := l.Read(t.Context(), eventlog.ReadRequest{After: 3, To: math.MaxUint64, Filter: everything})
	if trimmed, ok := errors.AsType[*eventlog.TrimmedError](err); !ok || trimmed.Floor != 5 {
		t.Errorf("Read behind the head that was known: %+v, %v, want that what lies before offset 5 is lost", chunk, err)
	}
}
