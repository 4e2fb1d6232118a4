package topic

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// compileComponent compiles the pattern of one part of a URL, in the form that the library generates. It reports
// whether the pattern matches everything, and what is wrong with it, if anything is.
func compileComponent(pattern string, o componentOptions) (c component, any bool, problem string) {
	if pattern == "*" {
		return component{glob: glob{{kind: itemRest}}}, true, ""
	}
	p := componentParser{rest: pattern, options: o}
	if !p.parse() {
		return c, false, "is no URL Pattern: it has a group that is not closed"
	}
	return p.component()
}

// item is a piece of a component's pattern.
type item struct {
	kind itemKind
	text string // of a fixed text, or a regular expression
}

type itemKind uint8

const (
	itemText       itemKind = iota
	itemSegment             // one or more characters other than the delimiter
	itemRest                // any characters, or none
	itemExpression          // what a regular expression matches
)

// componentParser takes a pattern apart (sections 2.1 and 2.2 of the standard).
type componentParser struct {
	rest    string
	options componentOptions
	items   []item
	fixed   strings.Builder // read, and not yet an item
}

// group is a name, a regular expression or a wildcard, with what surrounds it in braces, if it is.
type group struct {
	prefix, suffix string
	kind           itemKind // itemText: there is nothing between prefix and suffix
	text           string
	modifier       byte // '?', '*', '+', or 0
}

func (p *componentParser) parse() bool {
	for p.rest != "" {
		// A character of its own before a name or an expression may belong to that.
		before, size := p.character()
		var g group
		if ok := p.matching(size, &g); ok {
			if before != p.options.prefix {
				p.fixed.WriteString(before)
				before = ""
			}
			g.prefix = before
			g.modifier = p.modifier()
			p.add(g)
			continue
		}
		switch {
		case size > 0:
			p.fixed.WriteString(before)
			p.rest = p.rest[size:]
		case p.rest[0] == '\\' && len(p.rest) > 1:
			p.fixed.WriteString(p.escaped())
		case p.rest[0] == '{':
			p.rest = p.rest[1:]
			g.prefix = p.text()
			p.matching(0, &g)
			g.suffix = p.text()
			if !strings.HasPrefix(p.rest, "}") {
				return false
			}
			p.rest = p.rest[1:]
			g.modifier = p.modifier()
			p.add(g)
		default:
			return false
		}
	}
	p.flush()
	return true
}

// character returns the character that the rest begins with, if it stands for itself and is not escaped.
func (p *componentParser) character() (string, int) {
	if p.rest == "" || strings.IndexByte(`\{}()*+?`, p.rest[0]) >= 0 || p.rest[0] == ':' && nameLength(p.rest[1:]) > 0 {
		return "", 0
	}
	_, size := utf8.DecodeRuneInString(p.rest)
	return p.rest[:size], size
}

// escaped takes an escaped character.
func (p *componentParser) escaped() string {
	_, size := utf8.DecodeRuneInString(p.rest[1:])
	text := p.rest[1 : 1+size]
	p.rest = p.rest[1+size:]
	return text
}

// text takes characters up to a name, an expression, or the end of a group.
func (p *componentParser) text() string {
	var b strings.Builder
	for {
		if c, size := p.character(); size > 0 {
			b.WriteString(c)
			p.rest = p.rest[size:]
		} else if len(p.rest) > 1 && p.rest[0] == '\\' {
			b.WriteString(p.escaped())
		} else {
			return b.String()
		}
	}
}

// matching takes a name, with the expression that may follow it, or an expression, or a wildcard, from behind skip
// bytes of the rest.
func (p *componentParser) matching(skip int, g *group) bool {
	s := p.rest[skip:]
	name := 0
	if strings.HasPrefix(s, ":") {
		name = nameLength(s[1:])
	}
	if name > 0 {
		s = s[1+name:]
		g.kind = itemSegment
	}
	switch {
	case strings.HasPrefix(s, "("):
		text, ok := groupAt(s)
		if !ok {
			return false
		}
		s = s[len(text):]
		g.kind, g.text = p.kindOf(text[1 : len(text)-1])
	case name == 0 && strings.HasPrefix(s, "*"):
		s = s[1:]
		g.kind = itemRest
	case name == 0:
		return false
	}
	p.rest = s
	return true
}

// kindOf recognises the two expressions that stand for a segment and for everything.
func (p *componentParser) kindOf(expression string) (itemKind, string) {
	switch expression {
	case ".*":
		return itemRest, ""
	case `[^\` + p.options.delimiter + "]+?":
		return itemSegment, ""
	}
	return itemExpression, expression
}

func (p *componentParser) modifier() byte {
	if p.rest != "" && strings.IndexByte("?*+", p.rest[0]) >= 0 {
		m := p.rest[0]
		p.rest = p.rest[1:]
		return m
	}
	return 0
}

// add appends the items of a group.
func (p *componentParser) add(g group) {
	if g.modifier != 0 {
		p.flush()
		if text := p.expression(g); text != "" {
			p.items = append(p.items, item{itemExpression, text})
		}
		return
	}
	p.fixed.WriteString(g.prefix)
	if g.kind != itemText {
		p.flush()
		p.items = append(p.items, item{g.kind, g.text})
	}
	p.fixed.WriteString(g.suffix)
}

func (p *componentParser) flush() {
	if p.fixed.Len() > 0 {
		p.items = append(p.items, item{itemText, p.fixed.String()})
		p.fixed.Reset()
	}
}

// expression returns the regular expression for a group with a modifier.
func (p *componentParser) expression(g group) string {
	prefix, suffix := regexp.QuoteMeta(g.prefix), regexp.QuoteMeta(g.suffix)
	if g.kind == itemText {
		if prefix += suffix; prefix == "" {
			return ""
		}
		return "(?:" + prefix + ")" + string(g.modifier)
	}
	one := p.regexp(item{g.kind, g.text})
	if g.modifier == '?' || prefix+suffix == "" {
		return "(?:" + prefix + one + suffix + ")" + string(g.modifier)
	}
	text := "(?:" + prefix + one + "(?:" + suffix + prefix + one + ")*" + suffix + ")"
	if g.modifier == '*' {
		text += "?"
	}
	return text
}

func (p *componentParser) regexp(i item) string {
	switch i.kind {
	case itemText:
		return regexp.QuoteMeta(i.text)
	case itemSegment:
		if p.options.delimiter == "" {
			return "(?s:.+)"
		}
		return "[^" + regexp.QuoteMeta(p.options.delimiter) + "]+"
	case itemRest:
		return "(?s:.*)"
	}
	return "(?:" + i.text + ")"
}

// component returns what the items match.
func (p *componentParser) component() (c component, any bool, problem string) {
	items := p.items
	if len(items) > 0 && items[0].kind == itemText {
		c.prefix = items[0].text
		items = items[1:]
	}
	if len(items) == 0 {
		c.whole = true
		return c, false, ""
	}
	if g, ok := newGlob(items, p.options.delimiter); ok {
		c.glob = g
		return c, c.prefix == "" && g.all(), ""
	}
	// An expression may look at what stands before it: the prefix stays.
	var b strings.Builder
	b.WriteString(`\A(?:`)
	for _, i := range p.items {
		b.WriteString(p.regexp(i))
	}
	b.WriteString(`)\z`)
	c.re, problem = newExpression(b.String())
	return c, false, problem
}

// nameLength returns how many bytes of s are the name of a group, as the library sees it.
func nameLength(s string) int {
	for i, r := range s {
		start := unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start)
		part := start || unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
		if i == 0 && !start || !part || unicode.In(r, unicode.Pattern_Syntax, unicode.Pattern_White_Space) {
			return i
		}
	}
	return len(s)
}
