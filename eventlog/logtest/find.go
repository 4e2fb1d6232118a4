package logtest

import (
	"fmt"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func (h *history) find(t tb, id string) (uint64, bool) {
	t.Helper()
	offset, found, err := h.log.Find(t.Context(), id)
	if err != nil {
		t.Fatalf("Find(%q): %v", id, err)
	}
	return offset, found
}

func named(id string) eventlog.Update { return eventlog.Update{Topics: []string{"a"}, ID: id} }

func testFind(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, named("once"), update("no id"))
	h.append(t, named("again"), named(" blanks "), named("again"))
	h.append(t, named("again"))
	tests := []struct {
		name string
		id   string
		want int // index of the record, -1 for none
	}{
		{"used once", "once", 0},
		{"used again: the first use", "again", 2},
		{"without the blanks that clients do not send back", "blanks", 3},
		{"with blanks", "\t blanks ", 3},
		{"unknown", "never", -1},
		{"other case", "Once", -1},
		{"beginning of one", "onc", -1},
		{"empty", "", -1},
		{"what updates without id are seen as", h.records[1].EventID(), -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			offset, found := h.find(t, tt.id)
			if found != (tt.want >= 0) {
				t.Fatalf("Find(%q) = %d, %v", tt.id, offset, found)
			}
			if found && offset != h.records[tt.want].Position.Offset {
				t.Errorf("Find(%q) = %d, want %d", tt.id, offset, h.records[tt.want].Position.Offset)
			}
		})
	}
}

func testFindTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, named("gone"), named("twice"))
	h.dropAll(t)
	if _, found := h.find(t, "gone"); found {
		t.Error("an id is found though its only update was dropped")
	}
	if _, found := h.find(t, "twice"); found {
		t.Error("an id is found though all its updates were dropped")
	}
	added := h.append(t, named("new"), named("twice"))
	if offset, found := h.find(t, "new"); !found || offset != added[0].Position.Offset {
		t.Errorf("Find of a new id = %d, %v; want %d", offset, found, added[0].Position.Offset)
	}
	if offset, found := h.find(t, "twice"); found && offset != added[1].Position.Offset {
		t.Errorf("Find of an id that was used before = %d, want %d or unknown", offset, added[1].Position.Offset)
	}
	if _, found := h.find(t, "gone"); found {
		t.Error("an id is found again though its only update was dropped")
	}
}

// newest checks that n records, or all if there are fewer, lie behind what Newest returns.
func (h *history) newest(t tb, f *eventlog.Filter, n int) {
	t.Helper()
	after, err := h.log.Newest(t.Context(), f, n)
	if err != nil {
		t.Fatalf("Newest(%d): %v", n, err)
	}
	want := min(n, len(h.wanted(f, 0, toHead)))
	if got := len(h.wanted(f, after, toHead)); got != want {
		t.Errorf("%d records lie behind Newest(%d) = %d, want %d", got, n, after, want)
	}
	if floor, head := h.log.Floor(), h.log.Head(); after+1 < floor || after > head {
		t.Errorf("Newest(%d) = %d, with floor %d and head %d", n, after, floor, head)
	}
}

func testNewest(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	for i := range 2500 { // more than a log might look at in one piece
		u := update(fmt.Sprint(i))
		switch {
		case i == 100 || i == 2400:
			u.Topics = []string{"rare"}
		case i%3 == 0:
			u.Private = true
		}
		h.append(t, u)
	}
	granted := topic.Grant{Subscribe: topic.Matchers{topic.Exact("a")}}
	for _, filter := range []struct {
		name string
		eventlog.Filter
	}{
		{"everything", *everything},
		{"nothing", *nothing},
		{"rare", eventlog.Filter{Matchers: topic.Matchers{topic.Exact("rare")}}},
		{"public only", eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}}},
		{"private too", eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}, Grant: granted}},
	} {
		for _, n := range []int{0, 1, 2, 3, 10, 1023, 1024, 1025, 2499, 2500, 10_000} {
			t.Run(fmt.Sprintf("%d of %s", n, filter.name), func(t *testing.T) { h.newest(t, &filter.Filter, n) })
		}
	}
}

func testNewestTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, update("1"), update("2"))
	h.dropAll(t)
	h.newest(t, everything, 5)
	h.append(t, update("3"), update("4"), update("5"))
	for _, n := range []int{1, 3, 4, 100} {
		h.newest(t, everything, n)
		h.newest(t, nothing, n)
	}
}
