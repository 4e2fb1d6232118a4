package fanout

import (
	"math/rand/v2"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// ByeData is the data of a tidings.bye signal, with which the hub ends a stream.
type ByeData struct {
	// Reason names the [EndReason].
	Reason string `json:"reason"`
	// Retry is after how many milliseconds the subscriber should come back. Each is told another time, so that not
	// all return at once.
	Retry int64 `json:"retry"`
}

// soonest is how long the first to return are asked to wait.
const soonest = time.Second

// newFarewell returns what a stream ends with: tidings.bye for those who asked for signals; others are only told when
// to reconnect, which every EventSource understands.
func newFarewell(signals bool, why EndReason, retry time.Duration) (*Frame, error) {
	if signals {
		return NewSignal(SignalBye, "", ByeData{Reason: why.String(), Retry: retry.Milliseconds()})
	}
	return newFrame(sse.AppendRetry(make([]byte, maxChunkHead, 32), retry)), nil
}

// farewell returns the last frame of a subscriber whose stream the hub ends.
func (s *shard) farewell(sub *Subscriber, why EndReason) *Frame {
	spread := s.fan.options.ReturnSpread.Milliseconds()
	retry := soonest + time.Duration(rand.Int64N(spread+1))*time.Millisecond
	f, err := newFarewell(sub.signals, why, retry)
	if err != nil {
		return nil // it is made of our own words, and always encodes
	}
	return f
}
