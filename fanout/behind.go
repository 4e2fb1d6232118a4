package fanout

import (
	"errors"
	"slices"
	"sort"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// turnBytes is how much a shard hands to subscribers that are behind before it looks into its mailbox again, so
// that a storm of returning subscribers does not hold up the live ones.
const turnBytes = 1 << 18

// turnTime is for how long it does so. What is handed out is not all that takes time.
const turnTime = 3 * time.Millisecond

// windowScan is how many frames of the window one subscriber has looked at in a turn.
const windowScan = 4096

// scanBytes is what a frame that is looked at counts as in the turn's share: it takes time also if it is not wanted.
const scanBytes = 16

// resume lets a subscriber that is behind go on, unless it waits for its socket, for a reader or for its share.
func (s *shard) resume(sub *Subscriber) {
	if sub.queued || !sub.mayAdvance() {
		return
	}
	sub.queued = true
	s.catching = append(s.catching, sub)
}

// catchUp serves each subscriber that is behind with one chunk, as far as the turn's share goes. Who had to
// wait is first in the next turn.
func (s *shard) catchUp() {
	turn := s.catching
	s.catching = s.waiting[:0]
	left, began := turnBytes, s.clock()
	for i, sub := range turn {
		if left <= 0 || s.clock()-began >= turnTime {
			s.catching = slices.Insert(s.catching, 0, turn[i:]...)
			break
		}
		sub.queued = false
		if sub.mayAdvance() {
			left -= s.advance(sub)
		}
	}
	clear(turn)
	s.waiting = turn[:0]
}

// advance moves a subscriber towards the shard's head, never beyond it, and returns what that counts as in the turn's
// share: the bytes that it took, and the frames that were looked at.
func (s *shard) advance(sub *Subscriber) int {
	if sub.only != nil {
		return s.advanceOnly(sub)
	}
	if sub.pos >= s.head {
		s.goLive(sub)
		return 0
	}
	frames, to, looked, ok := s.fan.window.read(s.frames[:0], sub.pos, s.head, sub.filter, s.fan.options.ChunkBytes, windowScan)
	if !ok {
		s.fetch(sub, s.head)
		return 0
	}
	s.stopReplay(sub)
	bytes := s.serve(sub, frames, to)
	clear(frames)
	s.frames = frames[:0]
	return bytes + looked*scanBytes
}

// advanceOnly has a reader fetch what a subscriber is sent of the past, as far as it has been selected.
func (s *shard) advanceOnly(sub *Subscriber) int {
	if sub.pos < sub.only.to {
		s.fetch(sub, sub.only.to)
		return 0
	}
	sub.only = nil
	s.resume(sub)
	return 0
}

// serve gives a subscriber that is behind the frames of what was looked at up to to. If that is the shard's
// head and the socket took it all, the subscriber is live, in this same turn.
func (s *shard) serve(sub *Subscriber, frames []*Frame, to uint64) int {
	before := len(sub.pending)
	s.add(sub, frames...)
	bytes := 0
	for _, f := range sub.pending[before:] {
		bytes += len(f.Bytes(sub.form))
	}
	sub.pos = to
	s.offer(sub)
	if sub.pos >= s.head && sub.only == nil && !sub.blocked && !sub.ended && !sub.ending {
		s.goLive(sub)
	}
	return bytes
}

// receiveArrived hands out what readers have fetched, as far as the turn's time goes: a thousand who come back at once are
// sent the same chunk at once.
func (s *shard) receiveArrived() {
	began, n := s.clock(), 0
	for n < len(s.arrived) && (n == 0 || s.clock()-began < turnTime) {
		m := s.arrived[n]
		if !m.sub.ended {
			s.receive(m.sub, m.chunk)
		}
		s.fan.budget.release(m.chunk.frames...)
		n++
	}
	s.arrived = slices.Delete(s.arrived, 0, n) // which clears what is left behind
}

// receive takes what a reader has fetched from the log.
func (s *shard) receive(sub *Subscriber, c *chunk) {
	sub.reading = false
	if sub.ending {
		return
	}
	if trimmed, ok := errors.AsType[*eventlog.TrimmedError](c.err); ok {
		s.overtaken(sub, trimmed.Floor)
		return
	}
	// Another shard's head may be ahead of this one's: what lies between comes in a batch.
	to := c.to
	if sub.only == nil {
		to = min(c.to, s.head)
	}
	if c.err != nil || to <= sub.pos { // a log that does not get on is as bad as one that fails
		s.end(sub, EndLog)
		return
	}
	s.pay(sub, s.serve(sub, between(c.frames, sub.pos, to), to))
}

// between returns the frames with after < offset <= to.
func between(frames []*Frame, after, to uint64) []*Frame {
	first := sort.Search(len(frames), func(i int) bool { return frames[i].Offset() > after })
	last := sort.Search(len(frames), func(i int) bool { return frames[i].Offset() > to })
	return frames[first:last]
}

// overtaken tells a subscriber that retention took updates before they could be sent to it, and lets it go on
// with what is left; one that cannot be told is ended, and told when it returns.
func (s *shard) overtaken(sub *Subscriber, floor uint64) {
	lineage := s.fan.log.Lineage()
	gap, err := NewGap(lineage.At(sub.pos).String(), lineage.At(floor-1), eventlog.GapRetention)
	if !sub.signals || err != nil {
		s.end(sub, EndOvertaken)
		return
	}
	sub.told = floor - 1
	s.fan.options.Observer.overtaken(sub.id)
	s.serve(sub, []*Frame{gap}, sub.pos)
}

func (s *shard) goLive(sub *Subscriber) {
	s.stopReplay(sub)
	sub.live, sub.replay = true, nil
	sub.entry = s.index.Add(sub.filter.Matchers, sub)
	s.fan.options.Observer.live(sub.id)
}

// fallBehind lets go of a live subscriber whose socket does not keep up.
func (s *shard) fallBehind(sub *Subscriber, why BehindReason) {
	s.leaveIndex(sub)
	sub.replay = new(replay)
	sub.pos = max(sub.pos, s.head) // which stands still while nothing matches
	s.drop(sub)
	s.fan.options.Observer.behind(sub.id, why)
}

// jump follows a mailbox that has overflowed: the head moves on without its batches, and every live subscriber
// is behind.
func (s *shard) jump(head uint64) {
	for _, sub := range s.subs {
		if sub.live {
			sub.pos = max(sub.pos, s.head)
			s.leaveIndex(sub)
			sub.replay = new(replay)
			s.resume(sub)
			s.fan.options.Observer.behind(sub.id, BehindOverflow)
		}
	}
	s.head = head
}
