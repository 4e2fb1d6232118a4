package logtest

import (
	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
)

// compare checks that a record holds the update that was appended.
func compare(t tb, got *eventlog.Record, want eventlog.Update) {
	t.Helper()
	if diff := cmp.Diff(want, got.Update); diff != "" {
		t.Errorf("record %v (-appended +got):\n%s", got.Position, diff)
	}
}

// compareAll checks that records were read as they were appended, and nothing else was.
func compareAll(t tb, want, got []*eventlog.Record) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Position != want[i].Position {
			t.Fatalf("record %d is %v, want %v", i, got[i].Position, want[i].Position)
		}
		if diff := got[i].Time.Sub(want[i].Time).Abs(); diff > 1e9 {
			t.Errorf("record %v was appended at %v, said to be at %v", got[i].Position, want[i].Time, got[i].Time)
		}
		compare(t, got[i], want[i].Update)
	}
}
