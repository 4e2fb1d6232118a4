package topic

import (
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"weak"
)

// MaxMatcherBytes is the length of the longest text that a pattern or template may have.
const MaxMatcherBytes = 4096

// MatcherError says why a text is no matcher.
type MatcherError struct {
	// Kind is the language that the text was to be read in.
	Kind Kind
	// Value is the text.
	Value string
	// Reason says what is wrong with it, for humans.
	Reason string
}

func (e *MatcherError) Error() string {
	return fmt.Sprintf("topic: %s %.200q %s", e.Kind, e.Value, e.Reason)
}

// Compiler makes matchers, and lets all that are made from the same text share what was compiled, for as long as one
// of them is in use: 15,000 subscribers with the same pattern cost one. It remembers nothing that nobody uses.
//
// Its methods may be called by several goroutines at the same time. What they cost is bounded by [MaxMatcherBytes]
// and a limit on what a pattern's regular expressions compile to.
type Compiler struct {
	base *base

	givenUp atomic.Uint64

	mu       sync.Mutex
	programs map[programKey]weak.Pointer[program]
}

type programKey struct {
	kind  Kind
	value string
}

// NewCompiler returns a compiler for a hub at baseURL, which relative patterns and relative topics are relative to.
// Without one (nil) relative patterns are refused, and patterns match no relative topic.
func NewCompiler(baseURL *url.URL) (*Compiler, error) {
	b, err := newBase(baseURL)
	if err != nil {
		return nil, err
	}
	return &Compiler{base: b, programs: map[programKey]weak.Pointer[program]{}}, nil
}

// Pattern returns the matcher of the topics that fit a URL Pattern (https://urlpattern.spec.whatwg.org). Upper and
// lower case differ, but for protocols and hosts, which URLs have in lower case. A pattern that names a protocol is
// complete by itself, others are completed from the base URL. [Wildcard] gives [Any].
//
// Groups with a regular expression of their own must be possible in linear time: what Go's package regexp does not
// know, such as looking ahead, is refused. The error is a [*MatcherError].
func (c *Compiler) Pattern(pattern string) (Matcher, error) {
	if pattern == Wildcard {
		return Any(), nil
	}
	return c.share(KindPattern, pattern, func() (*program, error) { return compilePattern(pattern, c.base) })
}

// Template returns the matcher of the topics that a URI Template (RFC 6570) may expand to, and of the topic that
// equals its text. A text without expressions, or one that is no template at all, gives [Exact]; [Wildcard] gives
// [Any]. The error is a [*MatcherError]: the template is too long or too costly.
func (c *Compiler) Template(template string) (Matcher, error) {
	if !isTemplate(template) {
		return Exact(template), nil
	}
	return c.share(KindTemplate, template, func() (*program, error) { return compileTemplate(template) })
}

// Compile returns the matcher of a kind. The error is a [*MatcherError].
func (c *Compiler) Compile(kind Kind, value string) (Matcher, error) {
	switch {
	case kind == KindPattern:
		return c.Pattern(value)
	case kind == KindTemplate:
		return c.Template(value)
	case kind == KindExact:
		return Exact(value), nil
	case kind == KindAny && value == Wildcard:
		return Any(), nil
	case kind == KindAny:
		return Matcher{}, &MatcherError{Kind: kind, Value: value, Reason: `must be "*"`}
	}
	return Matcher{}, &MatcherError{Kind: kind, Value: value, Reason: "is of a kind that this release does not know"}
}

// Parse returns the matcher that a text of [Matcher.String] stands for.
func (c *Compiler) Parse(text string) (Matcher, error) {
	name, value, _ := strings.Cut(text, ":")
	kind, ok := ParseKind(name)
	if !ok {
		return Matcher{}, fmt.Errorf("topic: matcher %.200q is of a kind that this release does not know", text)
	}
	return c.Compile(kind, value)
}

// ParseKind returns the kind that a name of [Kind.String] stands for.
func ParseKind(name string) (Kind, bool) {
	for _, k := range kinds {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// CompilePattern is [Compiler.Pattern] without sharing: no other matcher equals the one that it returns.
func CompilePattern(pattern string, baseURL *url.URL) (Matcher, error) {
	c, err := NewCompiler(baseURL)
	if err != nil {
		return Matcher{}, err
	}
	return c.Pattern(pattern)
}

// CompileTemplate is [Compiler.Template] without sharing: no other matcher equals the one that it returns.
func CompileTemplate(template string) (Matcher, error) {
	c, err := NewCompiler(nil)
	if err != nil {
		return Matcher{}, err
	}
	return c.Template(template)
}

// share returns the matcher of the program for value that is in use, or compiles one.
func (c *Compiler) share(kind Kind, value string, compile func() (*program, error)) (Matcher, error) {
	if len(value) > MaxMatcherBytes {
		return Matcher{}, &MatcherError{
			Kind: kind, Value: value, Reason: fmt.Sprintf("has %d bytes, more than %d", len(value), MaxMatcherBytes),
		}
	}
	if err := CheckString(value); err != nil {
		return Matcher{}, &MatcherError{
			Kind: kind, Value: value, Reason: "has a " + strings.TrimPrefix(err.Error(), "topic: "),
		}
	}
	key := programKey{kind, value}
	if p := c.find(key); p != nil {
		return Matcher{program: p, value: p.value}, nil
	}
	compiled, err := compile() // not under the lock: it may take a while
	if err != nil {
		return Matcher{}, err
	}
	compiled.value = strings.Clone(value) // which may be a part of a whole request
	compiled.count(&c.givenUp)
	p := c.keep(programKey{kind, compiled.value}, compiled)
	return Matcher{program: p, value: p.value}, nil
}

// GivenUp returns how often a matcher of c was not tried on a topic, and therefore has not selected it, because that would
// have taken too long: the product of what the matcher's regular expressions compile to and the length of the topic is
// bounded. With topics of up to 4,096 bytes only expressions with large counted repetitions come to that, such as
// [a-z]{1,100}, and only with long topics.
func (c *Compiler) GivenUp() uint64 { return c.givenUp.Load() }

func (c *Compiler) find(key programKey) *program {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.programs[key].Value()
}

// keep remembers p, unless another was faster, and returns the one that is to be used.
func (c *Compiler) keep(key programKey, p *program) *program {
	c.mu.Lock()
	defer c.mu.Unlock()
	if first := c.programs[key].Value(); first != nil {
		return first
	}
	c.programs[key] = weak.Make(p)
	runtime.AddCleanup(p, c.forget, key)
	return p
}

// forget is called when nobody uses the program of key any more.
func (c *Compiler) forget(key programKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.programs[key].Value() == nil {
		delete(c.programs, key)
	}
}
