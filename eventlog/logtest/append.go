package logtest

import (
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

func testEmpty(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	if head, floor := h.log.Head(), h.log.Floor(); head != 0 || floor != 1 {
		t.Errorf("an empty log has head %d and floor %d, want 0 and 1", head, floor)
	}
	chunk, err := h.log.Read(t.Context(), eventlog.ReadRequest{To: toHead, Filter: everything})
	if err != nil || len(chunk.Records) > 0 || chunk.ScannedTo != 0 {
		t.Errorf("Read = %+v, %v", chunk, err)
	}
	after, err := h.log.Newest(t.Context(), everything, 10)
	if err != nil || after != 0 {
		t.Errorf("Newest = %d, %v", after, err)
	}
	if err := h.log.Trim(t.Context(), time.Now().Add(farAhead)); err != nil {
		t.Errorf("Trim: %v", err)
	}
	if head, floor := h.log.Head(), h.log.Floor(); head != 0 || floor != 1 {
		t.Errorf("an empty log that was trimmed has head %d and floor %d, want 0 and 1", head, floor)
	}
	if l := h.log.Lineage(); len(l) == 0 || l.Current() == "" || l.At(0).Offset != 0 {
		t.Errorf("Lineage() = %v", l)
	}
}

func testAppend(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, update("1"))
	h.append(t, update("2"), update("3"), update("4"))
	h.append(t, update("5"))
	got := h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything})
	compareAll(t, h.records, got)
	if floor := h.log.Floor(); floor != 1 {
		t.Errorf("Floor() = %d, though nothing was dropped", floor)
	}
	for i := 1; i < len(got); i++ {
		if got[i].Time.Before(got[i-1].Time) {
			t.Errorf("time runs backwards from %v to %v", got[i-1].Position, got[i].Position)
		}
	}
}

func testAppendKeepsFields(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t,
		eventlog.Update{Topics: []string{"a"}},
		eventlog.Update{Topics: []string{"b", "a", "https://example.com/größe/🗞"}, Private: true},
		eventlog.Update{Topics: []string{"a"}, ID: "urn:uuid:1", Type: "note", Data: "x", Retry: 1500 * time.Millisecond},
		eventlog.Update{Topics: []string{"a"}, ID: " blanks stay ", Type: " here too "},
		eventlog.Update{Topics: []string{"a"}, Data: "\r\n\x00 lines\nand\rnulls \n\n"},
		eventlog.Update{Topics: []string{"a"}, Data: strings.Repeat("é", 100_000)},
		eventlog.Update{Topics: []string{"a"}, Retry: -1},
	)
	compareAll(t, h.records, h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: everything}))
	for _, r := range h.records {
		want := r.ID
		if want == "" {
			want = r.Position.String()
		}
		if r.EventID() != want {
			t.Errorf("record %v with id %q is seen as %q", r.Position, r.ID, r.EventID())
		}
	}
}

func testEpochs(t *testing.T, open Open) {
	a, b := begin(t, open, keepAll), begin(t, open, keepAll)
	if a.log.Lineage().Current() == b.log.Lineage().Current() {
		t.Errorf("two logs are both in epoch %q", a.log.Lineage().Current())
	}
}
