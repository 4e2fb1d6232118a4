package logtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// testLatest: the newest of each topic that the reader may have, once, in order.
func testLatest(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t,
		eventlog.Update{Topics: []string{"a"}, Data: "old a"},
		eventlog.Update{Topics: []string{"b"}, Data: "b"},
		eventlog.Update{Topics: []string{"c", "d"}, Data: "c and d"},
		eventlog.Update{Topics: []string{"c"}, Data: "c"},
		eventlog.Update{Topics: []string{"a"}, Data: "a"},
		eventlog.Update{Topics: []string{"a"}, Data: "private a", Private: true},
	)
	any, a := topic.Matchers{topic.Any()}, topic.Matchers{topic.Exact("a")}
	several := topic.Matchers{topic.Exact("a"), topic.Exact("d"), topic.Exact("nothing")}
	for _, tt := range []struct {
		name   string
		filter eventlog.Filter
		limit  int
		want   []int // indexes of records
		more   bool
	}{
		{"everything, public", eventlog.Filter{Matchers: any}, 10, []int{1, 2, 3, 4}, false},
		{"everything", *everything, 10, []int{1, 2, 3, 5}, false},
		{"as many as there are", *everything, 4, []int{1, 2, 3, 5}, false},
		{"more than the limit", *everything, 2, []int{3, 5}, true},
		{"one topic", eventlog.Filter{Matchers: a}, 10, []int{4}, false},
		{"one topic, private", eventlog.Filter{Matchers: a, Grant: topic.All()}, 10, []int{5}, false},
		{"two topics of one record", eventlog.Filter{Matchers: topic.Matchers{topic.Exact("c"), topic.Exact("d")}}, 10, []int{2, 3}, false},
		{"several topics", eventlog.Filter{Matchers: several}, 10, []int{2, 4}, false},
		{"several topics, limit", eventlog.Filter{Matchers: several}, 1, []int{4}, true},
		{"nothing", *nothing, 10, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := h.log.Latest(t.Context(), &tt.filter, tt.limit)
			if err != nil {
				t.Fatal(err)
			}
			var want []uint64
			for _, i := range tt.want {
				want = append(want, h.records[i].Position.Offset)
			}
			if diff := cmp.Diff(want, got.Offsets); diff != "" && len(want)+len(got.Offsets) > 0 {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			if got.More != tt.more || got.Head != h.head() {
				t.Errorf("more %v, head %d; want %v, %d", got.More, got.Head, tt.more, h.head())
			}
			read := h.readAll(t, eventlog.ReadRequest{To: got.Head, Only: append([]uint64{}, got.Offsets...), Filter: &tt.filter})
			if len(read) != len(got.Offsets) {
				t.Errorf("%d records are read of %v", len(read), got.Offsets)
			}
		})
	}
}
