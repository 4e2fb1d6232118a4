package disk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// TestRestart: cursors survive, in a new epoch, and so do those of terms in which nothing was appended last.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	var kept []*eventlog.Record
	epochs := map[eventlog.Epoch]bool{}
	for i := range 5 {
		l := open(t, dir, disk.Options{})
		if epochs[l.Lineage().Current()] {
			t.Error("an epoch is used twice")
		}
		epochs[l.Lineage().Current()] = true
		holdsAll(t, l, kept)
		judgeLost(t, l, kept, l.Head())
		if i%2 == 0 {
			kept = append(kept, add(t, l, numbered(int(l.Head())+1, 10)...)...)
		}
		closeLog(t, l)
	}
}

// TestRestartOfQuietLog: who was told of an epoch in which nothing was appended may have written its place with it. Of many
// in a row the last few are kept.
func TestRestartOfQuietLog(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{})
	kept := add(t, l, numbered(1, 10)...)
	closeLog(t, l)
	var places []eventlog.Position
	for range 30 {
		l = open(t, dir, disk.Options{})
		places = append(places, eventlog.Position{Epoch: l.Lineage().Current(), Offset: 7}, eventlog.Position{Epoch: l.Lineage().Current(), Offset: l.Head()})
		closeLog(t, l)
	}
	l = open(t, dir, disk.Options{})
	kept = append(kept, add(t, l, numbered(11, 5)...)...)
	const terms, few = 17, 15 // the present one, the first, and those in between
	if got := len(l.Lineage()); got != terms {
		t.Errorf("the lineage has %d terms, want %d", got, terms)
	}
	for i, p := range places {
		v, err := l.Verdict(t.Context(), eventlog.ParseCursor(p.String()), everything)
		if err != nil {
			t.Fatal(err)
		}
		want := eventlog.Verdict{Kind: eventlog.Resumed, After: p.Offset}
		if i < len(places)-2*few {
			want = eventlog.Verdict{Kind: eventlog.Gap, Why: eventlog.GapLineage, After: v.After, Told: v.Told}
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("place %d, %v (-want +got):\n%s", i, p, diff)
		}
	}
	holdsAll(t, l, kept)
	unknown := eventlog.Position{Epoch: places[len(places)-1].Epoch, Offset: 12} // which came only in the next term
	if v, err := l.Verdict(t.Context(), eventlog.ParseCursor(unknown.String()), everything); err != nil || v.Kind != eventlog.Gap {
		t.Errorf("%v: %+v, %v, want a gap", unknown, v, err)
	}
	closeLog(t, l)
}

// TestRestoredCopy: a copy is made, the log goes on, the copy takes its place.
func TestRestoredCopy(t *testing.T) {
	tests := []struct {
		name string
		copy func(t *testing.T, l *disk.Log, from, to string)
	}{
		{"backup of the running log", func(t *testing.T, l *disk.Log, _, to string) {
			if err := l.Backup(to); err != nil {
				t.Fatal(err)
			}
		}},
		{"copy of its files at rest", func(t *testing.T, _ *disk.Log, from, to string) {
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
			l := open(t, dir, disk.Options{})
			appended := add(t, l, numbered(1, 50)...)
			tt.copy(t, l, dir, copied)
			appended = append(appended, add(t, l, numbered(51, 50)...)...)
			closeLog(t, l)

			// Once more, so that the lost part has two epochs.
			l = open(t, dir, disk.Options{})
			appended = append(appended, add(t, l, numbered(101, 20)...)...)
			closeLog(t, l)

			l = open(t, copied, disk.Options{})
			holdsAll(t, l, appended[:50])
			judgeLost(t, l, appended, 50)
			for i := range 200 {
				add(t, l, update("a", fmt.Sprint("other ", i)))
			}
			judgeLost(t, l, appended, 50)
		})
	}
}

// TestBackupRefuses: a backup never overwrites.
func TestBackupRefuses(t *testing.T) {
	l := open(t, t.TempDir(), disk.Options{})
	if err := l.Backup(t.TempDir()); err == nil {
		t.Error("a backup to a directory that is there succeeded")
	}
	closeLog(t, l)
	if err := l.Backup(filepath.Join(t.TempDir(), "copy")); err == nil {
		t.Error("a backup of a closed log succeeded")
	}
}
