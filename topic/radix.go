package topic

import (
	"bytes"
	"strings"
)

// radix finds, for a text, the patterns whose fixed beginning the text begins with. It costs what the text is long,
// however many patterns there are.
type radix[S any] struct {
	label    string        // what lies between the parent and here
	first    []byte        // the first byte of the label of each child; they are all different
	children []*radix[S]   // in no order
	patterns []*pattern[S] // whose beginning ends here
}

// pattern holds the subscribers of one pattern or template.
type pattern[S any] struct {
	bucket  bucket[S]
	program *program
	at      int // where it lies in its radix
}

func (n *radix[S]) empty() bool { return len(n.patterns) == 0 && len(n.children) == 0 }

// next returns the child that text leads to, and what of the text lies behind it; nil if there is none.
func (n *radix[S]) next(text string) (*radix[S], string) {
	if text == "" {
		return nil, ""
	}
	i := bytes.IndexByte(n.first, text[0])
	if i < 0 {
		return nil, ""
	}
	rest, ok := strings.CutPrefix(text, n.children[i].label)
	if !ok {
		return nil, ""
	}
	return n.children[i], rest
}

// match calls visit for the subscribers of the patterns that begin like text and match s.
func (n *radix[S]) match(text string, s *subject, visit func(S)) {
	for ; n != nil; n, text = n.next(text) {
		for _, p := range n.patterns {
			if p.program.match(s) {
				visitAll(p.bucket.refs, visit)
			}
		}
	}
}

func (n *radix[S]) add(prefix string, p *pattern[S]) {
	for prefix != "" {
		i := bytes.IndexByte(n.first, prefix[0])
		if i < 0 {
			i = len(n.children)
			n.first = append(n.first, prefix[0])
			n.children = append(n.children, &radix[S]{label: prefix})
		}
		child := n.children[i]
		same := 0
		for same < len(child.label) && same < len(prefix) && child.label[same] == prefix[same] {
			same++
		}
		if same < len(child.label) {
			fork := &radix[S]{label: child.label[:same], first: []byte{child.label[same]}, children: []*radix[S]{child}}
			child.label = child.label[same:]
			n.children[i], child = fork, fork
		}
		n, prefix = child, prefix[same:]
	}
	p.at = len(n.patterns)
	n.patterns = append(n.patterns, p)
}

// remove takes p out, whose prefix leads to it, and the nodes that nobody needs any more.
func (n *radix[S]) remove(prefix string, p *pattern[S]) {
	if prefix == "" {
		last := len(n.patterns) - 1
		n.patterns[p.at] = n.patterns[last]
		n.patterns[p.at].at = p.at
		n.patterns[last] = nil
		n.patterns = n.patterns[:last]
		return
	}
	i := bytes.IndexByte(n.first, prefix[0])
	child := n.children[i]
	child.remove(prefix[len(child.label):], p)
	switch {
	case child.empty():
		last := len(n.children) - 1
		n.first[i], n.children[i] = n.first[last], n.children[last]
		n.children[last] = nil
		n.first, n.children = n.first[:last], n.children[:last]
	case len(child.patterns) == 0 && len(child.children) == 1:
		only := child.children[0]
		only.label = child.label + only.label
		n.children[i] = only
	}
}
