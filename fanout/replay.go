package fanout

import "time"

// fetch has a reader fetch what lies behind a subscriber's position up to to, once it has a place and its time
// has come.
func (s *shard) fetch(sub *Subscriber, to uint64) {
	if sub.place == placeNone {
		if !s.fan.places.take(sub) {
			sub.place = placeWaiting
			return
		}
		sub.place = placeHeld
	}
	if sub.due > s.now {
		s.pace.add(sub)
		return
	}
	sub.reading = true
	s.fan.readers.submit(sub, to)
}

// admit takes a place that has become free for sub, and passes it on if sub no longer waits.
func (s *shard) admit(sub *Subscriber) {
	if sub.replay == nil || sub.place != placeWaiting {
		s.passPlace()
		return
	}
	sub.place = placeHeld
	s.resume(sub)
}

// pay notes what a subscriber was sent from the log, and so when it may be sent more.
func (s *shard) pay(sub *Subscriber, bytes int) {
	if rate := s.fan.options.ReplayRate; rate > 0 && sub.replay != nil {
		sub.due = max(sub.due, s.now) + time.Duration(bytes)*time.Second/time.Duration(rate)
	}
}

// yield takes the place from a subscriber whose socket is full when the wheel comes by, if others wait: a slow
// peer does not keep them from the log. When it drains it stands at the end of the line.
func (s *shard) yield(sub *Subscriber) {
	if sub.replay != nil && sub.place == placeHeld && !sub.reading && s.fan.places.wanted() {
		sub.place = placeNone
		s.passPlace()
	}
}

// stopReplay is for a subscriber that does not need the log any more.
func (s *shard) stopReplay(sub *Subscriber) {
	if sub.replay == nil {
		return
	}
	s.pace.remove(sub)
	held := sub.place
	sub.place = placeNone
	switch held {
	case placeWaiting:
		s.fan.places.leave(sub)
	case placeHeld:
		s.passPlace()
	}
}

func (s *shard) passPlace() {
	if idle := s.fan.places.pass(); idle {
		s.fan.readers.rest()
	}
}
