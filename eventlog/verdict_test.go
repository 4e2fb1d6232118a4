package eventlog_test

import (
	"errors"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

// TestJudge covers what no log in memory can show: cursors of several terms, and a log that cannot look up.
func TestJudge(t *testing.T) {
	const head, oldest, floor = 15, 3, 6
	find := func(id string) (uint64, bool, error) {
		switch id {
		case "kept":
			return 12, true, nil
		case "last dropped":
			return floor - 1, true, nil
		case "dropped":
			return 2, true, nil
		case "had":
			return 4, true, nil
		}
		return 0, false, nil
	}
	resumed := func(after uint64) eventlog.Verdict { return eventlog.Verdict{Kind: eventlog.Resumed, After: after} }
	gap := func(why eventlog.GapReason) eventlog.Verdict {
		return eventlog.Verdict{Kind: eventlog.Gap, After: oldest - 1, Told: floor - 1, Why: why}
	}
	gapBehind := func(had uint64, why eventlog.GapReason) eventlog.Verdict {
		return eventlog.Verdict{Kind: eventlog.Gap, After: had, Told: floor - 1, Why: why}
	}
	tests := []struct {
		name   string
		cursor string
		want   eventlog.Verdict
	}{
		{"none", "", eventlog.Verdict{Kind: eventlog.Fresh, After: head}},
		{"earliest", "earliest", eventlog.Verdict{Kind: eventlog.Resumed, After: oldest - 1, Told: floor - 1}},
		{"older term", "#a.8", resumed(8)},
		{"end of the older term", "#a.10", resumed(10)},
		{"lost part of the older term", "#a.11", gapBehind(10, eventlog.GapLineage)},
		{"present term", "#b.11", resumed(11)},
		{"present term, above the head", "#b.16", gap(eventlog.GapLineage)},
		{"unknown term", "#c.8", gap(eventlog.GapLineage)},
		{"just above what was dropped", "#a.5", resumed(5)},
		{"last update dropped", "#a.4", gapBehind(4, eventlog.GapRetention)},
		{"all that is left was not had", "#a.1", gap(eventlog.GapRetention)},
		{"dropped, and lost", "#c.4", gap(eventlog.GapLineage)},
		{"id", "kept", resumed(12)},
		{"id, still known, of the last update that was dropped", "last dropped", resumed(5)},
		{"id, still known, of an update that was dropped", "dropped", gap(eventlog.GapRetention)},
		{"id, still known, between what is left", "had", gapBehind(4, eventlog.GapRetention)},
		{"unknown id", "never", gap(eventlog.GapUnknownID)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := eventlog.Judge(eventlog.ParseCursor(tt.cursor), eventlog.Extent{
				Lineage: restored, Head: head, Oldest: oldest, Floor: floor,
			}, find)
			if err != nil || got != tt.want {
				t.Errorf("Judge(%q) = %+v, %v; want %+v", tt.cursor, got, err, tt.want)
			}
		})
	}
}

func TestJudgeReturnsTheErrorOfFind(t *testing.T) {
	broken := errors.New("broken")
	find := func(string) (uint64, bool, error) { return 0, false, broken }
	extent := eventlog.Extent{Lineage: oneTerm, Head: 5, Oldest: 1, Floor: 1}
	v, err := eventlog.Judge(eventlog.ParseCursor("id"), extent, find)
	if !errors.Is(err, broken) || v != (eventlog.Verdict{}) {
		t.Errorf("Judge = %+v, %v", v, err)
	}
	if v, err := eventlog.Judge(eventlog.ParseCursor("#a.3"), extent, find); err != nil || v.After != 3 {
		t.Errorf("Judge of a position, which needs no look-up = %+v, %v", v, err)
	}
}

func TestVerdictNames(t *testing.T) {
	want := map[eventlog.VerdictKind]string{
		eventlog.Fresh: "fresh", eventlog.Resumed: "resumed", eventlog.Gap: "gap", eventlog.Compacted: "compacted",
		eventlog.Compacted + 1: "unknown",
	}
	for kind, name := range want {
		if kind.String() != name {
			t.Errorf("verdict %d is called %q, want %q", kind, kind, name)
		}
	}
}

func TestGapReasonNames(t *testing.T) {
	reasons := eventlog.GapReasons()
	seen := map[string]bool{"unknown": true, eventlog.GapNone.String(): true}
	for i, r := range reasons {
		if int(r) != i+1 {
			t.Errorf("reason %d is number %d of the list: one is missing or stands twice", r, i)
		}
		if seen[r.String()] {
			t.Errorf("reason %d has the name %q, which is taken", r, r)
		}
		seen[r.String()] = true
	}
	if beyond := reasons[len(reasons)-1] + 1; beyond.String() != "unknown" {
		t.Errorf("reason %q is not in the list", beyond)
	}
}
