package topic

import (
	"strings"

	"github.com/yosida95/uritemplate/v3"
)

// isTemplate reports whether text is a valid template with an expression.
func isTemplate(text string) bool {
	if strings.IndexByte(text, '{') < 0 || len(text) > MaxMatcherBytes && strings.IndexByte(text, '}') < 0 {
		return false
	}
	if len(text) > MaxMatcherBytes {
		return true // it is going to be refused for its length
	}
	_, err := uritemplate.New(text)
	return err == nil
}

// What a variable of a template counts for in the cost of its regular expression.
const variableCost = 14

// compileTemplate compiles a valid template with an expression. What its expressions may expand to is the library's
// knowledge; the plainest, {name}, are matched here.
func compileTemplate(text string) (*program, error) {
	p := &program{kind: KindTemplate}
	p.prefix = text[:strings.IndexByte(text, '{')]
	p.template.prefix = strings.Clone(p.prefix)
	p.prefix = p.template.prefix
	if g, ok := templateGlob(text[len(p.prefix):]); ok {
		p.template.glob = g
		return p, nil
	}
	refuse := func(reason string) error {
		return &MatcherError{Kind: KindTemplate, Value: text, Reason: reason}
	}
	if cost := variableCost * (strings.Count(text, "{") + strings.Count(text, ",")); cost > maxCost {
		return nil, refuse(tooCostly)
	}
	template, err := uritemplate.New(text)
	if err != nil {
		return nil, refuse(err.Error())
	}
	e, problem := newExpression(template.Regexp().String())
	if problem != "" {
		return nil, refuse(problem)
	}
	p.template.re = e
	return p, nil
}

// templateGlob returns the glob of a template in which each expression is one plain variable, and each text behind
// one begins with what no variable can have.
func templateGlob(text string) (glob, bool) {
	var g glob
	set := &charset{variable: true}
	for text != "" {
		if text[0] != '{' {
			end := strings.IndexByte(text, '{')
			if end < 0 {
				end = len(text)
			}
			if len(g) > 0 && (text[0] == '%' || inVariable(text[0])) {
				return nil, false
			}
			g = append(g, globItem{kind: itemText, text: strings.Clone(text[:end])})
			text = text[end:]
			continue
		}
		name, rest, _ := strings.Cut(text[1:], "}")
		if strings.ContainsAny(name, "+#./;?&:*,") || len(g) > 0 && g[len(g)-1].kind == itemSegment {
			return nil, false
		}
		g = append(g, globItem{kind: itemSegment, set: set})
		text = rest
	}
	return g, true
}

// variableRun returns how many bytes of s a plain variable can expand to: unreserved characters, encoded ones, and
// the commas of a list.
func variableRun(s string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case inVariable(s[i]):
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			i += 2
		default:
			return i
		}
	}
	return len(s)
}

func inVariable(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~' || c == ','
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
