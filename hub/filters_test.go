package hub

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func exact(topics ...string) topic.Matchers {
	var ms topic.Matchers
	for _, t := range topics {
		ms = append(ms, topic.Exact(t))
	}
	return ms
}

// wish is what a subscriber asks for and may have.
type wish struct {
	ms    topic.Matchers
	grant topic.Grant
}

// TestEqualFiltersAreShared, and only those: each of these wishes differs from every other one.
func TestEqualFiltersAreShared(t *testing.T) {
	base, err := url.Parse("https://example.com/")
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := topic.NewCompiler(base)
	if err != nil {
		t.Fatal(err)
	}
	compile := func(kind topic.Kind, text string) topic.Matchers {
		m, err := compiler.Compile(kind, text)
		if err != nil {
			t.Fatal(err)
		}
		return topic.Matchers{m}
	}
	wishes := []func() wish{
		func() wish { return wish{ms: exact("a")} },
		func() wish { return wish{ms: exact("b")} },
		func() wish { return wish{ms: exact("ab")} },
		func() wish { return wish{ms: exact("a", "b")} },
		func() wish { return wish{ms: exact("b", "a")} },
		func() wish { return wish{ms: exact("*")} },
		func() wish { return wish{ms: exact("a"), grant: topic.Grant{Subscribe: exact("a")}} },
		func() wish { return wish{ms: exact("a"), grant: topic.Grant{Subscribe: exact("b")}} },
		func() wish { return wish{ms: exact("a"), grant: topic.Grant{Publish: exact("b")}} },
		func() wish { return wish{ms: exact("a", "b"), grant: topic.Grant{Subscribe: exact("b")}} },
		func() wish { return wish{ms: exact("a"), grant: topic.All()} },
		func() wish { return wish{ms: exact("https://example.com/:id")} },
		func() wish { return wish{ms: exact("https://example.com/{id}")} },
		func() wish { return wish{ms: compile(topic.KindTemplate, "https://example.com/{id}")} },
		func() wish { return wish{ms: compile(topic.KindPattern, "https://example.com/:id")} },
	}
	var x filters
	for i, wish := range wishes {
		w, same := wish(), wish()
		first, second := x.share(w.ms, w.grant), x.share(same.ms, same.grant)
		if first != second {
			t.Errorf("wish %d has two filters: %+v and %+v", i, first, second)
		}
		for j, wish := range wishes {
			other := wish()
			if got := x.share(other.ms, other.grant); (got == first) != (i == j) {
				t.Errorf("wishes %d and %d share a filter: %v", i, j, got == first)
			} else if !reflect.DeepEqual(got.Matchers, other.ms) || !reflect.DeepEqual(got.Grant, other.grant) {
				t.Errorf("wish %d has the filter %+v, want %+v", j, got, other)
			}
			first = x.share(w.ms, w.grant) // anew, should the two have one place
		}
	}
}

// TestLongFiltersAreNotRemembered: what is kept is bounded in number and in size, whatever was asked for.
func TestLongFiltersAreNotRemembered(t *testing.T) {
	tests := []struct {
		name  string
		wish  wish
		share bool
	}{
		{"short", wish{ms: exact("a")}, true},
		{"at the bound", wish{ms: exact(strings.Repeat("x", sharedText-1))}, true},
		{"beyond it", wish{ms: exact(strings.Repeat("x", sharedText))}, false},
		{"many short ones", wish{ms: exact(strings.Split(strings.Repeat("x ", sharedText/2), " ")...)}, false},
		{"with its grant", wish{exact("a"), topic.Grant{Subscribe: exact(strings.Repeat("x", sharedText-2))}}, false},
		{"with its grant to publish", wish{exact("a"), topic.Grant{Publish: exact(strings.Repeat("x", sharedText-2))}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var x filters
			first, second := x.share(tt.wish.ms, tt.wish.grant), x.share(tt.wish.ms, tt.wish.grant)
			if (first == second) != tt.share {
				t.Errorf("shared %v, want %v", first == second, tt.share)
			}
			if kept := x.kept(); (len(kept) == 1) != tt.share {
				t.Errorf("%d are remembered", len(kept))
			}
		})
	}
}

// kept returns the filters that are remembered.
func (x *filters) kept() []*eventlog.Filter {
	var list []*eventlog.Filter
	for _, f := range x.last {
		if f != nil {
			list = append(list, f)
		}
	}
	return list
}

func TestFiltersAreBounded(t *testing.T) {
	var x filters
	const asked = 10 * filterSlots
	for i := range asked {
		x.share(exact(fmt.Sprint("topic ", i)), topic.Grant{})
	}
	if n := len(x.kept()); n > filterSlots || n < filterSlots/2 {
		t.Errorf("%d of %d filters are remembered, want most of %d", n, asked, filterSlots)
	}
	if len(x.last) != filterSlots || cap(x.last) != filterSlots {
		t.Errorf("room for %d of %d", len(x.last), cap(x.last))
	}
	// A topic that many ask for comes back to one place, whoever else came meanwhile.
	f := x.share(exact("topic 0"), topic.Grant{})
	if x.share(exact("topic 0"), topic.Grant{}) != f {
		t.Error("equal filters are not shared when the places are full")
	}
}

// TestFiltersOfManyGoroutines: whoever asks gets what he asked for.
func TestFiltersOfManyGoroutines(t *testing.T) {
	var x filters
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 3000 {
				name := fmt.Sprint((i*7 + g) % 2000)
				f := x.share(exact(name), topic.Grant{})
				if len(f.Matchers) != 1 || f.Matchers[0].Value() != name {
					t.Errorf("asked for %q, got %v", name, f.Matchers)
					return
				}
			}
		})
	}
	all.Wait()
}
