package disk_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

var everything = &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}

func exact(topics ...string) *eventlog.Filter {
	f := &eventlog.Filter{Grant: topic.All()}
	for _, t := range topics {
		f.Matchers = append(f.Matchers, topic.Exact(t))
	}
	return f
}

func open(t *testing.T, dir string, o disk.Options) *disk.Log {
	t.Helper()
	l, err := disk.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeLog(t, l) })
	return l
}

func closeLog(t *testing.T, l eventlog.Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func add(t *testing.T, l eventlog.Log, updates ...eventlog.Update) []*eventlog.Record {
	t.Helper()
	records, err := tryAdd(t, l, updates...)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func tryAdd(t *testing.T, l eventlog.Log, updates ...eventlog.Update) ([]*eventlog.Record, error) {
	t.Helper()
	entries := make([]eventlog.Entry, len(updates))
	for i := range updates {
		entries[i].Update = updates[i]
	}
	appended, err := l.Append(t.Context(), entries)
	var records []*eventlog.Record
	for _, a := range appended {
		records = append(records, a.Record)
	}
	return records, err
}

func update(topic, data string) eventlog.Update {
	return eventlog.Update{Topics: []string{topic}, Data: data}
}

// numbered returns n updates whose ids and data count from first on.
func numbered(first, n int) []eventlog.Update {
	updates := make([]eventlog.Update, n)
	for i := range updates {
		s := fmt.Sprint(first + i)
		updates[i] = eventlog.Update{Topics: []string{"a"}, ID: "id-" + s, Data: s}
	}
	return updates
}

func read(t *testing.T, l eventlog.Log, f *eventlog.Filter, after uint64) []*eventlog.Record {
	t.Helper()
	chunk, err := l.Read(t.Context(), eventlog.ReadRequest{After: after, To: math.MaxUint64, Filter: f, MaxBytes: math.MaxInt})
	if err != nil {
		t.Fatal(err)
	}
	return chunk.Records
}

func verdict(t *testing.T, l eventlog.Log, cursor string, f *eventlog.Filter) eventlog.Verdict {
	t.Helper()
	v, err := l.Verdict(t.Context(), eventlog.ParseCursor(cursor), f)
	if err != nil {
		t.Fatalf("Verdict(%q): %v", cursor, err)
	}
	return v
}

// holdsAll checks that the records are in the log, where and as they were appended, and that offsets rise.
func holdsAll(t *testing.T, l eventlog.Log, want []*eventlog.Record) {
	t.Helper()
	got := map[uint64]*eventlog.Record{}
	last := uint64(0)
	for _, r := range read(t, l, everything, 0) {
		if r.Position.Offset <= last {
			t.Fatalf("offset %d follows %d", r.Position.Offset, last)
		}
		last = r.Position.Offset
		got[last] = r
	}
	for _, r := range want {
		g := got[r.Position.Offset]
		if g == nil {
			t.Fatalf("acknowledged record %v is missing", r.Position)
		}
		if g.Position != r.Position {
			t.Fatalf("record %v is now %v", r.Position, g.Position)
		}
		if diff := cmp.Diff(r.Update, g.Update); diff != "" {
			t.Fatalf("record %v (-appended +read):\n%s", r.Position, diff)
		}
	}
}

// wait polls until f reports true.
func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	deadline := time.After(20 * time.Second)
	for !f() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("waited for too long: %s", what)
		}
	}
}

// addWhenBack appends as soon as the log is available again.
func addWhenBack(t *testing.T, l eventlog.Log, u eventlog.Update) *eventlog.Record {
	t.Helper()
	var added []*eventlog.Record
	wait(t, "the log opens anew", func() bool {
		var err error
		if added, err = tryAdd(t, l, u); err != nil && !errors.Is(err, eventlog.ErrUnavailable) {
			t.Fatal(err)
		}
		return err == nil
	})
	return added[0]
}
