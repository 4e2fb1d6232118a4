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
)

// String returns the name of k as protocols and logs spell it.
func (k Kind) String() string {
	switch k {
	case KindExact:
		return "exact"
	case KindAny:
		return "any"
	}
	return "unknown"
}

// Wildcard is the value that matches every topic, whatever the kind that it is given for. No update can be
// published to a topic of this name.
const Wildcard = "*"

// Matcher selects topics. It is a small comparable value; its zero value matches only the empty topic, which
// no update can have.
type Matcher struct {
	kind  Kind
	value string
}

// Exact returns the matcher of the one topic that equals value, byte by byte. [Wildcard] gives [Any].
func Exact(value string) Matcher {
	if value == Wildcard {
		return Any()
	}
	return Matcher{kind: KindExact, value: value}
}

// Any returns the matcher of every topic.
func Any() Matcher { return Matcher{kind: KindAny, value: Wildcard} }

// Kind returns the language of m.
func (m Matcher) Kind() Kind { return m.kind }

// Value returns the text that m was made from.
func (m Matcher) Value() string { return m.value }

// String returns m as logs show it.
func (m Matcher) String() string { return m.kind.String() + ":" + m.value }

// Match reports whether m selects topic.
func (m Matcher) Match(topic string) bool {
	return m.kind == KindAny || m.value == topic
}

// Matchers is a set of matchers; it selects what any one of them selects. The empty set selects nothing.
type Matchers []Matcher

// Match reports whether a matcher of ms selects topic.
func (ms Matchers) Match(topic string) bool {
	return slices.ContainsFunc(ms, func(m Matcher) bool { return m.Match(topic) })
}

// MatchAny reports whether a matcher of ms selects at least one of topics.
func (ms Matchers) MatchAny(topics []string) bool { return slices.ContainsFunc(topics, ms.Match) }

// MatchAll reports whether each of topics is selected by a matcher of ms.
func (ms Matchers) MatchAll(topics []string) bool {
	return !slices.ContainsFunc(topics, func(t string) bool { return !ms.Match(t) })
}
