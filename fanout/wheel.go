package fanout

import "time"

// wheel visits each subscriber of a shard once in a while, for heartbeats and stall checks. It knows nothing of
// what is due: it visits, and the shard says when to come again.
type wheel struct {
	tick  time.Duration
	slots [][]*Subscriber
	now   int64 // the last tick that was handled
	count int
}

// wheelTicks is how finely the shortest interval is divided: a visit is late by at most this part of it. Subscribers
// note their slot in a byte.
const wheelTicks = 16

// newWheel returns a wheel for intervals of which the shortest is short; longer ones are visited in between.
func newWheel(short time.Duration) *wheel {
	return &wheel{
		tick:  max(short/wheelTicks, time.Millisecond),
		slots: make([][]*Subscriber, wheelTicks+2),
	}
}

// add enters sub for a visit at the time at on the shard's clock, or sooner if that is beyond the wheel.
func (w *wheel) add(sub *Subscriber, at time.Duration) {
	ticks := int64((at+w.tick-1)/w.tick) - w.now
	ticks = min(max(ticks, 1), int64(len(w.slots)-1))
	slot := int((w.now + ticks) % int64(len(w.slots)))
	sub.slot, sub.slotAt = uint8(slot), int32(len(w.slots[slot]))
	w.slots[slot] = append(w.slots[slot], sub)
	w.count++
}

func (w *wheel) remove(sub *Subscriber) {
	slot := w.slots[sub.slot]
	last := len(slot) - 1
	slot[sub.slotAt] = slot[last]
	slot[sub.slotAt].slotAt = sub.slotAt
	slot[last] = nil
	w.slots[sub.slot] = slot[:last]
	w.count--
}

// advance moves the wheel to now. It takes every subscriber whose tick has come out of the wheel and hands it to
// visit, which adds it again.
func (w *wheel) advance(now time.Duration, visit func(*Subscriber)) {
	to := int64(now / w.tick)
	if to-w.now > int64(len(w.slots)) {
		w.now = to - int64(len(w.slots)) // a long pause: one round visits all
	}
	for w.now < to {
		w.now++
		slot := int(w.now % int64(len(w.slots)))
		due := w.slots[slot]
		w.slots[slot] = nil
		w.count -= len(due)
		for _, sub := range due {
			visit(sub)
		}
	}
}

// next returns how long after now the next tick is, and -1 if nobody is in the wheel.
func (w *wheel) next(now time.Duration) time.Duration {
	if w.count == 0 {
		return -1
	}
	return max(time.Duration(w.now+1)*w.tick-now, 0)
}
