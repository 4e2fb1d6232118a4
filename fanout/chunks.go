package fanout

import (
	"slices"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

const (
	// keptChunks is how many of the last chunks are kept, at most.
	keptChunks = 64
	// keptFor is for how long they are kept when nobody needs the log any more.
	keptFor = 5 * time.Second
)

// chunks are those that were read last. In a storm of returning subscribers not all come to a place while the
// read of it is under way: those who come a little later are served from here. Its owner locks.
type chunks struct {
	max    int // bytes that they may hold together
	budget *budget
	bytes  int
	kept   []keptChunk // oldest first
}

type keptChunk struct {
	key    readKey
	filter *eventlog.Filter
	chunk  *chunk
	size   int
}

// find returns a chunk in which the place lies that key asks for, or nil. It may begin before that place.
func (c *chunks) find(key readKey, filter *eventlog.Filter) *chunk {
	for i := range c.kept {
		k := &c.kept[i]
		if k.key.after <= key.after && key.after < k.chunk.to &&
			k.key.told == key.told && k.key.only == key.only && k.key.filter == key.filter && sameBases(k.filter, filter) {
			return k.chunk
		}
	}
	return nil
}

// add keeps a chunk in the place of the oldest ones.
func (c *chunks) add(key readKey, filter *eventlog.Filter, ch *chunk) {
	if ch.err != nil || key.only != nil { // a selection is one subscriber's own
		return
	}
	size := 0
	for _, f := range ch.frames {
		size += f.size()
	}
	if size > c.max {
		return
	}
	c.budget.hold(ch.frames...)
	c.kept = append(c.kept, keptChunk{key: key, filter: filter, chunk: ch, size: size})
	c.bytes += size
	drop := 0
	for bytes := c.bytes; bytes > c.max || len(c.kept)-drop > keptChunks; drop++ {
		bytes -= c.kept[drop].size
	}
	c.drop(drop)
}

// fit lets go of the oldest until the rest is within the bound together with all that was made of it.
func (c *chunks) fit() {
	held, drop := int64(0), len(c.kept)
	for ; drop > 0; drop-- {
		for _, f := range c.kept[drop-1].chunk.frames {
			held += f.held()
		}
		if held > int64(c.max) {
			break
		}
	}
	c.drop(drop)
}

// drop lets go of the n oldest.
func (c *chunks) drop(n int) {
	for _, k := range c.kept[:n] {
		c.bytes -= k.size
		c.budget.release(k.chunk.frames...)
	}
	c.kept = slices.Delete(c.kept, 0, n) // which clears what is left behind
}

func (c *chunks) clear() {
	for _, k := range c.kept {
		c.budget.release(k.chunk.frames...)
	}
	c.kept, c.bytes = nil, 0
}
