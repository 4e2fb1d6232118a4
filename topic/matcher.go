package topic

import "slices"

// Kind is the language that a matcher's value is written in.
type Kind uint8

// The kinds of matchers.
const (
	// KindExact matches the one topic that equals the value.
	KindExact Kind = iota
	// KindAny matches every topic.
	KindAny
	// KindPattern matches topics that, read as URLs, fit a URL Pattern.
	KindPattern
	// KindTemplate matches topics that a URI Template may expand to, and the one that equals the template's text.
	KindTemplate
)

// kinds lists every kind.
var kinds = [...]Kind{KindExact, KindAny, KindPattern, KindTemplate}

// String returns the name of k as protocols and logs spell it.
func (k Kind) String() string {
	switch k {
	case KindExact:
		return "exact"
	case KindAny:
		return "any"
	case KindPattern:
		return "urlpattern"
	case KindTemplate:
		return "template"
	}
	return "unknown"
}

// Wildcard is the value that matches every topic, whatever the kind that it is given for. No update can be
// published to a topic of this name.
const Wildcard = "*"

// Matcher selects topics. It is a small comparable value; its zero value matches only the empty topic, which
// no update can have.
//
// Matchers are equal that select the same by the same text: those of [Exact] and [Any] always, those of patterns
// and templates if one [Compiler] made them. They may be used by several goroutines at the same time.
type Matcher struct {
	program *program // nil: the value is all there is to it
	value   string
}

// Exact returns the matcher of the one topic that equals value, byte by byte. [Wildcard] gives [Any].
func Exact(value string) Matcher { return Matcher{value: value} }

// Any returns the matcher of every topic.
func Any() Matcher { return Matcher{value: Wildcard} }

// Kind returns the language of m.
func (m Matcher) Kind() Kind {
	switch {
	case m.program != nil:
		return m.program.kind
	case m.value == Wildcard:
		return KindAny
	}
	return KindExact
}

// Value returns the text that m was made from.
func (m Matcher) Value() string { return m.value }

// String returns m as logs show it, and as [Compiler.Parse] reads it.
func (m Matcher) String() string { return m.Kind().String() + ":" + m.value }

// Relative reports whether it depends on the base URL of the compiler of m what m selects.
func (m Matcher) Relative() bool {
	return m.program != nil && m.program.kind == KindPattern && m.program.base.text != ""
}

// Match reports whether m selects topic.
func (m Matcher) Match(topic string) bool {
	if m.program == nil {
		return m.value == topic || m.value == Wildcard
	}
	s := subject{topic: topic}
	return m.program.match(&s)
}

// Matchers is a set of matchers; it selects what any one of them selects. The empty set selects nothing.
type Matchers []Matcher

// Match reports whether a matcher of ms selects topic.
func (ms Matchers) Match(topic string) bool {
	for _, m := range ms {
		if m.program == nil && m.Match(topic) {
			return true
		}
	}
	s := subject{topic: topic} // read as a URL once, and only if a matcher asks for that
	return ms.matchPrograms(&s)
}

func (ms Matchers) matchPrograms(s *subject) bool {
	for _, m := range ms {
		if m.program != nil && m.program.match(s) {
			return true
		}
	}
	return false
}

// MatchAny reports whether a matcher of ms selects at least one of topics.
func (ms Matchers) MatchAny(topics []string) bool { return slices.ContainsFunc(topics, ms.Match) }

// MatchAll reports whether each of topics is selected by a matcher of ms.
func (ms Matchers) MatchAll(topics []string) bool {
	return !slices.ContainsFunc(topics, func(t string) bool { return !ms.Match(t) })
}

// First returns the place of the first of sets that selects topic, and -1 if none does.
func First(sets []Matchers, topic string) int {
	s := subject{topic: topic}
	for i, ms := range sets {
		for _, m := range ms {
			if m.program == nil && m.Match(topic) || m.program != nil && m.program.match(&s) {
				return i
			}
		}
	}
	return -1
}
