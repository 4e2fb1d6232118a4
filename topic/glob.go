package topic

import "strings"

// glob matches what most patterns and templates consist of, in one pass and without a regular expression: texts and
// segments of which it is clear where they end, and at most one piece that takes the rest, with a text behind it.
type glob []globItem

type globItem struct {
	kind itemKind
	text string // of an itemText
	set  *charset
}

// charset says which characters a segment consists of; nil is all but the delimiter.
type charset struct {
	delimiter string // not in the segment; "" is none
	variable  bool   // the characters of a template's variable, and there may be none at all
}

// newGlob returns the glob of items; false if it takes a regular expression to match them.
func newGlob(items []item, delimiter string) (glob, bool) {
	set := &charset{delimiter: delimiter}
	g := make(glob, len(items))
	for i, it := range items {
		left := items[i+1:]
		g[i] = globItem{kind: it.kind, text: it.text}
		switch it.kind {
		case itemSegment:
			g[i].set = set
			if len(left) == 0 || len(left) == 1 && left[0].kind == itemRest {
				continue // a longer segment leaves less to a piece that takes anything
			}
			if left[0].kind != itemText || delimiter == "" || left[0].text[:1] != delimiter {
				return nil, false
			}
		case itemRest:
			if len(left) > 1 || len(left) == 1 && left[0].kind != itemText {
				return nil, false
			}
		case itemExpression:
			return nil, false
		}
	}
	return g, true
}

// all reports whether g matches every text.
func (g glob) all() bool { return len(g) == 1 && g[0].kind == itemRest }

func (g glob) match(s string) bool {
	for i := range g {
		it := &g[i]
		switch it.kind {
		case itemText:
			if !strings.HasPrefix(s, it.text) {
				return false
			}
			s = s[len(it.text):]
		case itemSegment:
			n := it.set.run(s)
			if n == 0 && !it.set.variable {
				return false
			}
			s = s[n:]
		case itemRest:
			return i == len(g)-1 || strings.HasSuffix(s, g[i+1].text)
		}
	}
	return s == ""
}

// run returns how many bytes of s belong to a segment that begins there.
func (c *charset) run(s string) int {
	if c.variable {
		return variableRun(s)
	}
	if c.delimiter == "" {
		return len(s)
	}
	if i := strings.IndexByte(s, c.delimiter[0]); i >= 0 {
		return i
	}
	return len(s)
}
