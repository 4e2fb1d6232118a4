package disk_test

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

// contents returns everything that a closed log holds.
func contents(t *testing.T, dir string) (disk.History, []*eventlog.Record) {
	t.Helper()
	x, err := disk.Inspect(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	info, err := x.Info()
	if err != nil {
		t.Fatal(err)
	}
	var records []*eventlog.Record
	err = x.Each(t.Context(), 0, func(r *eventlog.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	return disk.History{Lineage: info.Lineage, Head: info.Head}, records
}

func sequence(records []*eventlog.Record) iter.Seq2[*eventlog.Record, error] {
	return func(yield func(*eventlog.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// write opens a log and appends n updates, everything about them different.
func write(t *testing.T, dir string, o disk.Options, n int) {
	t.Helper()
	log, err := disk.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for i := range n {
		u := eventlog.Update{
			Topics: []string{fmt.Sprint("topic-", i%3), "all"}, Data: fmt.Sprint("data\n", i), Private: i%2 == 0,
			Type: fmt.Sprint("type-", i%4), Retry: time.Duration(i%5) * time.Second,
		}
		if i%2 == 0 {
			u.ID = fmt.Sprint(" id-", log.Head())
		}
		if _, err := log.Append(t.Context(), []eventlog.Entry{{Update: u}}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRestore(t *testing.T) {
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "deep", "new")
	rules := []disk.Rule{{Topics: topic.Matchers{topic.Exact("topic-1")}, Keep: eventlog.Retention{MaxRecords: 1000}}}
	for _, n := range []int{40, 1, 25} {
		write(t, from, disk.Options{Sync: disk.SyncNever, Rules: rules}, n)
	}
	history, records := contents(t, from)
	n, err := disk.Restore(to, disk.Options{Rules: rules}, history, sequence(records))
	if err != nil || n != 66 {
		t.Fatalf("%d records, %v, want 66", n, err)
	}
	gotHistory, gotRecords := contents(t, to)
	if diff := cmp.Diff(history, gotHistory); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(records, gotRecords); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	log, err := disk.Open(to, disk.Options{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	everything := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}
	for _, r := range records {
		for _, cursor := range []string{r.Position.String(), r.EventID()} {
			v, err := log.Verdict(t.Context(), eventlog.ParseCursor(cursor), everything)
			if err != nil || v.Kind != eventlog.Resumed || v.After != r.Position.Offset {
				t.Errorf("cursor %q: %+v, %v, want that it resumes", cursor, v, err)
			}
		}
	}
	if log.Head() != history.Head || log.Floor() != 1 {
		t.Errorf("head %d and floor %d, want %d and 1", log.Head(), log.Floor(), history.Head)
	}
}

// What the other log had lost is lost here too, and said so.
func TestRestoreOfALogWithHoles(t *testing.T) {
	from := t.TempDir()
	write(t, from, disk.Options{}, 20)
	history, records := contents(t, from)
	everything := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}
	tests := []struct {
		name    string
		kept    []*eventlog.Record
		missing uint64 // the highest offset
	}{
		{"beginning", records[5:], 5},
		{"middle", append(append([]*eventlog.Record(nil), records[:7]...), records[9:]...), 9},
		{"end", records[:18], 20},
		{"everything", nil, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			n, err := disk.Restore(dir, disk.Options{}, history, sequence(tt.kept))
			if err != nil || n != len(tt.kept) {
				t.Fatalf("%d records, %v, want %d", n, err, len(tt.kept))
			}
			log, err := disk.Open(dir, disk.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			if log.Head() != history.Head {
				t.Errorf("head %d, want %d", log.Head(), history.Head)
			}
			for _, r := range records {
				v, err := log.Verdict(t.Context(), eventlog.ParseCursor(r.Position.String()), everything)
				want := eventlog.Resumed
				if r.Position.Offset < tt.missing {
					want = eventlog.Gap
				}
				if err != nil || v.Kind != want {
					t.Errorf("behind offset %d: %v, %v, want %v", r.Position.Offset, v.Kind, err, want)
				}
			}
		})
	}
}

func TestRestoreRefuses(t *testing.T) {
	from := t.TempDir()
	write(t, from, disk.Options{}, 3)
	history, records := contents(t, from)
	broken := errors.New("the dump is cut off")
	foreign := *records[1]
	foreign.Position.Epoch = "elsewhere"
	homeless := *records[0]
	homeless.Topics = nil
	tests := []struct {
		name    string
		history disk.History
		records iter.Seq2[*eventlog.Record, error]
		want    error
	}{
		{"no lineage", disk.History{Head: 3}, sequence(records), nil},
		{"lineage out of order", disk.History{Head: 9, Lineage: eventlog.Lineage{{Epoch: "a", First: 4}, {Epoch: "b", First: 1}}}, sequence(nil), nil},
		{"term without a name", disk.History{Head: 9, Lineage: eventlog.Lineage{{First: 1}}}, sequence(nil), nil},
		{"term behind the head", disk.History{Head: 1, Lineage: eventlog.Lineage{{Epoch: "a", First: 3}}}, sequence(nil), nil},
		{"record behind the head", disk.History{Head: 2, Lineage: history.Lineage}, sequence(records), nil},
		{"record of another epoch", history, sequence([]*eventlog.Record{records[0], &foreign}), nil},
		{"record without a topic", history, sequence([]*eventlog.Record{&homeless}), nil},
		{"out of order", history, sequence([]*eventlog.Record{records[1], records[0]}), nil},
		{"twice", history, sequence([]*eventlog.Record{records[0], records[0]}), nil},
		{"cut off", history, func(yield func(*eventlog.Record, error) bool) {
			if yield(records[0], nil) {
				yield(nil, broken)
			}
		}, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			n, err := disk.Restore(dir, disk.Options{}, tt.history, tt.records)
			if err == nil || n != 0 || !errors.Is(err, firstOf(tt.want, err)) {
				t.Errorf("%d records, %v, want an error that wraps %v", n, err, tt.want)
			}
			if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
				t.Errorf("the directory has %v, %v, want nothing", names, err)
			}
		})
	}
	for name, dir := range map[string]string{"a log": from, "a file": fileDir(t)} {
		before, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := disk.Restore(dir, disk.Options{}, history, sequence(records)); !errors.Is(err, disk.ErrNotEmpty) {
			t.Errorf("a directory with %s: error %v, want ErrNotEmpty", name, err)
		}
		if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) {
			t.Errorf("a directory with %s has %d entries, %v, and had %d", name, len(after), err, len(before))
		}
	}
}

func firstOf(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func fileDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "notes"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A hub must not take the part of a log for the whole, at whatever moment of a restore the machine has stopped.
// Whoever opens it is told what it is.
func TestInterruptedRestoreCannotBeOpened(t *testing.T) {
	from := t.TempDir()
	write(t, from, disk.Options{}, 3)
	history, records := contents(t, from)
	broken := errors.New("the dump is cut off")
	tests := []struct {
		name string
		last func(yield func(*eventlog.Record, error) bool) // what comes behind the records
		want error
	}{
		{"one that would have succeeded", func(func(*eventlog.Record, error) bool) {}, nil},
		{"one that would have failed", func(yield func(*eventlog.Record, error) bool) { yield(nil, broken) }, broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disks, err := interrupted(func(fs vfs.FS) error {
				_, err := disk.Restore("log", disk.On(fs, disk.Options{}), history, func(yield func(*eventlog.Record, error) bool) {
					sequence(records)(yield)
					tt.last(yield)
				})
				return err
			})
			if !errors.Is(err, tt.want) {
				t.Fatalf("Restore: %v, want %v", err, tt.want)
			}
			refused := 0
			for i, fs := range disks {
				if names, err := fs.List("log"); err != nil || len(names) == 0 {
					continue // nothing of the restore is there
				}
				for name, open := range map[string]func() (io.Closer, error){
					"Inspect": func() (io.Closer, error) { return disk.Inspect("log", disk.On(fs, disk.Options{})) },
					"Open":    func() (io.Closer, error) { return disk.Open("log", disk.On(fs, disk.Options{})) },
				} {
					closer, err := open()
					if !errors.Is(err, disk.ErrUnfinished) || errors.Is(err, disk.ErrNewerFormat) {
						t.Errorf("%s of disk %d of %d: %v", name, i+1, len(disks), err)
					}
					if err == nil {
						closer.Close()
					}
				}
				if _, err := disk.Restore("log", disk.On(fs, disk.Options{}), history, sequence(records)); !errors.Is(err, disk.ErrNotEmpty) {
					t.Errorf("Restore to disk %d of %d: %v", i+1, len(disks), err)
				}
				refused++
			}
			if refused < 20 {
				t.Errorf("a part of a log was refused %d times only: the test shows nothing", refused)
			}
		})
	}
}

// interrupted returns what f would leave behind on a disk if the machine had stopped before any of its changes: with
// all that was not synced, and without.
func interrupted(f func(vfs.FS) error) ([]*vfs.MemFS, error) {
	fs := vfs.NewCrashableMem()
	var mu sync.Mutex
	var disks []*vfs.MemFS
	err := f(errorfs.Wrap(fs, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
			mu.Lock()
			defer mu.Unlock()
			disks = append(disks, powerLoss(fs, 1, 0), powerLoss(fs, 1, 100))
		}
		return nil
	})))
	mu.Lock()
	defer mu.Unlock()
	return disks, err
}
