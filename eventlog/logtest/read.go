package logtest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func testReadBounds(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	for i := range 6 {
		h.append(t, update(fmt.Sprint(i)))
	}
	at := func(i int) uint64 { return h.records[i].Position.Offset }
	tests := []struct {
		name      string
		after, to uint64
		want      []*eventlog.Record
	}{
		{"all", 0, at(5), h.records},
		{"to beyond the head", 0, toHead, h.records},
		{"behind a record", at(2), at(5), h.records[3:]},
		{"before a record", at(2) - 1, at(5), h.records[2:]},
		{"up to a record", 0, at(2), h.records[:3]},
		{"one", at(2), at(3), h.records[3:4]},
		{"none between", at(2), at(2), nil},
		{"bounds the wrong way round", at(3), at(1), nil},
		{"behind the head", at(5), toHead, nil},
		{"above the head", at(5) + 100, toHead, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := eventlog.ReadRequest{After: tt.after, To: tt.to, Filter: everything}
			chunk, err := h.log.Read(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			compareAll(t, tt.want, chunk.Records)
			if want := max(tt.after, min(tt.to, at(5))); chunk.ScannedTo != want {
				t.Errorf("ScannedTo = %d, want %d", chunk.ScannedTo, want)
			}
		})
	}
}

func testReadMaxBytes(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	size := 0
	for i := range 20 {
		u := update(fmt.Sprintf("%0100d", i))
		size = u.Size()
		h.append(t, u)
	}
	tests := []struct {
		name     string
		maxBytes int
		first    int // records in the first chunk
	}{
		{"less than one", 1, 1},
		{"exactly one", size, 1},
		{"one byte more", size + 1, 2},
		{"exactly three", 3 * size, 3},
		{"more than there is", 100 * size, 20},
		{"the default", 0, 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := eventlog.ReadRequest{To: toHead, Filter: everything, MaxBytes: tt.maxBytes}
			chunk, err := h.log.Read(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if len(chunk.Records) != tt.first {
				t.Errorf("the first chunk has %d records, want %d", len(chunk.Records), tt.first)
			}
			compareAll(t, h.records, h.readAll(t, r))
		})
	}
}

func testReadMaxScan(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	for i := range 30 {
		u := update(fmt.Sprint(i))
		if i%10 == 9 {
			u.Topics = []string{"rare"}
		}
		h.append(t, u)
	}
	rare := &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("rare")}}
	for _, filter := range []struct {
		name string
		*eventlog.Filter
	}{{"everything", everything}, {"rare", rare}, {"nothing", nothing}} {
		for _, maxScan := range []int{1, 2, 9, 10, 29, 30, 31, 0} {
			t.Run(fmt.Sprintf("%s, %d", filter.name, maxScan), func(t *testing.T) {
				r := eventlog.ReadRequest{To: toHead, Filter: filter.Filter, MaxScan: maxScan}
				compareAll(t, h.wanted(filter.Filter, 0, toHead), h.readAll(t, r))
			})
		}
	}
	chunk, err := h.log.Read(t.Context(), eventlog.ReadRequest{To: toHead, Filter: nothing})
	if err != nil || len(chunk.Records) > 0 || chunk.ScannedTo != h.head() {
		t.Errorf("Read of nothing = %+v, %v; it must have looked up to the head, %d", chunk, err, h.head())
	}
}

func testReadPrivate(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t,
		eventlog.Update{Topics: []string{"a"}, Data: "public"},
		eventlog.Update{Topics: []string{"a"}, Data: "private", Private: true},
		eventlog.Update{Topics: []string{"b", "a"}, Data: "private, of two topics", Private: true},
		eventlog.Update{Topics: []string{"b"}, Data: "another topic"},
	)
	any, a, b := topic.Matchers{topic.Any()}, topic.Matchers{topic.Exact("a")}, topic.Matchers{topic.Exact("b")}
	tests := []struct {
		name   string
		filter eventlog.Filter
		want   []int
	}{
		{"no grant", eventlog.Filter{Matchers: any}, []int{0, 3}},
		{"a grant to publish", eventlog.Filter{Matchers: any, Grant: topic.Grant{Publish: any}}, []int{0, 3}},
		{"grant of a", eventlog.Filter{Matchers: any, Grant: topic.Grant{Subscribe: a}}, []int{0, 1, 2, 3}},
		{"grant of b", eventlog.Filter{Matchers: any, Grant: topic.Grant{Subscribe: b}}, []int{0, 2, 3}},
		{"asks for a, grant of b", eventlog.Filter{Matchers: a, Grant: topic.Grant{Subscribe: b}}, []int{0, 2}},
		{"asks for nothing, grant of everything", eventlog.Filter{Grant: topic.All()}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var want []*eventlog.Record
			for _, i := range tt.want {
				want = append(want, h.records[i])
			}
			compareAll(t, want, h.readAll(t, eventlog.ReadRequest{To: toHead, Filter: &tt.filter}))
		})
	}
}

func testReadTrimmed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, update("1"), update("2"), update("3"))
	h.dropAll(t)
	dropped := h.records
	h.append(t, update("4"), update("5"))
	floor := h.log.Floor()
	for _, filter := range []*eventlog.Filter{everything, nothing} {
		for _, after := range []uint64{0, dropped[0].Position.Offset, dropped[2].Position.Offset - 1} {
			chunk, err := h.log.Read(t.Context(), eventlog.ReadRequest{After: after, To: toHead, Filter: filter})
			trimmed, ok := errors.AsType[*eventlog.TrimmedError](err)
			if !ok {
				t.Fatalf("Read behind %d, where records were dropped: %+v, %v", after, chunk, err)
			}
			if trimmed.Floor != floor {
				t.Errorf("the error says floor %d, the log %d", trimmed.Floor, floor)
			}
		}
	}
	compareAll(t, h.records[3:], h.readAll(t, eventlog.ReadRequest{After: floor - 1, To: toHead, Filter: everything}))
}
