package hub

import (
	"sync/atomic"

	"github.com/tidings-hub/tidings/fanout"
)

// limitSubscribers is the limit that is nobody's own fault.
const limitSubscribers = "Subscribers"

// subscribers counts those whose streams have not ended.
type subscribers struct {
	max int // 0 for no bound
	now atomic.Int64
}

// check returns a [*LimitError] if there is no room for one more. It takes no place: others may be faster.
func (s *subscribers) check() error {
	if n := s.now.Load(); s.max > 0 && n >= int64(s.max) {
		return s.full(n + 1)
	}
	return nil
}

// take takes a place, which give returns, or returns a [*LimitError].
func (s *subscribers) take() error {
	for {
		n := s.now.Load()
		if s.max > 0 && n >= int64(s.max) {
			return s.full(n + 1)
		}
		if s.now.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (s *subscribers) give() { s.now.Add(-1) }

func (s *subscribers) full(n int64) error {
	return &LimitError{Limit: limitSubscribers, Max: s.max, Got: int(n)}
}

// counted returns o with an end that gives the subscriber's place back before o is told of it.
func (s *subscribers) counted(o fanout.Observer) fanout.Observer {
	told := o.Ended
	o.Ended = func(id fanout.SubscriberID, why fanout.EndReason) {
		s.give()
		if told != nil {
			told(id, why)
		}
	}
	return o
}
