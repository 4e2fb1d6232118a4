package fanout

import (
	"cmp"
	"slices"
)

// add appends frames to what a subscriber has pending, in the form that it is sent.
func (s *shard) add(sub *Subscriber, frames ...*Frame) {
	from := len(sub.pending)
	sub.pending = append(sub.pending, frames...)
	if sub.form&(FormGzip|FormEnvelope) != 0 {
		for i, f := range sub.pending[from:] {
			sub.pending[from+i] = s.fan.budget.in(f, sub.form)
		}
	}
	if sub.pinned {
		s.fan.budget.hold(sub.pending[from:]...)
	}
}

// pin counts what is pending for a subscriber whose socket is full: it may be there for long.
func (s *shard) pin(sub *Subscriber) {
	if !sub.pinned {
		sub.pinned = true
		s.pinned++
		s.fan.budget.hold(sub.pending...)
	}
}

func (s *shard) unpin(sub *Subscriber) {
	if sub.pinned {
		sub.pinned = false
		s.pinned--
		s.fan.budget.release(sub.pending...)
	}
}

// drop gives up what a subscriber with a full socket has not begun.
func (s *shard) drop(sub *Subscriber) {
	s.unpin(sub)
	sub.dropUnbegun()
	if sub.blocked {
		s.pin(sub)
	}
}

// keepBudget lets go of what is beyond Options.BufferLimit: first of what can be read again. If that of this shard is
// not enough, the others are asked for theirs, and only when all have given it, subscribers are ended.
func (s *shard) keepBudget() {
	budget := &s.fan.budget
	if budget.over() <= 0 {
		budget.round.CompareAndSwap(allAnswered, 0)
		return
	}
	s.shed()
	switch {
	case budget.over() <= 0:
	case budget.round.CompareAndSwap(0, allAnswered+int32(len(s.fan.shards))):
		s.fan.post(msgShed)
	case budget.round.Load() == allAnswered:
		s.cut()
	}
}

// shedAsked does what another shard asks for. The last of all says that it was not enough, if so.
func (s *shard) shedAsked() {
	s.shed()
	if budget := &s.fan.budget; budget.round.Add(-1) == allAnswered && budget.over() > 0 {
		s.fan.post(msgCut)
	}
}

// shed lets subscribers with a full socket give up what they have not begun, until no more is held than may be.
func (s *shard) shed() {
	if s.pinned == 0 {
		return
	}
	for _, sub := range s.subs {
		if s.fan.budget.over() <= 0 {
			return
		}
		switch {
		case !sub.pinned:
		case sub.live:
			s.fallBehind(sub, BehindMemory)
		default:
			s.drop(sub)
		}
	}
}

// cut ends those who have begun the oldest updates, until no more is held than may be. It is not their fault what the
// window and the kept chunks hold beyond their bounds, because of the forms of their frames.
func (s *shard) cut() {
	if s.pinned == 0 || s.fan.budget.over() <= 0 {
		return
	}
	s.fan.window.fit()
	s.fan.readers.fit()
	var begun []*Subscriber
	for _, sub := range s.subs {
		if sub.pinned && len(sub.pending) > 0 {
			begun = append(begun, sub)
		}
	}
	slices.SortFunc(begun, func(a, b *Subscriber) int {
		return cmp.Compare(a.pending[0].Offset(), b.pending[0].Offset())
	})
	for _, sub := range begun {
		if s.fan.budget.over() <= 0 {
			return
		}
		s.finish(sub, EndMemory)
	}
}
