package disk_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// gateFS makes whoever wants to write a table in a compaction wait while the gate is shut.
type gateFS struct {
	vfs.FS
	shut  atomic.Bool
	waits atomic.Int64
	open  chan struct{}
}

func (fs *gateFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if fs.shut.Load() && isTable(name) && category == "pebble-compaction" {
		fs.waits.Add(1)
		<-fs.open
	}
	return fs.FS.Create(name, category)
}

// TestGiveBack: a table that holds a dropped segment beside keys that are kept is rewritten, which pebble does not do
// by itself in a log that is quiet; and publishing goes on meanwhile.
func TestGiveBack(t *testing.T) {
	const size, n = 8 << 10, 80 // of each topic, in one table
	fs := &gateFS{FS: vfs.NewMem(), open: make(chan struct{})}
	l := open(t, "log", disk.On(fs, disk.Options{
		Retention: eventlog.Retention{MaxAge: 1000 * time.Hour},
		Rules:     []disk.Rule{rule("short", eventlog.Retention{MaxAge: time.Minute})},
	}))
	release := sync.OnceFunc(func() { close(fs.open) })
	t.Cleanup(release) // or the log cannot be closed
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func(topic string) eventlog.Update {
		data := make([]byte, size) // nothing that compresses
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		return update(topic, string(data))
	}
	var kept []*eventlog.Record
	for range n {
		kept = append(kept, add(t, l, noise("long"), noise("short"))[0])
	}
	if err := l.Settle(); err != nil {
		t.Fatal(err)
	}
	full := l.TableSize()
	if l.Tables() != 1 || full < 2*n*size {
		t.Fatalf("%d tables of %d bytes, want everything in one", l.Tables(), full)
	}

	fs.shut.Store(true)
	if err := l.Trim(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if l.Floor() != 2*n+1 {
		t.Fatalf("Floor() = %d: not all of the short ones were dropped", l.Floor())
	}
	resume := l.HoldDropped()
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	wait(t, "pebble has seen what it could do", l.Idle)
	if after := l.TableSize(); after < full || fs.waits.Load() != 0 {
		t.Fatalf("of %d bytes %d are left, and %d tables are being rewritten: the test shows nothing", full, after, fs.waits.Load())
	}

	resume()
	wait(t, "the table is rewritten", func() bool { return fs.waits.Load() > 0 })
	published := make(chan struct{})
	go func() {
		defer close(published)
		for i := range 20 {
			added, err := tryAdd(t, l, update("long", fmt.Sprint(i)))
			if err := errors.Join(err, l.Trim(t.Context(), time.Now())); err != nil {
				t.Error(err)
			}
			kept = append(kept, added...)
		}
	}()
	select {
	case <-published:
	case <-time.After(20 * time.Second):
		t.Fatal("publishing waits for the tables to be rewritten")
	}
	holdsLong(t, l, kept)
	if after := l.TableSize(); after < full {
		t.Errorf("of %d bytes %d are left before anything was rewritten", full, after)
	}
	release()
	wait(t, "the space is given back", func() bool { return l.TableSize() < full/2+full/8 })
	if after := l.TableSize(); after < n*size {
		t.Errorf("the tables have %d bytes, less than what is kept", after)
	}
	holdsLong(t, l, kept)
}

func holdsLong(t *testing.T, l *disk.Log, want []*eventlog.Record) {
	t.Helper()
	if diff := cmp.Diff(want, read(t, l, exact("long"), 0)); diff != "" {
		t.Errorf("what is kept (-want +got):\n%s", diff)
	}
}
