package eventlog

import "slices"

// LatestSet gathers the newest record of each topic from records that are shown to it newest first.
type LatestSet struct {
	filter  *Filter
	limit   int
	seen    map[string]bool
	offsets []uint64
	more    bool
}

// NewLatestSet returns a set for the topics that filter matches, at most limit of them.
func NewLatestSet(filter *Filter, limit int) *LatestSet {
	return &LatestSet{filter: filter, limit: limit, seen: map[string]bool{}}
}

// Add shows the next older record to the set, and reports whether still older ones may matter.
func (s *LatestSet) Add(r *Record) bool {
	if !s.filter.Allows(&r.Update) {
		return true
	}
	newest := false
	for _, t := range r.Topics {
		if s.seen[t] || !s.filter.Matchers.Match(t) {
			continue
		}
		if len(s.seen) == s.limit {
			s.more = true
			break
		}
		s.seen[t], newest = true, true
	}
	if newest {
		s.offsets = append(s.offsets, r.Position.Offset)
	}
	return !s.more
}

// Has reports whether the newest record of topic was found.
func (s *LatestSet) Has(topic string) bool { return s.seen[topic] }

// Result returns what was gathered in a log whose head is head.
func (s *LatestSet) Result(head uint64) Latest {
	offsets := slices.Clone(s.offsets)
	slices.Sort(offsets)
	return Latest{Offsets: slices.Compact(offsets), Head: head, More: s.more}
}
