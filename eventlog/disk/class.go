package disk

import (
	"math"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// ruleOf returns the class of the first rule that selects a topic; class 0 is for all other topics.
func (s *state) ruleOf(t string) int { return topic.First(s.rules, t) + 1 }

// classOf returns the class of an update: that of the longest-keeping rule of any of its topics. It also says
// whether another of its topics has another rule.
func (s *state) classOf(topics []string) (class int, mixed bool) {
	for i, t := range topics {
		c := s.ruleOf(t)
		switch {
		case i == 0:
			class = c
		case c == class:
		default:
			mixed = true
			if s.classes[c].keepsLonger(&s.classes[class]) {
				class = c
			}
		}
	}
	return class, mixed
}

// keepsLonger orders rules: by age, then by bytes, then by count. No limit is the longest. Newest values come last:
// the next value replaces them, and then who reads the update's other topics would lose it before its time.
func (c *class) keepsLonger(other *class) bool {
	if c.newestOnly() != other.newestOnly() {
		return other.newestOnly()
	}
	for _, v := range [][2]int64{
		{int64(c.keep.MaxAge), int64(other.keep.MaxAge)},
		{c.keep.MaxBytes, other.keep.MaxBytes},
		{int64(c.keep.MaxRecords), int64(other.keep.MaxRecords)},
	} {
		if v[0] != v[1] {
			return v[1] != 0 && (v[0] == 0 || v[0] > v[1])
		}
	}
	return false
}

// reach calls visit for each class that may have held updates that the filter selects, with the highest offset at
// which such an update may be.
func (s *state) reach(f *eventlog.Filter, visit func(c *class, to uint64)) {
	rules, all := map[int]bool{}, false
	for _, m := range f.Matchers {
		if m.Kind() == topic.KindExact {
			rules[s.ruleOf(m.Value())] = true
		} else {
			all = true
		}
	}
	for i := range s.classes {
		switch c := &s.classes[i]; {
		case c.presence:
			if c.reach.Reached(f) {
				visit(c, math.MaxUint64)
			}
		case all || rules[i]:
			visit(c, math.MaxUint64)
		default:
			visit(c, c.foreign)
		}
	}
}

// reached returns the classes that may hold updates that the filter selects.
func (s *state) reached(f *eventlog.Filter) []*class {
	var classes []*class
	s.reach(f, func(c *class, to uint64) {
		if len(c.segments) > 0 && c.segments[0].first <= to {
			classes = append(classes, c)
		}
	})
	return classes
}

// lost returns the highest offset that was dropped of what the filter may select.
func (s *state) lost(f *eventlog.Filter) uint64 {
	mark := uint64(0)
	s.reach(f, func(c *class, to uint64) { mark = max(mark, min(c.mark, to)) })
	return mark
}

// replaced returns the highest offset of a value that a newer one replaced, of what the filter may select.
func (s *state) replaced(f *eventlog.Filter) uint64 {
	highest := uint64(0)
	s.reach(f, func(c *class, to uint64) { highest = max(highest, min(c.replaced, to)) })
	return highest
}

// oldest returns the lowest offset that the log holds in classes that the filter reaches, the one behind the head
// if they are empty.
func (s *state) oldest(f *eventlog.Filter) uint64 {
	oldest := s.head + 1
	for _, c := range s.reached(f) {
		oldest = min(oldest, c.segments[0].first)
	}
	return oldest
}

// extent is what the verdict is judged by.
func (s *state) extent(head uint64, f *eventlog.Filter) eventlog.Extent {
	return eventlog.Extent{Lineage: s.lineage, Head: head, Oldest: s.oldest(f), Floor: s.lost(f) + 1}
}
