package hub

import (
	"slices"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// PresencePage is a part of a list of subscriptions.
type PresencePage struct {
	// Position is one that the list is not older than: who goes on behind it in the log misses no change.
	Position eventlog.Position
	// Presences are the subscriptions, the one that has lasted longest first.
	Presences []Presence
	// Next is where the next page begins, 0 if this was the last one.
	Next uint64
	// Total is how many there are, on this page and on all others.
	Total int
}

// PresenceCount says how many subscriptions are to the same.
type PresenceCount struct {
	PresenceGroup
	Count int
}

// PresenceCounts is a part of a list of what there are subscriptions to.
type PresenceCounts struct {
	// Position, Next and Total are as a [PresencePage] has them; Total counts subscriptions.
	Position eventlog.Position
	// Counts are in the order in which the first subscription to each came.
	Counts []PresenceCount
	Next   uint64
	Total  int
}

// Present returns the active subscriptions of group behind the place after, at most limit; those of its whole dialect if
// it has no Match. It costs what it returns, however many there are.
func (h *Hub) Present(group PresenceGroup, after uint64, limit int) PresencePage {
	page := PresencePage{Position: h.Head()} // first: see presence
	if h.presence == nil {
		return page
	}
	h.presence.mu.Lock()
	defer h.presence.mu.Unlock()
	list := h.presence.lists[group.Dialect].of(group)
	if list == nil {
		return page
	}
	page.Total = list.len()
	var subs []*presentSub
	subs, page.Next = list.page(after, limit)
	for _, s := range subs {
		page.Presences = append(page.Presences, s.presence)
	}
	return page
}

// PresentOne returns the subscription of a group that a subscriber has.
func (h *Hub) PresentOne(group PresenceGroup, id fanout.SubscriberID) (p Presence, at eventlog.Position, found bool) {
	at = h.Head()
	if h.presence == nil {
		return nil, at, false
	}
	h.presence.mu.Lock()
	defer h.presence.mu.Unlock()
	c := h.presence.conns[id]
	if c == nil || !c.begun {
		return nil, at, false
	}
	for _, s := range c.subs {
		if s.presence.Group() == group {
			return s.presence, at, true
		}
	}
	return nil, at, false
}

// CountPresent returns how many subscriptions of a dialect there are to the same, behind the place after, at most limit
// of them.
func (h *Hub) CountPresent(dialect string, after uint64, limit int) PresenceCounts {
	counts := PresenceCounts{Position: h.Head()}
	if h.presence == nil {
		return counts
	}
	h.presence.mu.Lock()
	defer h.presence.mu.Unlock()
	list := h.presence.lists[dialect]
	if list == nil {
		return counts
	}
	counts.Total = list.all.len()
	var groups []*presenceGroup
	groups, counts.Next = list.inOrder.page(after, limit)
	for _, g := range groups {
		counts.Counts = append(counts.Counts, PresenceCount{PresenceGroup: g.group, Count: g.subs.len()})
	}
	return counts
}

// presenceList holds the subscriptions of one dialect.
type presenceList struct {
	all     sequence[*presentSub]
	groups  map[PresenceGroup]*presenceGroup
	inOrder sequence[*presenceGroup]
}

type presenceGroup struct {
	group  PresenceGroup
	number uint64
	subs   sequence[*presentSub]
}

func newPresenceList() *presenceList {
	return &presenceList{groups: map[PresenceGroup]*presenceGroup{}}
}

// of returns the subscriptions of a group, nil if there are none.
func (l *presenceList) of(group PresenceGroup) *sequence[*presentSub] {
	switch {
	case l == nil:
		return nil
	case group.Match == "":
		return &l.all
	}
	if g := l.groups[group]; g != nil {
		return &g.subs
	}
	return nil
}

func (l *presenceList) add(s *presentSub) {
	l.all.add(s.number, s)
	group := s.presence.Group()
	g := l.groups[group]
	if g == nil {
		g = &presenceGroup{group: group, number: s.number}
		l.groups[group] = g
		l.inOrder.add(g.number, g)
	}
	g.subs.add(s.number, s)
}

func (l *presenceList) remove(s *presentSub) {
	l.all.remove(s.number)
	g := l.groups[s.presence.Group()]
	g.subs.remove(s.number)
	if g.subs.len() == 0 {
		delete(l.groups, g.group)
		l.inOrder.remove(g.number)
	}
}

// sequence is a list in the order of rising numbers, from any place of which a reader can go on although it changes.
type sequence[T comparable] struct {
	slots []slot[T]
	gone  int
}

type slot[T comparable] struct {
	number uint64
	value  T // zero: it is gone
}

func (q *sequence[T]) len() int { return len(q.slots) - q.gone }

// add adds a value whose number is above all others.
func (q *sequence[T]) add(number uint64, v T) { q.slots = append(q.slots, slot[T]{number, v}) }

// behind returns the place of the first slot with a number above after.
func (q *sequence[T]) behind(after uint64) int {
	i, _ := slices.BinarySearchFunc(q.slots, after, func(s slot[T], after uint64) int {
		if s.number <= after {
			return -1
		}
		return 1
	})
	return i
}

func (q *sequence[T]) remove(number uint64) {
	var none T
	q.slots[q.behind(number-1)].value = none
	q.gone++
	if q.gone <= 16 || q.gone <= len(q.slots)/2 {
		if q.len() == 0 {
			*q = sequence[T]{}
		}
		return
	}
	left := make([]slot[T], 0, q.len())
	for _, s := range q.slots {
		if s.value != none {
			left = append(left, s)
		}
	}
	q.slots, q.gone = left, 0
}

// page returns at most limit values behind the place after, and the place of the last of them if more follow.
func (q *sequence[T]) page(after uint64, limit int) (values []T, next uint64) {
	var none T
	last := uint64(0)
	for _, s := range q.slots[q.behind(after):] {
		if s.value == none {
			continue
		}
		if len(values) == limit {
			return values, last
		}
		values, last = append(values, s.value), s.number
	}
	return values, 0
}
