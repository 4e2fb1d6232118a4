package logtest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
)

// testTrimByAge: the time is the one that is passed in, and nothing that is young enough at that time goes.
func testTrimByAge(t *testing.T, open Open) {
	h := begin(t, open, eventlog.Retention{MaxAge: time.Hour})
	h.append(t, update("1"), update("2"), update("3"))
	last := h.records[2].Time
	for _, age := range []time.Duration{-time.Hour, 0, time.Minute, time.Hour - time.Second} {
		if err := h.log.Trim(t.Context(), last.Add(age)); err != nil {
			t.Fatal(err)
		}
		if floor := h.log.Floor(); floor > h.records[2].Position.Offset {
			t.Fatalf("Floor() = %d: the last record was dropped at the age of %v", floor, age)
		}
	}
	compareAll(t, h.kept(), h.readAll(t, eventlog.ReadRequest{After: h.log.Floor() - 1, To: toHead, Filter: everything}))
	h.dropAll(t)
}

func testTrimEverything(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	for round := range 3 {
		h.append(t, update(fmt.Sprint(round)), update("more"))
		head := h.log.Head()
		h.dropAll(t)
		h.dropAll(t)
		if h.log.Head() != head {
			t.Errorf("Head() = %d after a trim, %d before", h.log.Head(), head)
		}
		chunk, err := h.log.Read(t.Context(), eventlog.ReadRequest{After: head, To: toHead, Filter: everything})
		if err != nil || len(chunk.Records) > 0 || chunk.ScannedTo != head {
			t.Errorf("Read behind the head of a log that holds nothing = %+v, %v", chunk, err)
		}
		want := eventlog.Verdict{Kind: eventlog.Resumed, After: head, Told: head}
		if diff := cmp.Diff(want, h.verdict(t, "earliest", everything)); diff != "" {
			t.Errorf("verdict on earliest (-want +got):\n%s", diff)
		}
	}
}

// testTrimByNumberAndSize: what the rules keep stays, and a log does not grow for ever.
func testTrimByNumberAndSize(t *testing.T, open Open) {
	text := strings.Repeat("x", 1000)
	for _, tt := range []struct {
		name  string
		rules eventlog.Retention
		keeps int // at least
	}{
		{"number", eventlog.Retention{MaxRecords: 10}, 10},
		{"one", eventlog.Retention{MaxRecords: 1}, 1},
		{"size", eventlog.Retention{MaxBytes: 20_000}, 10}, // a record costs less than 2,000
		{"size of less than a record", eventlog.Retention{MaxBytes: 1}, 1},
		{"the stricter of two", eventlog.Retention{MaxRecords: 1_000_000, MaxBytes: 20_000}, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := begin(t, open, tt.rules)
			const enough = 10_000
			for i := 0; h.log.Floor() == 1; i++ {
				if i == enough {
					t.Fatalf("%d records of 1,000 bytes were appended under %+v and none was dropped", enough, tt.rules)
				}
				h.append(t, update(text))
			}
			for range 30 {
				floor := h.log.Floor()
				h.append(t, update(text))
				if got := h.log.Floor(); got < floor {
					t.Fatalf("the floor fell from %d to %d", floor, got)
				}
				if got := len(h.kept()); got < tt.keeps {
					t.Fatalf("%d records are left, %d are to be kept", got, tt.keeps)
				}
			}
			compareAll(t, h.kept(), h.readAll(t, eventlog.ReadRequest{After: h.log.Floor() - 1, To: toHead, Filter: everything}))
		})
	}
}
