package disk_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// at runs f with a log, on a machine whose clock says that so much has passed since some midnight.
func at(t *testing.T, passed time.Duration, fs vfs.FS, o disk.Options, f func(*testing.T, *disk.Log)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(passed)
		f(t, open(t, "log", disk.On(fs, o)))
	})
}

// TestKeysWhenTheClockGoesBack: a key is remembered though the clock was set back by less than some hours.
func TestKeysWhenTheClockGoesBack(t *testing.T) {
	for _, tt := range []struct {
		name          string
		first, second time.Duration
	}{
		{"not at all", 4 * time.Hour, 4*time.Hour + time.Second},
		{"by seconds", 4 * time.Hour, 4*time.Hour - time.Second},
		{"by seconds, from one bucket into another", 3 * time.Hour, 3*time.Hour - time.Second},
		{"by hours", 5 * time.Hour, 2 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fs := vfs.NewMem()
			var first eventlog.Appended
			at(t, tt.first, fs, disk.Options{}, func(t *testing.T, l *disk.Log) { first = keyed(t, l, "key", "x") })
			at(t, tt.second, fs, disk.Options{}, func(t *testing.T, l *disk.Log) {
				if again := keyed(t, l, "key", "x"); !again.Repeated || again.Record.Position != first.Record.Position {
					t.Errorf("the key was used at %v, and again: %+v", first.Record.Position, again)
				}
			})
		})
	}
}

// TestRetentionWhenTheClockGoesBack: updates of a time when the clock was far ahead are no reason to keep all that
// comes behind them for as long as it takes to get there.
func TestRetentionWhenTheClockGoesBack(t *testing.T) {
	fs := vfs.NewMem()
	o := disk.Options{Retention: eventlog.Retention{MaxAge: time.Hour}}
	for _, ahead := range []time.Duration{1000 * time.Hour, 900 * time.Hour} {
		at(t, ahead, fs, o, func(t *testing.T, l *disk.Log) { add(t, l, update("a", "from the future")) })
	}
	at(t, 0, fs, o, func(t *testing.T, l *disk.Log) {
		var last *eventlog.Record
		for range 300 { // minutes
			time.Sleep(time.Minute)
			last = add(t, l, update("a", "now"))[0]
		}
		held := read(t, l, everything, l.Floor()-1)
		if held[len(held)-1].Position != last.Position || len(held) < 60 || len(held) > 70 {
			t.Errorf("%d updates are held, of %v to %v; want those of the last hour", len(held), held[0].Position, held[len(held)-1].Position)
		}
	})
}
