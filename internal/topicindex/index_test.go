package topicindex_test

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/internal/topicindex"
	"github.com/tidings-hub/tidings/topic"
)

// entry is something in a log.
type entry struct {
	offset uint64
	topics []string
}

func (e *entry) Offset() uint64 { return e.offset }

type index = topicindex.Index[*entry]

// matchersOf asks for exact topics.
func matchersOf(names ...string) (ms topic.Matchers) {
	for _, name := range names {
		ms = append(ms, topic.Exact(name))
	}
	return ms
}

// rest returns the offsets of what a merge has left.
func rest(m topicindex.Merge[*entry]) (offsets []uint64) {
	for e, ok := m.Next(); ok; e, ok = m.Next() {
		offsets = append(offsets, e.offset)
	}
	return offsets
}

// TestAgainstScan: whatever was added and dropped, wherever it lay, an index has what a look at every entry finds, in
// both directions, each once and in order.
func TestAgainstScan(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	rapid.Check(t, func(t *rapid.T) {
		x := index{}
		var all []*entry
		offset := uint64(0)
		for range rapid.IntRange(0, 60).Draw(t, "entries") {
			offset += rapid.Uint64Range(1, 3).Draw(t, "step")
			e := &entry{offset, rapid.SliceOfN(rapid.SampledFrom(names), 1, 4).Draw(t, "topics")}
			x.Add(e.topics, e)
			all = append(all, e)
			for len(all) > 0 && rapid.IntRange(0, 3).Draw(t, "drop") == 0 {
				at := 0
				if rapid.Bool().Draw(t, "amid") {
					at = rapid.IntRange(0, len(all)-1).Draw(t, "at")
				}
				x.Drop(all[at].topics, all[at])
				all = slices.Delete(all, at, at+1)
			}
		}
		held := map[string]int{}
		for _, e := range all {
			for _, name := range slices.Compact(slices.Sorted(slices.Values(e.topics))) {
				held[name]++
			}
		}
		if diff := cmp.Diff(held, x.Topics()); diff != "" {
			t.Fatalf("entries of each topic (-want +got):\n%s", diff)
		}

		asked := rapid.SliceOfN(rapid.SampledFrom(append(names, "never")), 0, 12).Draw(t, "asked")
		edge := rapid.Uint64Range(0, offset+1).Draw(t, "edge")
		var before, behind []uint64
		for _, e := range all {
			if !slices.ContainsFunc(e.topics, func(name string) bool { return slices.Contains(asked, name) }) {
				continue
			}
			if e.offset > edge {
				behind = append(behind, e.offset)
			} else {
				before = append(before, e.offset)
			}
		}
		slices.Reverse(before)
		for _, back := range []bool{false, true} {
			merge, exact := x.Select(nil, matchersOf(asked...))
			if !exact {
				t.Fatal("exact topics are said to be more than that")
			}
			want := behind
			if back {
				merge.Backward(edge)
				want = before
			} else {
				merge.Forward(edge)
			}
			if diff := cmp.Diff(want, rest(merge)); diff != "" {
				t.Errorf("of %q beyond %d, backward %v (-want +got):\n%s", asked, edge, back, diff)
			}
		}
	})
}

func TestSelectMoreThanExact(t *testing.T) {
	compiler, err := topic.NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	template, err := compiler.Template("a/{x}")
	if err != nil {
		t.Fatal(err)
	}
	if _, exact := (index{}).Select(nil, append(matchersOf("a"), template)); exact {
		t.Error("a template is taken for an exact topic")
	}
}

// TestPinsNoText: a topic may be a part of a publisher's whole request, which is to go with its entry.
func TestPinsNoText(t *testing.T) {
	request := "topic=a&data=and so on"
	x := index{}
	x.Add([]string{request[6:7]}, &entry{offset: 1})
	for name := range x {
		if name != "a" || unsafe.StringData(name) == unsafe.StringData(request[6:7]) {
			t.Errorf("the index has %q as it lies in the request", name)
		}
	}
}

// TestLetsGo: no array behind a list holds what was dropped.
func TestLetsGo(t *testing.T) {
	x := index{}
	var added []*entry
	for i := range uint64(9) {
		added = append(added, &entry{offset: i + 1})
		x.Add([]string{"a"}, added[i])
	}
	array := topicindex.Entries(x, "a")
	for _, at := range []int{0, 1, 4} {
		x.Drop([]string{"a"}, added[at])
	}
	dropped := []*entry{added[0], added[1], added[4]}
	for place, e := range array[:cap(array)] {
		if e != nil && slices.Contains(dropped, e) {
			t.Errorf("place %d of the array holds what was at %d", place, e.offset)
		}
	}
}

// TestReadingAllocatesNothing: of up to as many topics as there is room for.
func TestReadingAllocatesNothing(t *testing.T) {
	x := index{}
	for i := range uint64(100) {
		x.Add([]string{"a", "b"}, &entry{offset: i + 1})
	}
	matchers := matchersOf("a", "b")
	if n := testing.AllocsPerRun(100, func() {
		var room [8]topicindex.Run[*entry]
		merge, _ := x.Select(room[:0], matchers)
		merge.Forward(10)
		for _, ok := merge.Next(); ok; _, ok = merge.Next() {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
