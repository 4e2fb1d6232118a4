package eventlog

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/topic"
)

func offsetsOf(records []*Record) []uint64 {
	list := make([]uint64, 0, len(records))
	for _, r := range records {
		list = append(list, r.Position.Offset)
	}
	return list
}

// TestByTopicAgainstModel: whatever a log in memory has kept, reading exact topics gives what a look at every record
// gives, and nothing is left in the index of what was dropped.
func TestByTopicAgainstModel(t *testing.T) {
	names := []string{"a", "b", "ab", "c"}
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		m, err := NewMemory(Retention{MaxRecords: rapid.IntRange(1, 20).Draw(t, "kept")})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 40).Draw(t, "updates") {
			e := Entry{
				Update:   Update{Topics: rapid.SliceOfN(rapid.SampledFrom(names), 1, 3).Draw(t, "topics")},
				Presence: rapid.IntRange(0, 4).Draw(t, "presence") == 0,
			}
			e.Private = rapid.IntRange(0, 3).Draw(t, "private") == 0
			if _, err := m.Append(ctx, []Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		all := slices.Concat(m.updates.records, m.presence.records)
		slices.SortFunc(all, func(a, b *Record) int { return int(a.Position.Offset) - int(b.Position.Offset) })

		held := map[string]int{}
		for _, r := range all {
			for _, name := range slices.Compact(slices.Sorted(slices.Values(r.Topics))) {
				held[name]++
			}
		}
		if diff := cmp.Diff(held, m.topics.Topics()); diff != "" {
			t.Errorf("records of each topic in the index (-want +got):\n%s", diff)
		}

		filter := &Filter{Matchers: topic.Matchers{}}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(append(names, "never")), 0, 3).Draw(t, "matchers") {
			filter.Matchers = append(filter.Matchers, topic.Exact(name))
		}
		selected := []*Record{}
		for _, r := range all {
			if filter.Match(&r.Update) {
				selected = append(selected, r)
			}
		}
		floor := m.Floor() - 1
		read, err := m.Read(ctx, ReadRequest{After: floor, To: m.head, Told: floor, Filter: filter})
		if err != nil || read.ScannedTo < m.head {
			t.Fatalf("read to %d of %d: %v", read.ScannedTo, m.head, err)
		}
		above := slices.DeleteFunc(slices.Clone(selected), func(r *Record) bool { return r.Position.Offset <= floor })
		if diff := cmp.Diff(offsetsOf(above), offsetsOf(read.Records)); diff != "" {
			t.Errorf("read behind %d (-want +got):\n%s", floor, diff)
		}
		n := rapid.IntRange(1, 5).Draw(t, "newest")
		after, err := m.Newest(ctx, filter, n)
		if err != nil {
			t.Fatal(err)
		}
		newest := slices.DeleteFunc(slices.Clone(selected), func(r *Record) bool { return r.Position.Offset <= after })
		if len(newest) != min(n, len(selected)) {
			t.Errorf("behind %d lie %d, want the newest %d of %d", after, len(newest), n, len(selected))
		}
	})
}
