package hub

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// filters remembers what was subscribed to last, so that subscribers who want the same have one filter together: most
// pages of a site ask for the same few topics. It forgets by overwriting, and is bounded.
type filters struct {
	mu   sync.Mutex
	seed maphash.Seed
	last []*eventlog.Filter // by hash; nil until the first is shared
}

const (
	filterSlots = 1024
	// sharedText is how long the texts of a filter may be together that is remembered.
	sharedText = 1 << 10
)

// share returns a filter that selects what ms and grant say. It is shared and must not be changed.
func (x *filters) share(ms topic.Matchers, grant topic.Grant) *eventlog.Filter {
	made := &eventlog.Filter{Matchers: ms, Grant: grant}
	if size(ms)+size(grant.Subscribe)+size(grant.Publish) > sharedText {
		return made
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last == nil {
		x.seed, x.last = maphash.MakeSeed(), make([]*eventlog.Filter, filterSlots)
	}
	var h maphash.Hash
	h.SetSeed(x.seed)
	for _, list := range []topic.Matchers{ms, grant.Subscribe, grant.Publish} {
		for _, m := range list {
			_ = h.WriteByte(byte(m.Kind())) // a Hash does not fail
			_, _ = h.WriteString(m.Value())
			_ = h.WriteByte(0)
		}
		_ = h.WriteByte(1)
	}
	slot := &x.last[h.Sum64()%filterSlots]
	if f := *slot; f != nil && slices.Equal(f.Matchers, ms) &&
		slices.Equal(f.Grant.Subscribe, grant.Subscribe) && slices.Equal(f.Grant.Publish, grant.Publish) {
		return f
	}
	*slot = made
	return made
}

func size(ms topic.Matchers) int {
	n := 0
	for _, m := range ms {
		n += len(m.Value()) + 1
	}
	return n
}
