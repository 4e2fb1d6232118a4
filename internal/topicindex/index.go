package topicindex

import (
	"slices"
	"sort"
	"strings"

	"github.com/tidings-hub/tidings/topic"
)

// Entry is what lies in a log at an offset of its own.
type Entry interface {
	comparable
	Offset() uint64
}

// Index has the entries of each topic, in the order of their offsets. So a thousand readers of a thousand topics do not
// look at every entry a thousand times. It is not for several goroutines at once, but they may read it together.
type Index[E Entry] map[string]*list[E]

// list is behind a pointer so that an entry more is not a look-up more.
type list[E Entry] struct{ entries []E }

// Add enters e, which lies behind all that the index has, under its topics.
func (x Index[E]) Add(topics []string, e E) {
	for _, t := range topics {
		of := x[t]
		if of == nil {
			of = &list[E]{}
			x[strings.Clone(t)] = of // t may be a part of a text that is to go with its entry
		}
		if n := len(of.entries); n == 0 || of.entries[n-1] != e { // else its topics name one twice
			of.entries = append(of.entries, e)
		}
	}
}

// Drop takes out e, which was added under these topics. The oldest of a topic goes at once; another has those behind it
// moved.
func (x Index[E]) Drop(topics []string, e E) {
	for _, t := range topics {
		of := x[t]
		if of == nil {
			continue // its topics name one twice
		}
		at := 0
		if of.entries[0] != e {
			at = Behind(of.entries, e.Offset()-1)
		}
		switch {
		case at == len(of.entries) || of.entries[at] != e:
			continue // the same
		case at == 0:
			clear(of.entries[:1]) // the array behind the slice lives on: it must not pin the entry
			of.entries = of.entries[1:]
		default:
			of.entries = slices.Delete(of.entries, at, at+1)
		}
		if len(of.entries) == 0 {
			delete(x, t)
		}
	}
}

// Topics returns how many entries each topic has, for tests.
func (x Index[E]) Topics() map[string]int {
	topics := make(map[string]int, len(x))
	for t, of := range x {
		topics[t] = len(of.entries)
	}
	return topics
}

// Select returns what there is of the topics that ms asks for, and false if ms asks for more than exact topics. room
// is used for it as far as it goes, so that a caller's array saves an allocation.
func (x Index[E]) Select(room []Run[E], ms topic.Matchers) (Merge[E], bool) {
	runs := room[:0]
	for _, m := range ms {
		if m.Kind() != topic.KindExact {
			return Merge[E]{}, false
		}
		if of := x[m.Value()]; of != nil {
			runs = append(runs, Run[E]{entries: of.entries})
		}
	}
	return Merge[E]{runs: runs}, true
}

// Behind returns the place of the first entry with an offset above after, in a list that is in order.
func Behind[E Entry](entries []E, after uint64) int {
	return sort.Search(len(entries), func(i int) bool { return entries[i].Offset() > after })
}
