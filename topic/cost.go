package topic

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// maxCost bounds what the regular expressions of one matcher compile to, roughly in instructions of 40 bytes each.
const maxCost = 2048

// maxCostTogether bounds the same for all matchers of one stream: each is run on every update whose topic begins as the
// matcher does. It allows for a hundred of the longest that are usual.
const maxCostTogether = 5 * maxCost

// maxWork bounds the product of the size of a regular expression and the length of the text that it is run on, which
// is what running it costs: some milliseconds at most. What would cost more matches nothing, and is counted.
const maxWork = 1 << 19

// What an instruction or two around a group, and a range of characters in a class, count for.
const (
	groupCost     = 8
	rangesPerCost = 8
)

// maxUnicodeClasses bounds how often a group may name a class of Unicode: reading one takes 15 KiB.
const maxUnicodeClasses = 16

// regexpCost estimates how many instructions re compiles to, counted repetitions written out; it stops counting
// above maxCost.
func regexpCost(re *syntax.Regexp) int {
	cost := 1
	switch re.Op {
	case syntax.OpLiteral:
		cost = len(re.Rune)
	case syntax.OpCharClass:
		cost += len(re.Rune) / 2 / rangesPerCost
	}
	for _, sub := range re.Sub {
		if cost += regexpCost(sub); cost > maxCost {
			return maxCost + 1
		}
	}
	if re.Op == syntax.OpRepeat {
		cost *= max(re.Min, re.Max, 1) + 1
	}
	return min(cost, maxCost+1)
}

// expression is a regular expression together with what it costs to run on one byte.
type expression struct {
	re      *regexp.Regexp
	cost    int
	givenUp *atomic.Uint64 // of the compiler
}

func (e *expression) match(s string) bool {
	if e.cost*(len(s)+1) > maxWork {
		e.givenUp.Add(1)
		return false
	}
	return e.re.MatchString(s)
}

// newExpression compiles text, if it is not too costly.
func newExpression(text string) (*expression, string) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, unsupported(err)
	}
	cost := regexpCost(parsed)
	if cost > maxCost {
		return nil, tooCostly
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, unsupported(err)
	}
	return &expression{re: re, cost: cost}, ""
}

// count lets what p gives up count in n.
func (p *program) count(n *atomic.Uint64) {
	if re := p.template.re; re != nil {
		re.givenUp = n
	}
	for i := range p.parts {
		if re := p.parts[i].re; re != nil {
			re.givenUp = n
		}
	}
}

// cost returns what the regular expressions of p cost to run on one byte.
func (p *program) cost() int {
	cost := p.template.cost()
	for i := range p.parts {
		cost += p.parts[i].cost()
	}
	return cost
}

func (c *component) cost() int {
	if c.re == nil {
		return 0
	}
	return c.re.cost
}

// TooCostly reports whether ms together are so costly to match that one stream should not have them all, although each
// by itself is not.
func (ms Matchers) TooCostly() bool {
	cost := 0
	for _, m := range ms {
		if m.program != nil {
			cost += m.program.cost()
		}
	}
	return cost > maxCostTogether
}

const tooCostly = "is too costly to match: it has too many groups or repetitions"

func unsupported(err error) string {
	return fmt.Sprintf("has a regular expression that cannot be matched in linear time, or is none: %v", err)
}

// patternProblem says what is wrong with the groups of a URL Pattern, before anything is compiled: what is said is
// said of an upper bound of the cost. Groups are found as the standard's tokenizer finds them.
func patternProblem(pattern string) string {
	cost := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case c == '(':
			group, ok := groupAt(pattern[i:])
			if !ok {
				continue // the standard takes the parenthesis for a character, or refuses it
			}
			if strings.Count(group, `\p`)+strings.Count(group, `\P`) > maxUnicodeClasses {
				return tooCostly
			}
			re, err := syntax.Parse(group[1:len(group)-1], syntax.Perl)
			if err != nil {
				return unsupported(err)
			}
			cost += groupCost + 2*regexpCost(re) // repeated groups are written twice
			i += len(group) - 1
		case c == '*' || c == ':' || c == '{':
			cost += groupCost
		}
		if cost > maxCost {
			return tooCostly
		}
	}
	return ""
}

// groupAt returns the regular expression in parentheses that s begins with.
func groupAt(s string) (string, bool) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return "", false
		case c == '\\':
			i++
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return s[:i+1], i > 1
			}
		}
	}
	return "", false
}
