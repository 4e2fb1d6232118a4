package topic

import "net/url"

// ReadPlainly reads name as a URL without the standard's parser, if that is possible, and with it.
func ReadPlainly(baseURL *url.URL, name string) (plainly, properly []string, ok bool) {
	b, err := newBase(baseURL)
	if err != nil {
		return nil, nil, false
	}
	var p, q [partCount]string
	if ok = b.plain(name, &p); !ok {
		return nil, nil, false
	}
	if u, err := b.read(name); err == nil {
		split(u, &q)
		properly = q[:]
	}
	return p[:], properly, true
}

// Programs returns how many programs c remembers.
func Programs(c *Compiler) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.programs)
}

// Nodes returns how many nodes the trees of x have, beside their roots.
func Nodes[S any](x *Index[S]) int {
	n := nodes(&x.templates)
	for i := range x.urls {
		n += nodes(&x.urls[i].radix)
	}
	return n
}

func nodes[S any](r *radix[S]) int {
	n := len(r.children)
	for _, child := range r.children {
		n += nodes(child)
	}
	return n
}
