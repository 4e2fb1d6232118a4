package fanout

import (
	"container/heap"
	"context"
	"time"
)

// leave is what lets a subscriber receive, if it is not for all and for ever.
type leave struct {
	bearer any       // see Subscription.Bearer
	at     time.Time // when it ends; zero for never
	next   time.Time // when there is something to do about it: to tell, or to end
	why    EndReason
	told   bool
	place  int // in the shard's expiries; -1 if it is not there
}

// expiries is a heap of the subscribers of a shard whose streams do not last for ever: whose time comes first lies on
// top.
type expiries []*Subscriber

func (e expiries) Len() int           { return len(e) }
func (e expiries) Less(i, j int) bool { return e[i].leave.next.Before(e[j].leave.next) }

func (e expiries) Swap(i, j int) {
	e[i], e[j] = e[j], e[i]
	e[i].leave.place, e[j].leave.place = i, j
}

// Push implements [heap.Interface].
func (e *expiries) Push(x any) {
	sub := x.(*Subscriber)
	sub.leave.place = len(*e)
	*e = append(*e, sub)
}

// Pop implements [heap.Interface].
func (e *expiries) Pop() any {
	last := len(*e) - 1
	sub := (*e)[last]
	(*e)[last] = nil
	*e = (*e)[:last]
	sub.leave.place = -1
	return sub
}

func (e *expiries) remove(sub *Subscriber) {
	if sub.leave != nil && sub.leave.place >= 0 {
		heap.Remove(e, sub.leave.place)
	}
}

// longestWait bounds the wait for an expiry: the clock on the wall may be set meanwhile.
const longestWait = time.Minute

// next returns how long after now something is to be done, and -1 if nothing ever.
func (e expiries) next(now time.Time) time.Duration {
	if len(e) == 0 {
		return -1
	}
	return min(max(e[0].leave.next.Sub(now), 0), longestWait)
}

// expect enters a subscriber whose stream is to end.
func (s *shard) expect(sub *Subscriber) {
	x := sub.leave
	if x.at.IsZero() {
		return
	}
	x.at = x.at.Round(0) // by the clock on the wall, also after the machine has slept
	x.next = x.at
	if sub.signals && x.why == EndExpired {
		x.next = x.at.Add(-s.fan.options.ExpiryWarning)
	} else {
		x.told = true
	}
	heap.Push(&s.expiries, sub)
}

// expire tells and ends those whose time has come.
func (s *shard) expire() {
	if len(s.expiries) == 0 {
		return
	}
	now := time.Now()
	var due []*Subscriber
	for len(s.expiries) > 0 && !s.expiries[0].leave.next.After(now) {
		sub := s.expiries[0]
		x := sub.leave
		if x.at.After(now) && !x.told {
			x.told, x.next = true, x.at
			heap.Fix(&s.expiries, 0)
			s.warn(sub, now)
			continue
		}
		heap.Pop(&s.expiries)
		s.end(sub, x.why)
		due = append(due, sub)
	}
	s.endNow(due)
}

// endNow ends streams at once that are ending: properly, if the socket takes that. Nothing is written to them any more
// behind the frame that they have begun, and if that cannot be, they are cut: not a byte goes out later than it may.
func (s *shard) endNow(subs []*Subscriber) {
	for _, sub := range subs {
		if !sub.ended {
			s.offer(sub)
		}
		if !sub.ended {
			sub.ending = false // there is no time for a proper end
			s.finish(sub, sub.reason)
		}
	}
}

// endWhere ends the streams of certain bearers, and returns how many that were.
func (s *shard) endWhere(match func(bearer any) bool, why EndReason) int {
	var revoked []*Subscriber
	for _, sub := range s.subs {
		if sub.leave != nil && sub.leave.bearer != nil && match(sub.leave.bearer) {
			s.end(sub, why)
			revoked = append(revoked, sub)
		}
	}
	s.endNow(revoked)
	return len(revoked)
}

// EndWhere ends the streams of the bearers that match selects, and returns how many there were. They have ended when it
// returns. match is called from the shards' loops, one call for each stream that has a bearer: it must be quick and
// must not call back.
func (f *Fanout) EndWhere(ctx context.Context, match func(bearer any) bool, why EndReason) (int, error) {
	total := 0
	for _, s := range f.shards {
		reply := make(chan int, 1)
		if !s.mailbox.post(message{kind: msgEndWhere, match: match, reason: why, count: reply}) {
			return total, ErrClosed
		}
		select {
		case n := <-reply:
			total += n
		case <-f.stopped:
			return total, ErrClosed
		case <-ctx.Done():
			return total, ctx.Err()
		}
	}
	return total, nil
}

func (s *shard) warn(sub *Subscriber, now time.Time) {
	x := sub.leave
	f, err := NewSignal(SignalExpiring, "", ExpiringData{At: x.at.Unix(), In: x.at.Sub(now).Milliseconds()})
	if err == nil && !sub.ending {
		s.queue(sub, f)
	}
}
