package logtest

import (
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

func entry(key, data string) eventlog.Entry {
	return eventlog.Entry{Key: key, Update: eventlog.Update{Topics: []string{"a"}, ID: "id of " + key, Data: data}}
}

// outcome is what should become of an entry.
type outcome struct {
	entry eventlog.Entry
	// sameAs is the number of the outcome, over all batches, that the entry repeats; -1 if it is appended itself.
	sameAs   int
	conflict bool
}

const appended = -1

// testKeys: an update under a key that was used is not appended again; another update under it is refused.
func testKeys(t *testing.T, open Open) {
	unnamed := eventlog.Entry{Key: "unnamed", Update: update("1")}
	for _, tt := range []struct {
		name    string
		batches [][]outcome
	}{
		{"no key", [][]outcome{{{entry("", "1"), appended, false}, {entry("", "1"), appended, false}}, {{entry("", "1"), appended, false}}}},
		{"two keys", [][]outcome{{{entry("k", "1"), appended, false}, {entry("l", "1"), appended, false}}}},
		{"again", [][]outcome{{{entry("k", "1"), appended, false}}, {{entry("k", "1"), 0, false}}, {{entry("k", "1"), 0, false}}}},
		{"again in one batch", [][]outcome{{{entry("k", "1"), appended, false}, {entry("l", "2"), appended, false}, {entry("k", "1"), 0, false}}}},
		{"again, among others", [][]outcome{
			{{entry("", "0"), appended, false}, {entry("k", "1"), appended, false}},
			{{entry("l", "2"), appended, false}, {entry("k", "1"), 1, false}, {entry("", "3"), appended, false}},
		}},
		{"another update", [][]outcome{{{entry("k", "1"), appended, false}}, {{entry("k", "2"), appended, true}, {entry("k", "1"), 0, false}}}},
		{"another update in one batch", [][]outcome{{{entry("k", "1"), appended, false}, {entry("k", "2"), appended, true}}}},
		{"no id of the publisher's", [][]outcome{{{unnamed, appended, false}}, {{unnamed, 0, false}}}},
		{"a key that holds anything", [][]outcome{{{entry("\x00 é\n", "1"), appended, false}}, {{entry("\x00 é\n", "1"), 0, false}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := begin(t, open, keepAll)
			var all []eventlog.Appended
			for _, batch := range tt.batches {
				var entries []eventlog.Entry
				for _, o := range batch {
					entries = append(entries, o.entry)
				}
				got := h.appendEntries(t, entries...)
				all = append(all, got...)
				for i, o := range batch {
					checkOutcome(t, o, got[i], all)
				}
			}
			compareAll(t, h.records, h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything}))
		})
	}
}

func checkOutcome(t *testing.T, want outcome, got eventlog.Appended, all []eventlog.Appended) {
	t.Helper()
	switch {
	case want.conflict:
		if !got.Conflict || got.Repeated || got.Record != nil {
			t.Errorf("another update under key %q: %+v", want.entry.Key, got)
		}
	case want.sameAs == appended:
		if got.Conflict || got.Repeated {
			t.Errorf("first update under key %q: %+v", want.entry.Key, got)
		}
	default:
		first := all[want.sameAs].Record
		if !got.Repeated || got.Conflict || got.Record == nil {
			t.Fatalf("the same update under key %q: %+v", want.entry.Key, got)
		}
		if got.Record.Position != first.Position || got.Record.ID != first.ID {
			t.Errorf("the key %q stands for %v %q, want %v %q", want.entry.Key, got.Record.Position, got.Record.ID, first.Position, first.ID)
		}
	}
}

// appendEntries appends a batch of entries with keys.
func (h *history) appendEntries(t tb, entries ...eventlog.Entry) []eventlog.Appended {
	t.Helper()
	got, err := h.log.Append(t.Context(), entries)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	if len(got) != len(entries) {
		t.Fatalf("Append of %d entries returned %d", len(entries), len(got))
	}
	h.records = append(h.records, records(got)...)
	if head := h.log.Head(); head != h.head() {
		t.Errorf("Head() = %d, want %d", head, h.head())
	}
	return got
}

// testKeysTrimmed: keys are remembered as long as the rule by age keeps the records, and not for ever.
func testKeysTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.appendEntries(t, entry("k", "1"))
	if err := h.log.Trim(t.Context(), time.Now().Add(keepAll.MaxAge/2)); err != nil {
		t.Fatal(err)
	}
	if got := h.appendEntries(t, entry("k", "1")); !got[0].Repeated {
		t.Errorf("the key was forgotten before its time: %+v", got[0])
	}
	h.dropAll(t)
	if got := h.appendEntries(t, entry("k", "2")); got[0].Repeated || got[0].Conflict {
		t.Errorf("the key is still remembered: %+v", got[0])
	}
}
