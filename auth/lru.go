package auth

import (
	"container/list"
	"crypto/sha256"
)

// lru holds values by a hash, and no more than most of them: the one that was not used for longest goes first. Its
// owner locks it. With most below 1 it holds none.
type lru[V any] struct {
	most    int
	order   list.List // of lruEntry[V], the one used last in front
	entries map[[sha256.Size]byte]*list.Element
}

type lruEntry[V any] struct {
	key   [sha256.Size]byte
	value V
}

// get returns the value of a key, the zero value if there is none.
func (c *lru[V]) get(key [sha256.Size]byte) V {
	element := c.entries[key]
	if element == nil {
		var none V
		return none
	}
	c.order.MoveToFront(element)
	return element.Value.(lruEntry[V]).value
}

// put keeps a value, in the place of an earlier one of its key.
func (c *lru[V]) put(key [sha256.Size]byte, value V) {
	if c.most < 1 {
		return
	}
	if c.entries == nil {
		c.entries = map[[sha256.Size]byte]*list.Element{}
	}
	c.remove(key)
	c.entries[key] = c.order.PushFront(lruEntry[V]{key, value})
	if c.order.Len() > c.most {
		c.remove(c.order.Back().Value.(lruEntry[V]).key)
	}
}

// remove drops the value of a key, if there is one.
func (c *lru[V]) remove(key [sha256.Size]byte) {
	if element := c.entries[key]; element != nil {
		c.order.Remove(element)
		delete(c.entries, key)
	}
}
