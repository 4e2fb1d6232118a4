package fanout

import (
	"container/list"
	"sync"
)

// place says whether a subscriber may have the log read for it.
type place uint8

const (
	placeNone place = iota
	placeWaiting
	placeHeld
)

// places bounds how many subscribers of all shards are served from the log at once. The others wait in the order
// in which they came to need it.
type places struct {
	max int

	mu   sync.Mutex
	free int       // not 0 only if nobody waits
	line list.List // of *Subscriber
}

func newPlaces(max int) *places { return &places{max: max, free: max} }

// take gives sub a place, or puts it at the end of the line and reports false. It then gets a message when a
// place is its own.
func (p *places) take(sub *Subscriber) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free > 0 {
		p.free--
		return true
	}
	sub.inLine = p.line.PushBack(sub)
	return false
}

// leave takes sub out of the line, if it stands there. If its place is already on the way, the shard passes that
// on when it comes.
func (p *places) leave(sub *Subscriber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if sub.inLine != nil {
		p.line.Remove(sub.inLine)
		sub.inLine = nil
	}
}

// pass hands a place on to who is first in line, and reports whether nobody holds one any more.
func (p *places) pass() bool {
	for {
		sub, idle := p.next()
		if sub == nil || sub.shard.mailbox.post(message{kind: msgPlace, sub: sub}) {
			return idle
		}
	}
}

func (p *places) next() (sub *Subscriber, idle bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.line.Front()
	if first == nil {
		p.free++
		return nil, p.free == p.max
	}
	sub = p.line.Remove(first).(*Subscriber)
	sub.inLine = nil
	return sub, false
}

// wanted reports whether somebody waits.
func (p *places) wanted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line.Len() > 0
}

// state is what the places look like, for [Fanout.State].
func (p *places) state() ReplayState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return ReplayState{Reading: p.max - p.free, MaxBehind: p.max, Waiting: p.line.Len()}
}
