package topic_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/topic"
)

// visits returns how often Match visits each subscriber.
func visits[S comparable](x *topic.Index[S], topics ...string) map[S]int {
	seen := map[S]int{}
	x.Match(topics, func(s S) { seen[s]++ })
	return seen
}

func exact(values ...string) topic.Matchers {
	ms := make(topic.Matchers, len(values))
	for i, v := range values {
		ms[i] = topic.Exact(v)
	}
	return ms
}

func TestIndexMatch(t *testing.T) {
	var x topic.Index[string]
	x.Add(exact("a"), "one")
	x.Add(exact("a", "b"), "both")
	x.Add(exact("*"), "any")
	x.Add(exact("*", "a"), "any and one")
	x.Add(exact("a", "a", "a"), "thrice the same")
	x.Add(nil, "nothing")
	tests := []struct {
		name   string
		topics []string
		want   map[string]int
	}{
		{"one topic", []string{"b"}, map[string]int{"both": 1, "any": 1, "any and one": 1}},
		{"several subscribers", []string{"a"}, map[string]int{
			"one": 1, "both": 1, "any": 1, "any and one": 2, "thrice the same": 1,
		}},
		{"several topics visit several times", []string{"a", "b"}, map[string]int{
			"one": 1, "both": 2, "any": 1, "any and one": 2, "thrice the same": 1,
		}},
		{"unknown topic", []string{"c"}, map[string]int{"any": 1, "any and one": 1}},
		{"no topic", nil, map[string]int{"any": 1, "any and one": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, visits(&x, tt.topics...)); diff != "" {
				t.Errorf("visits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIndexRemove(t *testing.T) {
	for gone := range 3 {
		t.Run("number "+strconv.Itoa(gone), func(t *testing.T) {
			var x topic.Index[int]
			entries := make([]topic.Entry[int], 3)
			for i := range entries {
				entries[i] = x.Add(exact("a", "*"), i)
			}
			x.Remove(&entries[gone])
			x.Remove(&entries[gone])
			want := map[int]int{0: 2, 1: 2, 2: 2}
			delete(want, gone)
			if diff := cmp.Diff(want, visits(&x, "a")); diff != "" {
				t.Errorf("after removing %d (-want +got):\n%s", gone, diff)
			}
			for i := range entries {
				x.Remove(&entries[i])
			}
			if got := visits(&x, "a"); len(got) > 0 {
				t.Errorf("after removing all, Match visits %v", got)
			}
		})
	}
}

func TestIndexRemoveZeroEntry(t *testing.T) {
	var x topic.Index[int]
	x.Add(exact("a"), 1)
	x.Remove(&topic.Entry[int]{})
	if diff := cmp.Diff(map[int]int{1: 1}, visits(&x, "a")); diff != "" {
		t.Errorf("visits (-want +got):\n%s", diff)
	}
}

func TestIndexFreesEmptyTopics(t *testing.T) {
	var x topic.Index[int]
	var entries []topic.Entry[int]
	for i := range 100 {
		entries = append(entries, x.Add(exact(strconv.Itoa(i), strconv.Itoa(i+1), "*"), i))
	}
	if got := x.Topics(); got != 101 {
		t.Errorf("Topics() = %d, want 101", got)
	}
	for i := range entries {
		x.Remove(&entries[i])
	}
	if got := x.Topics(); got != 0 {
		t.Errorf("Topics() = %d after all have left, want 0", got)
	}
}

// TestIndexModel plays random comings and goings against a map.
func TestIndexModel(t *testing.T) {
	values := []string{"a", "b", "c", "d", "*"}
	rapid.Check(t, func(rt *rapid.T) {
		var x topic.Index[int]
		model := map[int]topic.Matchers{}
		entries := map[int]*topic.Entry[int]{}
		next := 0
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				ms := exact(rapid.SliceOfN(rapid.SampledFrom(values), 0, 6).Draw(rt, "matchers")...)
				entry := x.Add(ms, next)
				entries[next], model[next] = &entry, ms
				next++
			},
			"remove": func(rt *rapid.T) {
				if next == 0 {
					return
				}
				s := rapid.IntRange(0, next-1).Draw(rt, "subscriber") // also one that has left
				x.Remove(entries[s])
				delete(model, s)
			},
			"": func(rt *rapid.T) {
				topics := rapid.SliceOfNDistinct(rapid.SampledFrom(values[:4]), 0, 3, rapid.ID).Draw(rt, "topics")
				if diff := cmp.Diff(naiveVisits(model, topics), visits(&x, topics...)); diff != "" {
					rt.Fatalf("Match(%q) (-want +got):\n%s", topics, diff)
				}
				if want := naiveTopics(model); x.Topics() != want {
					rt.Fatalf("Topics() = %d, want %d", x.Topics(), want)
				}
			},
		})
	})
}

func naiveVisits(model map[int]topic.Matchers, topics []string) map[int]int {
	seen := map[int]int{}
	for s, ms := range model {
		if slices.Contains(ms, topic.Any()) {
			seen[s]++
		}
		for _, t := range topics {
			if slices.Contains(ms, topic.Exact(t)) {
				seen[s]++
			}
		}
	}
	return seen
}

func naiveTopics(model map[int]topic.Matchers) int {
	values := map[string]bool{}
	for ms := range maps.Values(model) {
		for _, m := range ms {
			if m.Kind() == topic.KindExact {
				values[m.Value()] = true
			}
		}
	}
	return len(values)
}

// TestIndexMatchAllocatesNothing holds the hot path of every delivery.
func TestIndexMatchAllocatesNothing(t *testing.T) {
	var x topic.Index[int]
	for i := range 100 {
		x.Add(exact("a", "*"), i)
	}
	topics, n := []string{"a", "b"}, 0
	if got := testing.AllocsPerRun(100, func() { x.Match(topics, func(int) { n++ }) }); got > 0 {
		t.Errorf("Match allocates %v times", got)
	}
	if n == 0 {
		t.Error("nobody was visited")
	}
}
