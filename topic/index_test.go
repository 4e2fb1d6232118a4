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
	c, other := compiler(t, hubURL), compiler(t, "https://other.example/")
	texts := []string{
		"exact:a", "exact:b", "exact:chat/1", "exact:/chat/1", "exact:https://example.com/books/1", "any:*", "urlpattern:chat/:room",
		"urlpattern:/chat/*", "urlpattern:/chat/:room", "urlpattern:https://example.com/books/:id", "urlpattern:https://example.com/*",
		"urlpattern:https://*.com/:a/1", "urlpattern:*://example.com/bo*", "urlpattern:https://example.com/books/(\\d+)", "urlpattern:a",
		"urlpattern:https://example.com/books/:id?", "urlpattern:https://example.com/bookshop/:id", "template:chat/{room}",
		"template:https://example.com/{kind}/{id}", "template:{+all}", "template:{a}", "template:https://example.com/b{rest}/1",
	}
	topics := []string{
		"a", "b", "c", "chat/1", "/chat/1", "chat/{room}", "https://example.com/books/1", "https://example.com/books", "HTTPS://EXAMPLE.com/books/1",
		"https://example.com/bookshop/1", "https://other.example/chat/1", "not a : URL", "/.well-known/chat/7",
	}
	var choice []topic.Matcher
	for _, text := range texts {
		m, err := c.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		choice = append(choice, m)
	}
	for _, text := range texts[6:9] {
		m, err := other.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		choice = append(choice, m)
	}
	byPattern := 0
	rapid.Check(t, func(rt *rapid.T) {
		var x topic.Index[int]
		model := map[int]topic.Matchers{}
		entries := map[int]*topic.Entry[int]{}
		next := 0
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				ms := topic.Matchers(rapid.SliceOfN(rapid.SampledFrom(choice), 0, 6).Draw(rt, "matchers"))
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
				names := rapid.SliceOfNDistinct(rapid.SampledFrom(topics), 0, 3, rapid.ID).Draw(rt, "topics")
				if diff := cmp.Diff(naiveVisits(model, names), visits(&x, names...)); diff != "" {
					rt.Fatalf("Match(%q) (-want +got):\n%s", names, diff)
				}
				exacts, patterns := naiveCounts(model)
				if x.Topics() != exacts || x.Patterns() != patterns {
					rt.Fatalf("Topics() = %d, Patterns() = %d, want %d, %d", x.Topics(), x.Patterns(), exacts, patterns)
				}
				byPattern += patterns
			},
		})
	})
	if byPattern == 0 {
		t.Error("no run has had a pattern")
	}
}

func naiveVisits(model map[int]topic.Matchers, topics []string) map[int]int {
	seen := map[int]int{}
	for s, ms := range model {
		for i, m := range ms {
			switch {
			case slices.Contains(ms[:i], m):
			case m == topic.Any():
				seen[s]++
			default:
				for _, t := range topics {
					if m.Match(t) {
						seen[s]++
					}
				}
			}
		}
	}
	return seen
}

func naiveCounts(model map[int]topic.Matchers) (exacts, patterns int) {
	all := map[topic.Matcher]bool{}
	for ms := range maps.Values(model) {
		for _, m := range ms {
			all[m] = true
		}
	}
	for m := range all {
		switch m.Kind() {
		case topic.KindExact:
			exacts++
		case topic.KindPattern, topic.KindTemplate:
			patterns++
		}
	}
	return exacts, patterns
}

// TestIndexFreesPatterns looks at a tree that has forked at every letter.
func TestIndexFreesPatterns(t *testing.T) {
	c := compiler(t, hubURL)
	var x topic.Index[int]
	var entries []topic.Entry[int]
	for i := range 300 {
		p, err := c.Pattern("https://example.com/" + strconv.Itoa(i) + "/:id")
		if err != nil {
			t.Fatal(err)
		}
		q, err := c.Template("chat/" + strconv.Itoa(i) + "/{id}")
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, x.Add(topic.Matchers{p, q, p}, i))
	}
	for i := range entries {
		name := strconv.Itoa(i)
		if diff := cmp.Diff(map[int]int{i: 2}, visits(&x, "https://example.com/"+name+"/x", "chat/"+name+"/x")); diff != "" {
			t.Fatalf("visits (-want +got):\n%s", diff)
		}
	}
	if x.Patterns() != 600 || topic.Nodes(&x) < 600 {
		t.Errorf("%d patterns in %d nodes", x.Patterns(), topic.Nodes(&x))
	}
	for i := range entries {
		x.Remove(&entries[i])
	}
	if x.Patterns() != 0 || topic.Nodes(&x) != 0 {
		t.Errorf("%d patterns in %d nodes are left", x.Patterns(), topic.Nodes(&x))
	}
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
