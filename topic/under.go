package topic

import "strings"

// MayMatchUnder reports whether m may select a topic that begins with prefix. It may say so of one that selects none
// of them, never the reverse. A prefix that ends with a slash stands for a path, under which no topic has dot segments.
func (m Matcher) MayMatchUnder(prefix string) bool {
	switch m.Kind() {
	case KindAny:
		return true
	case KindExact:
		return strings.HasPrefix(m.value, prefix)
	case KindTemplate:
		return begin(m.program.prefix, prefix) || strings.HasPrefix(m.value, prefix)
	}
	if !strings.HasPrefix(prefix, "/") || !strings.HasSuffix(prefix, "/") {
		return true
	}
	b := m.program.base
	if b.url == nil {
		return false // relative topics are no URLs
	}
	s := subject{topic: prefix}
	if !s.parse(b) {
		return true
	}
	key := strings.Join(s.url[:partPathname+1], "\x00")
	return begin(m.program.prefix, key)
}

// begin reports whether one of two beginnings begins the other.
func begin(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
