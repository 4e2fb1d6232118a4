package load

// habit says how a subscriber reads.
type habit uint8

const (
	quick habit = iota // as fast as it can; the only ones that count
	slow
	stuck
)

// plan says who subscribes to what, and how each reads.
type plan struct {
	topics, matchers, lanes int
	habits                  []habit
	readers                 []int64 // of each topic, how many quick subscribers it has
	quick                   int
}

func newPlan(o *Options) *plan {
	p := &plan{
		topics: o.Topics, matchers: o.Matchers, lanes: o.Publishers,
		habits:  make([]habit, o.Subscribers),
		readers: make([]int64, o.Topics),
	}
	p.spread(stuck, o.Stuck)
	p.spread(slow, o.slow())
	for i, h := range p.habits {
		if h != quick {
			continue
		}
		p.quick++
		for j := range p.matchers {
			p.readers[p.topic(i, j)]++
		}
	}
	return p
}

// spread gives n subscribers a habit, evenly among all, so that every thread and every shard of the hub has some.
func (p *plan) spread(h habit, n int) {
	for k := range n {
		i := k * len(p.habits) / n
		for p.habits[i] != quick {
			i = (i + 1) % len(p.habits)
		}
		p.habits[i] = h
	}
}

// topic returns the number of the topic that subscriber i has in slot j.
func (p *plan) topic(i, j int) int { return (i*p.matchers + j) % p.topics }

// slot returns in which slot subscriber i has a topic, and whether it has it.
func (p *plan) slot(i int, topic uint32) (int, bool) {
	if int64(topic) >= int64(p.topics) {
		return 0, false
	}
	j := (int(topic) - i*p.matchers%p.topics + p.topics) % p.topics
	return j, j < p.matchers
}
