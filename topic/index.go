package topic

import "slices"

// Index finds the subscribers of a topic at a cost that depends on how many there are, not on how many
// subscribers the index holds.
//
// S is whatever stands for a subscriber, usually a pointer. An Index is not safe for concurrent use: it
// belongs to one fan-out loop. Its zero value is empty and ready to use.
type Index[S any] struct {
	exact     map[string]*bucket[S]
	any       bucket[S]
	patterns  map[*program]*pattern[S]
	templates radix[S]
	urls      []urlPatterns[S]
}

// urlPatterns are the patterns for topics that are relative to one base: all there are, in a hub.
type urlPatterns[S any] struct {
	base  *base
	radix radix[S]
}

// bucket holds the subscribers of one matcher. References to them lie next to one another, because walking
// over a bucket is the hot path; removing swaps the last one into the hole.
type bucket[S any] struct {
	key     string
	refs    []ref[S]
	pattern *pattern[S] // nil: it is a bucket of an exact topic, or of all topics
}

type ref[S any] struct {
	owner S
	slot  *slot[S]
}

// slot knows where its ref lies, so that a subscriber leaves without a search.
type slot[S any] struct {
	bucket *bucket[S]
	at     int
}

// Entry is a subscriber's place in an Index. The zero Entry is in no index.
type Entry[S any] struct{ slots []slot[S] }

// Add enters s under each of ms. Equal matchers count once.
func (x *Index[S]) Add(ms Matchers, s S) Entry[S] {
	entry := Entry[S]{slots: make([]slot[S], 0, len(ms))} // never grows: refs point into it
	for i, m := range ms {
		if slices.Contains(ms[:i], m) { // linear: a subscriber has few matchers
			continue
		}
		b := x.bucketOf(m)
		entry.slots = append(entry.slots, slot[S]{bucket: b, at: len(b.refs)})
		b.refs = append(b.refs, ref[S]{owner: s, slot: &entry.slots[len(entry.slots)-1]})
	}
	return entry
}

// Remove takes the subscriber of entry out of the index and empties entry. Removing twice does nothing.
func (x *Index[S]) Remove(entry *Entry[S]) {
	for i := range entry.slots {
		b, at := entry.slots[i].bucket, entry.slots[i].at
		last := len(b.refs) - 1
		b.refs[at] = b.refs[last]
		b.refs[at].slot.at = at
		b.refs[last] = ref[S]{}
		b.refs = b.refs[:last]
		if last == 0 {
			x.drop(b)
		}
	}
	entry.slots = nil
}

// Match calls visit for each subscriber that has a matcher of one of topics. A subscriber that has several,
// or that several of topics lead to, is visited several times: a caller that minds keeps note of whom it has
// served, as it must anyway. visit must not change the index.
//
// Each pattern that a topic may fit, by what the pattern begins with, is tried once for that topic, however many
// subscribers it has.
func (x *Index[S]) Match(topics []string, visit func(S)) {
	visitAll(x.any.refs, visit)
	for _, t := range topics {
		if b := x.exact[t]; b != nil {
			visitAll(b.refs, visit)
		}
		if len(x.patterns) > 0 {
			x.matchPatterns(t, visit)
		}
	}
}

func (x *Index[S]) matchPatterns(topic string, visit func(S)) {
	s := subject{topic: topic}
	x.templates.match(topic, &s, visit)
	for i := range x.urls {
		u := &x.urls[i]
		if !u.radix.empty() && s.parse(u.base) {
			u.radix.match(s.key(), &s, visit)
		}
	}
}

func visitAll[S any](refs []ref[S], visit func(S)) {
	for _, r := range refs {
		visit(r.owner)
	}
}

// Topics returns how many different exact topics have a subscriber.
func (x *Index[S]) Topics() int { return len(x.exact) }

// Patterns returns how many different patterns and templates have a subscriber.
func (x *Index[S]) Patterns() int { return len(x.patterns) }

func (x *Index[S]) bucketOf(m Matcher) *bucket[S] {
	if m.program != nil {
		return x.bucketOfPattern(m.program)
	}
	if m.value == Wildcard {
		return &x.any
	}
	b := x.exact[m.value]
	if b == nil {
		if x.exact == nil {
			x.exact = make(map[string]*bucket[S])
		}
		b = &bucket[S]{key: m.value}
		x.exact[m.value] = b
	}
	return b
}

func (x *Index[S]) bucketOfPattern(prog *program) *bucket[S] {
	p := x.patterns[prog]
	if p == nil {
		if x.patterns == nil {
			x.patterns = make(map[*program]*pattern[S])
		}
		p = &pattern[S]{program: prog}
		p.bucket.pattern = p
		x.patterns[prog] = p
		x.radixOf(prog).add(prog.prefix, p)
	}
	return &p.bucket
}

// radixOf returns where a program is looked up by its prefix.
func (x *Index[S]) radixOf(p *program) *radix[S] {
	if p.kind == KindTemplate {
		return &x.templates
	}
	for i := range x.urls {
		if x.urls[i].base.text == p.base.text {
			return &x.urls[i].radix
		}
	}
	x.urls = append(x.urls, urlPatterns[S]{base: p.base})
	return &x.urls[len(x.urls)-1].radix
}

// drop takes out a bucket that nobody is in any more.
func (x *Index[S]) drop(b *bucket[S]) {
	switch {
	case b == &x.any:
	case b.pattern != nil:
		p := b.pattern.program
		delete(x.patterns, p)
		x.radixOf(p).remove(p.prefix, b.pattern)
	default:
		delete(x.exact, b.key)
	}
}
