package topic

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dunglas/go-urlpattern"
)

// urlPart is what a pattern asks of one part of a URL.
type urlPart struct {
	part int
	component
}

// compilePattern compiles a URL Pattern. The library takes the pattern apart, completes it from the base and brings
// its parts into the form that URLs have; they are compiled here, because matching thousands of patterns needs the
// fixed beginnings of the parts, and a topic that is read as a URL once.
func compilePattern(pattern string, b *base) (*program, error) {
	refuse := func(reason string) error {
		return &MatcherError{Kind: KindPattern, Value: pattern, Reason: reason}
	}
	if problem := patternProblem(pattern); problem != "" {
		return nil, refuse(problem)
	}
	texts, err := patternParts(pattern, b)
	if errors.Is(err, urlpattern.ErrNoBaseURL) {
		return nil, refuse("is relative, and there is no URL that it is relative to")
	}
	if err != nil {
		said, _, _ := strings.Cut(err.Error(), ": &") // the inside of the library's parser may follow
		return nil, refuse("is no URL Pattern: " + said)
	}
	p := &program{kind: KindPattern, base: b}
	open := false // the prefix is complete
	for part, text := range texts {
		o := optionsOf(part, texts[partProtocol])
		c, any, problem := compileComponent(text, o)
		if problem != "" {
			return nil, refuse(problem)
		}
		if !any {
			p.parts = append(p.parts, urlPart{part, c})
		}
		if open || part >= keyParts {
			continue
		}
		p.prefix += c.prefix
		if open = !c.whole; !open && part < keyParts-1 {
			p.prefix += "\x00"
		}
	}
	// What is settled by comparing comes before what takes a regular expression.
	slices.SortStableFunc(p.parts, func(a, b urlPart) int { return a.weight() - b.weight() })
	p.parts = slices.Clip(p.parts)
	return p, nil
}

// weight orders components by what it costs to match them.
func (c *component) weight() int {
	if c.re != nil {
		return 1
	}
	return 0
}

// patternParts returns the pattern of each part of a URL. A pattern that names a protocol is complete by itself: so
// "urn\:isbn\:*" is about such names, and not about a path below that of the base.
func patternParts(pattern string, b *base) (texts [partCount]string, err error) {
	defer func() {
		if r := recover(); r != nil { // what a stranger sends must not end the process
			err = fmt.Errorf("the parser failed: %v", r)
		}
	}()
	u, err := urlpattern.New(pattern, "", nil)
	if errors.Is(err, urlpattern.ErrNoBaseURL) && b.text != "" {
		u, err = urlpattern.New(pattern, b.text, nil)
	}
	if err != nil {
		return texts, err
	}
	return [partCount]string{
		partProtocol: u.Protocol(), partUsername: u.Username(), partPassword: u.Password(), partHostname: u.Hostname(),
		partPort: u.Port(), partPathname: u.Pathname(), partSearch: u.Search(), partHash: u.Hash(),
	}, nil
}

// componentOptions say what separates the segments of a component, and which character before a group belongs to it.
type componentOptions struct{ delimiter, prefix string }

func optionsOf(part int, protocol string) componentOptions {
	switch part {
	case partHostname:
		return componentOptions{delimiter: "."}
	case partPathname:
		if special(protocol) {
			return componentOptions{delimiter: "/", prefix: "/"}
		}
	}
	return componentOptions{}
}

// special reports whether the pattern of a protocol matches one of the special schemes, whose URLs have paths of
// segments.
func special(protocol string) bool {
	c, any, problem := compileComponent(protocol, componentOptions{})
	return problem == "" && (any || slices.ContainsFunc([]string{"http", "https", "ws", "wss", "ftp"}, c.match))
}
