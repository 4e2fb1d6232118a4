package disk_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

func keyed(t *testing.T, l *disk.Log, key, data string) eventlog.Appended {
	t.Helper()
	e := eventlog.Entry{Key: key, Update: eventlog.Update{Topics: []string{"a"}, ID: "id of " + key, Data: data}}
	appended, err := l.Append(t.Context(), []eventlog.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	return appended[0]
}

// TestKeysAcrossRestarts: keys are remembered, with the id and the place of their update, in whatever epoch, whatever
// the window was.
func TestKeysAcrossRestarts(t *testing.T) {
	fs := vfs.NewMem()
	age := func(d time.Duration) disk.Options {
		return disk.On(fs, disk.Options{Retention: eventlog.Retention{MaxAge: d}})
	}
	l := open(t, "log", age(24*time.Hour))
	first := keyed(t, l, "k", "1").Record
	closeLog(t, l)
	for _, window := range []time.Duration{24 * time.Hour, time.Hour, 48 * time.Hour, 5 * time.Minute} {
		l := open(t, "log", age(window))
		got := keyed(t, l, "k", "1")
		if !got.Repeated || got.Record.Position != first.Position || got.Record.ID != first.ID {
			t.Errorf("window %v: %+v", window, got)
		}
		if got := keyed(t, l, "k", "2"); !got.Conflict {
			t.Errorf("window %v: another update under the key: %+v", window, got)
		}
		closeLog(t, l)
	}
	// Forgotten as soon as the window is over, also if it was larger when the key was used.
	l = open(t, "log", age(time.Nanosecond))
	if got := keyed(t, l, "k", "2"); got.Repeated || got.Conflict {
		t.Errorf("the window is over: %+v", got)
	}
}

// TestKeyOfFailedBatch: what a key stands for after a batch whose outcome was unknown is what is in the log.
func TestKeyOfFailedBatch(t *testing.T) {
	fs := tearing()
	l := open(t, "log", disk.On(fs, disk.Options{}))
	fs.armed.Store(true)
	e := eventlog.Entry{Key: "k", Update: update("a", "1")}
	if _, err := l.Append(t.Context(), []eventlog.Entry{e}); err == nil || fs.hits.Load() == 0 {
		t.Fatalf("Append: %v", err)
	}
	fs.armed.Store(false)
	addWhenBack(t, l, update("a", "back"))
	appended, err := l.Append(t.Context(), []eventlog.Entry{e})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, r := range read(t, l, everything, 0) {
		if r.Data == "1" {
			found++
		}
	}
	if found != 1 || appended[0].Conflict {
		t.Errorf("the update is in the log %d times; %+v", found, appended[0])
	}
}
