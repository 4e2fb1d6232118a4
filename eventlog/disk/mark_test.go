package disk_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

// came and left are the entries of a subscription that begins and ends.
func came(name string) eventlog.Entry {
	return eventlog.Entry{
		Update: eventlog.Update{Topics: []string{"/subscriptions/" + name}, Private: true, Data: "came " + name}, Presence: true,
		Mark: eventlog.Mark{Key: name, Value: "of " + name},
	}
}

func left(name string) eventlog.Entry {
	return eventlog.Entry{
		Update: eventlog.Update{Topics: []string{"/subscriptions/" + name}, Private: true, Data: "left " + name}, Presence: true,
		Unmark: name,
	}
}

func appendAll(t *testing.T, l eventlog.Log, entries ...eventlog.Entry) []eventlog.Appended {
	t.Helper()
	appended, err := l.Append(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	return appended
}

func wantMarks(t *testing.T, l interface {
	Marks(context.Context) ([]eventlog.Mark, error)
}, names ...string,
) {
	t.Helper()
	got, err := l.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []eventlog.Mark{}
	for _, name := range names {
		want = append(want, eventlog.Mark{Key: name, Value: "of " + name})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

// TestMarksStay: marks outlive the process, what retention and an operator drop, and go with copies.
func TestMarksStay(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	l := open(t, at("log"), disk.Options{})
	appendAll(t, l, came("ann"), came("bob"), came("eve"), left("bob"))
	wantMarks(t, l, "ann", "eve")
	if err := l.Trim(t.Context(), time.Now().Add(1000*time.Hour)); err != nil {
		t.Fatal(err)
	}
	appendAll(t, l, came("joe"))
	if n, err := l.Purge(t.Context(), func(*eventlog.Record) bool { return true }); n != 1 || err != nil {
		t.Fatalf("Purge: %d, %v", n, err)
	}
	wantMarks(t, l, "ann", "eve", "joe")
	if err := l.Backup(at("backup")); err != nil {
		t.Fatal(err)
	}
	appendAll(t, l, left("eve"), came("sue"))
	closeLog(t, l)

	x, err := disk.Inspect(at("log"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantMarks(t, x, "ann", "joe", "sue")
	info, err := x.Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Records != 2 {
		t.Errorf("%d records: marks are none", info.Records)
	}
	if err := x.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	marks, err := x.Marks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var records []*eventlog.Record
	if err := x.Each(t.Context(), 0, func(r *eventlog.Record) error { records = append(records, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	all := func(yield func(*eventlog.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
	history := disk.History{Lineage: info.Lineage, Head: info.Head, Marks: marks}
	if _, err := disk.Restore(at("restored"), disk.Options{}, history, iter.Seq2[*eventlog.Record, error](all)); err != nil {
		t.Fatal(err)
	}
	wantMarks(t, open(t, at("log"), disk.Options{}), "ann", "joe", "sue")
	wantMarks(t, open(t, at("backup"), disk.Options{}), "ann", "eve", "joe")
	restored := open(t, at("restored"), disk.Options{})
	wantMarks(t, restored, "ann", "joe", "sue")
	for _, r := range read(t, restored, everything, info.Head-2) {
		if !r.Presence {
			t.Errorf("restored without what it was: %+v", r)
		}
	}
}

// TestMarksPowerLoss: after a power cut the marks are those of the updates that are there.
func TestMarksPowerLoss(t *testing.T) {
	for _, policy := range []disk.Sync{disk.SyncAlways, disk.SyncNever} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%v, %d", policy, seed), func(t *testing.T) {
				fs := vfs.NewCrashableMem()
				l := open(t, "log", disk.On(fs, disk.Options{Sync: policy}))
				rng := rand.New(rand.NewPCG(seed, 0))
				here := map[string]bool{}
				for i := range 200 {
					var batch []eventlog.Entry
					for j := range 1 + rng.IntN(4) {
						name := fmt.Sprintf("%d-%d", i, j)
						batch = append(batch, came(name))
						here[name] = true
					}
					for name := range here {
						if rng.IntN(4) == 0 {
							batch = append(batch, left(name))
							delete(here, name)
						}
					}
					appendAll(t, l, batch...)
				}
				fs = powerLoss(fs, seed, 50)
				closeLog(t, l)

				l = open(t, "log", disk.On(fs, disk.Options{Sync: policy}))
				told := map[string]bool{}
				for _, r := range read(t, l, everything, 0) {
					name := r.Topics[0][len("/subscriptions/"):]
					if told[name] = r.Data == "came "+name; !told[name] {
						delete(told, name)
					}
				}
				marks, err := l.Marks(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range marks {
					if !told[m.Key] {
						t.Errorf("%q is marked, and the updates say otherwise", m.Key)
					}
				}
				if len(marks) != len(told) || policy == disk.SyncAlways && len(told) != len(here) {
					t.Errorf("%d marks, %d by the updates, %d before the cut", len(marks), len(told), len(here))
				}
			})
		}
	}
}

// TestMarksAfterFailure: an entry whose outcome is unknown can be appended again when the log is back, and is there
// once.
func TestMarksAfterFailure(t *testing.T) {
	for _, tt := range []struct {
		name string
		fs   *faults
	}{
		{"sync", failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isSync(op) })},
		{"write", failing(errInjected, func(op errorfs.Op) bool { return isWAL(op.Path) && isWrite(op) })},
		{"torn write", tearing()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := open(t, "log", disk.On(tt.fs, disk.Options{}))
			appendAll(t, l, came("ann"))
			again := func(entry eventlog.Entry) {
				t.Helper()
				tt.fs.armed.Store(true)
				if _, err := l.Append(t.Context(), []eventlog.Entry{entry}); err == nil {
					t.Fatal("the failure did not happen")
				}
				tt.fs.armed.Store(false)
				wait(t, "the log opens anew", func() bool {
					_, err := l.Append(t.Context(), []eventlog.Entry{entry})
					return err == nil
				})
			}
			again(came("bob"))
			wantMarks(t, l, "ann", "bob")
			again(left("ann"))
			wantMarks(t, l, "bob")
			if tt.fs.hits.Load() == 0 {
				t.Error("nothing has failed")
			}
			var said []string
			for _, r := range read(t, l, everything, 0) {
				said = append(said, r.Data)
			}
			if diff := cmp.Diff([]string{"came ann", "came bob", "left ann"}, said); diff != "" {
				t.Errorf("the log (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPresenceClass: presence updates change nothing for those who never asked for them: not when they come, not when
// they are dropped, not when the log is opened again, with other rules.
func TestPresenceClass(t *testing.T) {
	dir := t.TempDir()
	rule := disk.Rule{Topics: topic.Matchers{topic.Exact("kept")}, Keep: eventlog.Retention{MaxRecords: 1000}}
	l := open(t, dir, disk.Options{Rules: []disk.Rule{rule}})
	first := add(t, l, update("kept", "1"), update("other", "2"))
	for i := range 100 {
		appendAll(t, l, came(fmt.Sprint(i)))
	}
	if err := l.Trim(t.Context(), time.Now().Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	strangers := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.Grant{Subscribe: topic.Matchers{topic.Exact("kept")}}}
	for range 2 {
		for _, f := range []*eventlog.Filter{exact("kept"), exact("other"), strangers} {
			if v := verdict(t, l, first[0].Position.String(), f); v.Kind != eventlog.Resumed {
				t.Errorf("Verdict for %v: %+v", f.Matchers, v)
			}
		}
		for _, f := range []*eventlog.Filter{everything, exact("/subscriptions/5")} {
			if v := verdict(t, l, first[0].Position.String(), f); v.Kind != eventlog.Gap {
				t.Errorf("Verdict for %v: %+v", f.Matchers, v)
			}
		}
		closeLog(t, l)
		l = open(t, dir, disk.Options{Rules: []disk.Rule{rule}})
	}
	if l.Head() != 102 {
		t.Errorf("the head is %d", l.Head())
	}
	closeLog(t, l)
	other := disk.Rule{Topics: topic.Matchers{topic.Exact("another")}, Keep: eventlog.Retention{MaxRecords: 10}}
	l = open(t, dir, disk.Options{Rules: []disk.Rule{other}})
	if l.Head() != 102 {
		t.Errorf("with other rules the head is %d", l.Head())
	}
	appendAll(t, l, came("again"))
	if v := verdict(t, l, first[0].Position.String(), everything); v.Kind != eventlog.Gap {
		t.Errorf("with other rules: %+v", v)
	}
}

// TestPresenceNewest: an update about who is subscribed replaces no value, even if it has its topic.
func TestPresenceNewest(t *testing.T) {
	l := open(t, t.TempDir(), disk.Options{Rules: []disk.Rule{{Topics: topic.Matchers{topic.Any()}, NewestOnly: true}}})
	value := add(t, l, update("/subscriptions/ann", "value"))
	appendAll(t, l, came("ann"), left("ann"))
	holdsAll(t, l, value)
	if err := l.Trim(t.Context(), time.Now().Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	chunk, err := l.Read(t.Context(), eventlog.ReadRequest{To: l.Head(), Told: l.Head(), Filter: everything})
	if err != nil || len(chunk.Records) != 1 || chunk.Records[0].Data != "value" {
		t.Errorf("left: %+v, %v", chunk.Records, err)
	}
}

// TestPresenceClassAndRules: the class of presence updates takes none from a rule, and no rule takes it, however often
// the rules change and whatever is empty.
func TestPresenceClassAndRules(t *testing.T) {
	dir := t.TempDir()
	later := time.Now().Add(1000 * time.Hour)
	rules := func(name string) disk.Options {
		return disk.Options{Rules: []disk.Rule{{Topics: topic.Matchers{topic.Exact(name)}, Keep: eventlog.Retention{MaxAge: time.Hour}}}}
	}
	var cursors []string
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		l := open(t, dir, rules(name))
		first := add(t, l, update(name, "1"), update(name, "2"))
		cursors = append(cursors, first[0].Position.String())
		if i%2 == 0 {
			appendAll(t, l, came(name))
		}
		if err := l.Trim(t.Context(), later); err != nil { // all classes are empty
			t.Fatal(err)
		}
		head := l.Head()
		closeLog(t, l)
		l = open(t, dir, rules("x"+name))
		if l.Head() != head {
			t.Errorf("the head was %d and is %d", head, l.Head())
		}
		for _, cursor := range cursors {
			others := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}} // no presence updates
			for _, f := range []*eventlog.Filter{everything, others} {
				if v := verdict(t, l, cursor, f); v.Kind != eventlog.Gap {
					t.Errorf("round %d, cursor %s: %+v, and all was dropped", i, cursor, v)
				}
			}
		}
		appendAll(t, l, came("x"+name))
		if got := len(read(t, l, everything, head)); got != 1 {
			t.Errorf("%d updates behind %d, want that of the presence", got, head)
		}
		closeLog(t, l)
	}
}
