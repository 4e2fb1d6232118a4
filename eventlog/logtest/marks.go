package logtest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// presence is an update about who is subscribed.
func presence(data string) eventlog.Entry {
	return eventlog.Entry{
		Update:   eventlog.Update{Topics: []string{"/hub/subscriptions/" + data}, Private: true, Data: data},
		Presence: true,
	}
}

func marking(key, value string) eventlog.Entry {
	e := presence(value)
	e.Mark = eventlog.Mark{Key: key, Value: value}
	return e
}

func unmarking(key string) eventlog.Entry {
	e := presence("end of " + key)
	e.Unmark = key
	return e
}

// testMarks: marks are there from the batch that sets them to the one that takes them back, and what would set one
// twice, or take back one that is not there, is not appended.
func testMarks(t *testing.T, open Open) {
	var none []eventlog.Mark
	one := []eventlog.Mark{{Key: "k", Value: "1"}}
	for _, tt := range []struct {
		name    string
		batches [][]eventlog.Entry
		skipped []bool // over all batches
		want    []eventlog.Mark
	}{
		{"nothing", [][]eventlog.Entry{{entry("", "1")}}, []bool{false}, none},
		{"set", [][]eventlog.Entry{{marking("k", "1")}}, []bool{false}, one},
		{"set and taken back", [][]eventlog.Entry{{marking("k", "1")}, {unmarking("k")}}, []bool{false, false}, none},
		{"in one batch", [][]eventlog.Entry{{marking("k", "1"), unmarking("k")}}, []bool{false, false}, none},
		{"set again", [][]eventlog.Entry{{marking("k", "1")}, {marking("k", "2")}}, []bool{false, true}, one},
		{"set again in one batch", [][]eventlog.Entry{{marking("k", "1"), marking("k", "2")}}, []bool{false, true}, one},
		{"set anew", [][]eventlog.Entry{{marking("k", "2")}, {unmarking("k"), marking("k", "1")}}, []bool{false, false, false}, one},
		{"taken back twice", [][]eventlog.Entry{{marking("k", "1")}, {unmarking("k")}, {unmarking("k")}}, []bool{false, false, true}, none},
		{"taken back twice in one batch", [][]eventlog.Entry{{marking("k", "1")}, {unmarking("k"), unmarking("k")}}, []bool{false, false, true}, none},
		{"taken back, and never there", [][]eventlog.Entry{{unmarking("x"), marking("k", "1")}}, []bool{true, false}, one},
		{
			"several, in the order of their keys",
			[][]eventlog.Entry{{marking("b", "2"), marking("a\x00\xff", "1")}, {marking("", "-"), marking("c", "")}},
			[]bool{false, false, false, false},
			[]eventlog.Mark{{Key: "a\x00\xff", Value: "1"}, {Key: "b", Value: "2"}, {Key: "c"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := begin(t, open, keepAll)
			i := 0
			for _, batch := range tt.batches {
				for j, a := range h.appendEntries(t, batch...) {
					if a.Skipped != tt.skipped[i] || (a.Record == nil) != tt.skipped[i] {
						t.Errorf("entry %d of a batch: %+v, want Skipped = %t", j, a, tt.skipped[i])
					}
					i++
				}
			}
			h.marksAre(t, tt.want...)
			compareAll(t, h.records, h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything}))
		})
	}
}

func (h *history) marksAre(t tb, want ...eventlog.Mark) {
	t.Helper()
	got, err := h.log.Marks(t.Context())
	if err != nil {
		t.Fatalf("Marks: %v", err)
	}
	if diff := cmp.Diff(append([]eventlog.Mark{}, want...), append([]eventlog.Mark{}, got...)); diff != "" {
		t.Errorf("marks (-want +got):\n%s", diff)
	}
}

// testMarksTrimmed: retention drops the updates, and not the marks that came with them.
func testMarksTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.appendEntries(t, marking("k", "1"), entry("", "2"))
	h.dropAll(t)
	h.marksAre(t, eventlog.Mark{Key: "k", Value: "1"})
	if got := h.appendEntries(t, unmarking("k")); got[0].Skipped {
		t.Error("the mark could not be taken back")
	}
	h.marksAre(t)
}

// testPresence: presence updates are kept by a rule of their own, whatever their topics are, and who may have been
// sent one is told when they are dropped; nobody else is.
func testPresence(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.appendEntries(t, entry("", "1"), presence("exact/x/1"), presence("exact/y/2"), entry("", "2"))
	chunk := h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything})
	compareAll(t, h.records, chunk)
	for i, r := range chunk {
		if want := i == 1 || i == 2; r.Presence != want {
			t.Errorf("record %d has Presence = %t", i, r.Presence)
		}
	}
	cursor := h.records[0].Position
	if err := h.log.Trim(t.Context(), time.Now().Add(eventlog.PresenceRetention().MaxAge+time.Minute)); err != nil {
		t.Fatal(err)
	}
	compareAll(t, []*eventlog.Record{h.records[0], h.records[3]},
		h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything, Told: h.head()}))

	grant := func(ms ...topic.Matcher) topic.Grant { return topic.Grant{Subscribe: ms} }
	ours, other := topic.Exact("/hub/subscriptions/exact/x/1"), topic.Exact("a")
	template, err := topic.CompileTemplate("/hub/subscriptions/{type}/{match}/{id}")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		filter eventlog.Filter
		want   eventlog.VerdictKind
	}{
		{"asks for them", eventlog.Filter{Matchers: topic.Matchers{ours}, Grant: grant(ours)}, eventlog.Gap},
		{"asks for some of them", eventlog.Filter{Matchers: topic.Matchers{template}, Grant: grant(template)}, eventlog.Gap},
		{"asks for everything", *everything, eventlog.Gap},
		{"asks for them, among others", eventlog.Filter{Matchers: topic.Matchers{other, ours}, Grant: grant(other, template)}, eventlog.Gap},
		{"asks for other topics", eventlog.Filter{Matchers: topic.Matchers{other}, Grant: topic.All()}, eventlog.Resumed},
		{"may not have them", eventlog.Filter{Matchers: topic.Matchers{topic.Any()}}, eventlog.Resumed},
		{"may have other topics", eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: grant(other)}, eventlog.Resumed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if v := h.verdict(t, cursor.String(), &tt.filter); v.Kind != tt.want {
				t.Errorf("Verdict(%v): %+v, want %v", cursor, v, tt.want)
			}
			_, err := h.log.Read(t.Context(), eventlog.ReadRequest{After: cursor.Offset, To: toHead, Filter: &tt.filter})
			if lost := err != nil; lost != (tt.want == eventlog.Gap) {
				t.Errorf("Read behind %v: %v", cursor, err)
			}
		})
	}
}

// testPresenceFlood: however many there are, presence updates drop no others.
func testPresenceFlood(t *testing.T, open Open) {
	h := begin(t, open, eventlog.Retention{MaxRecords: 10})
	h.appendEntries(t, entry("", "1"), entry("", "2"))
	for range 20 {
		h.appendEntries(t, presence("x"), presence("y"))
	}
	got := h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything})
	compareAll(t, h.records, got)
	for i := range 40 {
		h.appendEntries(t, entry("", string(rune('a'+i))))
	}
	if v := h.verdict(t, h.records[0].Position.String(), &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}}); v.Kind != eventlog.Gap {
		t.Errorf("other updates were not dropped by their own rule: %+v", v)
	}
}
