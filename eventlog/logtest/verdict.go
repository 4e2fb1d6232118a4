package logtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func (h *history) verdict(t tb, cursor string, f *eventlog.Filter) eventlog.Verdict {
	t.Helper()
	v, err := h.log.Verdict(t.Context(), eventlog.ParseCursor(cursor), f)
	if err != nil {
		t.Fatalf("Verdict(%q): %v", cursor, err)
	}
	return v
}

func testVerdict(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, named("first"), update("2"))
	h.append(t, eventlog.Update{Topics: []string{"a"}, ID: "secret", Private: true}, update("4"), named("first"))
	at := func(i int) eventlog.Position { return h.records[i].Position }
	above := eventlog.Position{Epoch: at(4).Epoch, Offset: at(4).Offset + 1}
	resumed := func(after uint64) eventlog.Verdict { return eventlog.Verdict{Kind: eventlog.Resumed, After: after} }
	gap := func(why eventlog.GapReason) eventlog.Verdict { return eventlog.Verdict{Kind: eventlog.Gap, Why: why} }
	tests := []struct {
		name   string
		cursor string
		want   eventlog.Verdict
	}{
		{"none", "", eventlog.Verdict{Kind: eventlog.Fresh, After: at(4).Offset}},
		{"earliest", "earliest", resumed(0)},
		{"before the first update", h.log.Lineage().At(0).String(), resumed(0)},
		{"an update", at(1).String(), resumed(at(1).Offset)},
		{"an update with its publisher's id", at(0).String(), resumed(at(0).Offset)},
		{"a private update", at(2).String(), resumed(at(2).Offset)},
		{"the head", at(4).String(), resumed(at(4).Offset)},
		{"above the head", above.String(), gap(eventlog.GapLineage)},
		{"another epoch", "#someother1.1", gap(eventlog.GapLineage)},
		{"another epoch, before its first update", "#someother1.0", gap(eventlog.GapLineage)},
		{"the publisher's id", "secret", resumed(at(2).Offset)},
		{"the publisher's id, used twice", "first", resumed(at(0).Offset)},
		{"an id with blanks around it", " secret\t", resumed(at(2).Offset)},
		{"an unknown id", "never", gap(eventlog.GapUnknownID)},
		{"almost a position", "#nonsense", gap(eventlog.GapUnknownID)},
	}
	for _, filter := range []struct {
		name string
		*eventlog.Filter
	}{
		{"everything", everything},
		{"public only", &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}}},
		{"nothing", nothing},
	} {
		for _, tt := range tests {
			t.Run(tt.name+", reading "+filter.name, func(t *testing.T) {
				if diff := cmp.Diff(tt.want, h.verdict(t, tt.cursor, filter.Filter)); diff != "" {
					t.Errorf("Verdict(%q) (-want +got):\n%s", tt.cursor, diff)
				}
			})
		}
	}
}

// testVerdictTrimmed: between what was dropped and what is left.
func testVerdictTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, named("old"), update("2"), update("3"))
	h.dropAll(t)
	last := h.records[2].Position
	if v := h.verdict(t, last.String(), everything); v.Kind != eventlog.Resumed || v.After != last.Offset {
		t.Errorf("everything was dropped, but nothing behind the cursor: %+v", v)
	}
	h.append(t, named("new"), update("5"))
	floor := h.log.Floor()
	at := func(i int) string { return h.records[i].Position.String() }
	tests := []struct {
		name   string
		cursor string
		kind   eventlog.VerdictKind
		after  uint64
		why    []eventlog.GapReason
	}{
		{"none", "", eventlog.Fresh, h.head(), nil},
		{"earliest", "earliest", eventlog.Resumed, floor - 1, nil},
		{"before the first update", h.log.Lineage().At(0).String(), eventlog.Gap, floor - 1, []eventlog.GapReason{eventlog.GapRetention}},
		{"a dropped update", at(0), eventlog.Gap, floor - 1, []eventlog.GapReason{eventlog.GapRetention}},
		{"before the last dropped update", at(1), eventlog.Gap, floor - 1, []eventlog.GapReason{eventlog.GapRetention}},
		{"the last dropped update", at(2), eventlog.Resumed, last.Offset, nil},
		{"an update that is left", at(3), eventlog.Resumed, h.records[3].Position.Offset, nil},
		{"the head", at(4), eventlog.Resumed, h.head(), nil},
		{"a dropped id", "old", eventlog.Gap, floor - 1, []eventlog.GapReason{eventlog.GapUnknownID, eventlog.GapRetention}},
		{"an id that is left", "new", eventlog.Resumed, h.records[3].Position.Offset, nil},
		{"another epoch", "#someother1.2", eventlog.Gap, floor - 1, []eventlog.GapReason{eventlog.GapLineage}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h.checkVerdict(t, h.verdict(t, tt.cursor, everything), tt.kind, tt.after, tt.why)
		})
	}
}

func (h *history) checkVerdict(t tb, v eventlog.Verdict, kind eventlog.VerdictKind, after uint64, why []eventlog.GapReason) {
	t.Helper()
	if v.Kind != kind {
		t.Fatalf("verdict %+v, want %v", v, kind)
	}
	if kind != eventlog.Gap {
		if v.Why != eventlog.GapNone {
			t.Errorf("no gap, but the reason %v of one", v.Why)
		}
		if v.After != after {
			t.Errorf("the stream begins behind %d, want %d", v.After, after)
		}
		return
	}
	found := false
	for _, w := range why {
		found = found || v.Why == w
	}
	if !found {
		t.Errorf("the gap's reason is %v, want one of %v", v.Why, why)
	}
	if v.After+1 < h.log.Floor() || len(h.wanted(everything, 0, v.After)) > 0 {
		t.Errorf("after a gap the stream begins behind %d, with floor %d", v.After, h.log.Floor())
	}
}
