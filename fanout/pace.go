package fanout

import (
	"container/heap"
	"time"
)

// pace holds back the subscribers of a shard that have been sent from the log as much as Options.ReplayRate
// allows for now. It is a heap: whose time comes first lies on top.
type pace []*Subscriber

func (p pace) Len() int           { return len(p) }
func (p pace) Less(i, j int) bool { return p[i].due < p[j].due }

func (p pace) Swap(i, j int) {
	p[i], p[j] = p[j], p[i]
	p[i].restAt, p[j].restAt = int32(i), int32(j)
}

// Push implements [heap.Interface].
func (p *pace) Push(x any) {
	sub := x.(*Subscriber)
	sub.restAt = int32(len(*p))
	*p = append(*p, sub)
}

// Pop implements [heap.Interface].
func (p *pace) Pop() any {
	last := len(*p) - 1
	sub := (*p)[last]
	(*p)[last] = nil
	*p = (*p)[:last]
	return sub
}

// add holds sub back until its time has come.
func (p *pace) add(sub *Subscriber) {
	sub.resting = true
	heap.Push(p, sub)
}

func (p *pace) remove(sub *Subscriber) {
	if sub.resting {
		sub.resting = false
		heap.Remove(p, int(sub.restAt))
	}
}

// wake takes out everyone whose time has come at now, in order.
func (p *pace) wake(now time.Duration, visit func(*Subscriber)) {
	for len(*p) > 0 && (*p)[0].due <= now {
		sub := heap.Pop(p).(*Subscriber)
		sub.resting = false
		visit(sub)
	}
}

// next returns how long after now somebody's time comes, and -1 if nobody is held back.
func (p pace) next(now time.Duration) time.Duration {
	if len(p) == 0 {
		return -1
	}
	return max(p[0].due-now, 0)
}
