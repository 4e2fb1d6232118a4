package disk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

func inspect(t *testing.T, dir string) *disk.Inspection {
	t.Helper()
	x, err := disk.Inspect(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{Rules: []disk.Rule{newestOf("n")}})
	added := add(t, l, numbered(1, 5000)...)
	last := add(t, l, update("n", "old"), update("n", "new"))[1]
	lineage := l.Lineage()
	closeLog(t, l)

	x := inspect(t, dir)
	info, err := x.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Head != 5002 || info.Floor != 1 || info.Records != 5001 || info.DiskSize == 0 || info.Dir != dir {
		t.Errorf("Info: %+v", info)
	}
	if diff := cmp.Diff(lineage, info.Lineage); diff != "" {
		t.Errorf("inspecting has changed the lineage (-before +after):\n%s", diff)
	}
	if len(info.Classes) != 2 || info.Classes[1].Records != 1 || !info.Classes[1].Newest {
		t.Errorf("Info: classes %+v", info.Classes)
	}

	var got []*eventlog.Record
	if err := x.Each(t.Context(), 10, func(r *eventlog.Record) error { got = append(got, r); return nil }); err != nil {
		t.Fatal(err)
	}
	want := append(added[10:], last)
	if len(got) != len(want) {
		t.Fatalf("Each has shown %d records, want %d", len(got), len(want))
	}
	for i := range want {
		if diff := cmp.Diff(want[i].Update, got[i].Update); diff != "" || got[i].Position != want[i].Position {
			t.Fatalf("record %v, want %v:\n%s", got[i].Position, want[i].Position, diff)
		}
	}
	stop := errors.New("enough")
	if err := x.Each(t.Context(), 0, func(*eventlog.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Each: %v", err)
	}

	calls, done, all := 0, int64(0), int64(0)
	if err := x.Check(t.Context(), func(d, a int64) { calls, done, all = calls+1, d, a }); err != nil {
		t.Fatal(err)
	}
	if calls < 2 || done != 5001 || all != 5001 {
		t.Errorf("%d calls of progress, the last one with %d of %d", calls, done, all)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := x.Check(cancelled, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Check: %v", err)
	}
}

// TestInspectOrder: classes come in the order of their rules, which is another one than they were made in: a log that
// is opened with the rules that Info lists has the rules that it had.
func TestInspectOrder(t *testing.T) {
	dir := t.TempDir()
	b, c := rule("b", eventlog.Retention{MaxRecords: 9}), rule("c", eventlog.Retention{})
	n, gone := newestOf("n"), rule("gone", eventlog.Retention{})
	for _, rules := range [][]disk.Rule{{gone, b}, {gone, c, b}, {n, c, b}} {
		l := open(t, dir, disk.Options{Rules: rules})
		add(t, l, update("gone", "1"), update("c", "2"))
		closeLog(t, l)
	}
	info, err := inspect(t, dir).Info()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, class := range info.Classes {
		got = append(got, strings.Join(class.Topics, " "))
	}
	if diff := cmp.Diff([]string{"", "exact:n", "exact:c", "exact:b", "(no rule)"}, got); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

// TestPurge: what is erased is gone from the log and from its tables, and subscribers are told.
func TestPurge(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{Rules: []disk.Rule{newestOf("n")}})
	add(t, l, numbered(1, 10)...)
	add(t, l, eventlog.Update{Topics: []string{"a"}, ID: "secret", Data: "SECRET"}, update("n", "SECRET value"))
	behind := add(t, l, numbered(21, 10)...)

	erased, err := l.Purge(t.Context(), func(r *eventlog.Record) bool { return strings.HasPrefix(r.Data, "SECRET") })
	if err != nil || erased != 2 {
		t.Fatalf("Purge = %d, %v", erased, err)
	}
	for _, r := range readTold(t, l) {
		if strings.Contains(r.Data, "SECRET") {
			t.Errorf("%v is still there", r.Position)
		}
	}
	if v := verdict(t, l, "id-5", everything); v.Kind != eventlog.Gap || v.Why != eventlog.GapRetention {
		t.Errorf("a cursor before what was erased: %+v", v)
	}
	if v := verdict(t, l, "secret", everything); v.Kind != eventlog.Gap || v.Why != eventlog.GapUnknownID {
		t.Errorf("the cursor that was erased: %+v", v)
	}
	if v := verdict(t, l, behind[0].ID, everything); v.Kind != eventlog.Resumed {
		t.Errorf("a cursor behind what was erased: %+v", v)
	}
	if erased, err := l.Purge(t.Context(), func(*eventlog.Record) bool { return false }); erased != 0 || err != nil {
		t.Errorf("Purge of nothing = %d, %v", erased, err)
	}
	add(t, l, update("n", "next")) // its forerunner is not there any more
	closeLog(t, l)
	if err := inspect(t, dir).Check(t.Context(), nil); err != nil {
		t.Errorf("Check after a purge: %v", err)
	}
}

func readTold(t *testing.T, l eventlog.Log) []*eventlog.Record {
	t.Helper()
	chunk, err := l.Read(t.Context(), eventlog.ReadRequest{To: l.Head(), Told: l.Head(), Filter: everything})
	if err != nil {
		t.Fatal(err)
	}
	return chunk.Records
}

// TestReadOnly: single offsets, as of the newest values, in chunks.
func TestReadOnly(t *testing.T) {
	l := open(t, t.TempDir(), disk.Options{Rules: []disk.Rule{newestOf("n")}})
	for i := range 10 {
		add(t, l, update("a", fmt.Sprint(i)), update("n", fmt.Sprint(i)))
	}
	r := eventlog.ReadRequest{Only: []uint64{1, 2, 5, 19, 20, 99}, To: 100, Filter: everything, MaxBytes: 1}
	var got []uint64
	for r.After < l.Head() {
		chunk, err := l.Read(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(chunk.Records) > 1 {
			t.Errorf("a chunk of %d records", len(chunk.Records))
		}
		for _, record := range chunk.Records {
			got = append(got, record.Position.Offset)
		}
		r.After = chunk.ScannedTo
	}
	if diff := cmp.Diff([]uint64{1, 5, 19, 20}, got); diff != "" { // 2 was replaced
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPurgeWithOtherRules: what is erased leaves nothing behind that looks like damage, though the rule under which it
// was the newest value is gone.
func TestPurgeWithOtherRules(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, "log", disk.On(fs, disk.Options{Rules: []disk.Rule{newestOf("n")}}))
	add(t, l, update("n", "1"), update("n", "2"))
	closeLog(t, l)
	l = open(t, "log", disk.On(fs, disk.Options{}))
	n, err := l.Purge(t.Context(), func(*eventlog.Record) bool { return true })
	if n != 1 || err != nil {
		t.Fatalf("Purge: %d, %v", n, err)
	}
	isSound(t, fs, l)
}
