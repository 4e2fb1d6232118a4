package topic

import "strings"

// program is a compiled pattern or template. It is immutable, and shared by all matchers that a [Compiler] makes
// from the same text.
type program struct {
	kind  Kind
	value string
	// prefix is what everything begins with that the program matches: the topic for a template, the key of a
	// subject for a pattern. The index looks programs up by it.
	prefix string

	base     *base     // of a pattern: what relative topics are relative to
	parts    []urlPart // of a pattern: those parts of a URL that it does not leave open
	template component // of a template
}

// match reports whether p selects the topic of s.
func (p *program) match(s *subject) bool {
	if p.kind == KindTemplate {
		return p.template.match(s.topic) || s.topic == p.value
	}
	if !s.parse(p.base) {
		return false
	}
	for i := range p.parts {
		if !p.parts[i].match(s.url[p.parts[i].part]) {
			return false
		}
	}
	return true
}

// component matches one text: a fixed beginning, and what may follow it.
type component struct {
	prefix string
	whole  bool        // nothing follows the prefix
	glob   glob        // what follows the prefix, unless re is set
	re     *expression // matches the text with its prefix
}

func (c *component) match(s string) bool {
	switch {
	case !strings.HasPrefix(s, c.prefix):
		return false
	case c.whole:
		return len(s) == len(c.prefix)
	case c.re != nil:
		return c.re.match(s)
	}
	return c.glob.match(s[len(c.prefix):])
}
