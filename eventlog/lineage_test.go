package eventlog_test

import (
	"fmt"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

func at(epoch eventlog.Epoch, offset uint64) eventlog.Position {
	return eventlog.Position{Epoch: epoch, Offset: offset}
}

var (
	// oneTerm is a log that was never opened again.
	oneTerm = eventlog.Lineage{{Epoch: "a", First: 1}}
	// restored is a log whose copy ended at 10; the original went on to 20 in epoch a, the copy in epoch b.
	restored = eventlog.Lineage{{Epoch: "a", First: 1}, {Epoch: "b", First: 11}}
	// idle is a log that was opened three times at head 10, of which only the last time wrote.
	idle = eventlog.Lineage{{Epoch: "a", First: 1}, {Epoch: "b", First: 11}, {Epoch: "c", First: 11}, {Epoch: "d", First: 11}}
)

func TestLineageContains(t *testing.T) {
	tests := []struct {
		name    string
		lineage eventlog.Lineage
		head    uint64
		pos     eventlog.Position
		want    bool
	}{
		{"before the first update", oneTerm, 10, at("a", 0), true},
		{"in an empty log", oneTerm, 0, at("a", 0), true},
		{"within", oneTerm, 10, at("a", 5), true},
		{"at the head", oneTerm, 10, at("a", 10), true},
		{"above the head", oneTerm, 10, at("a", 11), false},
		{"unknown epoch", oneTerm, 10, at("b", 5), false},
		{"empty epoch", oneTerm, 10, at("", 5), false},
		{"last of the common part", restored, 15, at("a", 10), true},
		{"first of the lost part", restored, 15, at("a", 11), false},
		{"lost part, above the copy's head", restored, 15, at("a", 18), false},
		{"the copy's own first", restored, 15, at("b", 11), true},
		{"the copy's own head", restored, 15, at("b", 15), true},
		{"above the copy's head", restored, 15, at("b", 16), false},
		{"common part, before the copy wrote", restored, 10, at("a", 10), true},
		{"lost part, before the copy wrote", restored, 10, at("a", 11), false},
		{"a term without updates", idle, 12, at("b", 11), false},
		{"the term that wrote", idle, 12, at("d", 11), true},
		{"before terms without updates", idle, 12, at("a", 10), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.lineage.Contains(tt.pos, tt.head); got != tt.want {
				t.Errorf("Contains(%v, %d) = %v, want %v", tt.pos, tt.head, got, tt.want)
			}
		})
	}
}

func TestLineageAt(t *testing.T) {
	tests := []struct {
		name    string
		lineage eventlog.Lineage
		offset  uint64
		want    eventlog.Epoch
	}{
		{"before the first update", oneTerm, 0, "a"},
		{"first", oneTerm, 1, "a"},
		{"yet to come", oneTerm, 1000, "a"},
		{"before the first update of several terms", restored, 0, "a"},
		{"last of the first term", restored, 10, "a"},
		{"first of the second term", restored, 11, "b"},
		{"within the second term", restored, 12, "b"},
		{"before terms without updates", idle, 10, "a"},
		{"the term that wrote", idle, 11, "d"},
		{"later in the term that wrote", idle, 12, "d"},
		{"below the oldest term that is left", eventlog.Lineage{{Epoch: "x", First: 7}}, 3, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.lineage.At(tt.offset); got != at(tt.want, tt.offset) {
				t.Errorf("At(%d) = %v, want epoch %s", tt.offset, got, tt.want)
			}
		})
	}
}

// TestLineageAtIsContained: whatever position the hub names, it honours when it comes back as a cursor.
func TestLineageAtIsContained(t *testing.T) {
	const head = 13
	for name, lineage := range map[string]eventlog.Lineage{"one term": oneTerm, "restored": restored, "idle": idle} {
		t.Run(name, func(t *testing.T) {
			for offset := range uint64(head + 1) {
				if p := lineage.At(offset); !lineage.Contains(p, head) {
					t.Errorf("At(%d) = %v, which the lineage does not contain", offset, p)
				}
			}
		})
	}
}

func TestLineageCurrent(t *testing.T) {
	for want, lineage := range map[eventlog.Epoch]eventlog.Lineage{"a": oneTerm, "b": restored, "d": idle} {
		t.Run(fmt.Sprint(lineage), func(t *testing.T) {
			if got := lineage.Current(); got != want {
				t.Errorf("Current() = %s, want %s", got, want)
			}
		})
	}
}
