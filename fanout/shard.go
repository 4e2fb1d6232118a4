package fanout

import (
	"errors"
	"slices"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// shard is one fan-out loop and the only owner of its subscribers.
type shard struct {
	fan     *Fanout
	mailbox *mailbox
	sockets socketSet
	started time.Time
	now     time.Duration // since started, taken once a turn

	head      uint64 // the last offset taken from the mailbox
	index     topic.Index[*Subscriber]
	subs      []*Subscriber
	dirty     []*Subscriber // have frames that were not offered yet
	full      []*Subscriber // have as many of them as may be gathered
	catching  []*Subscriber // are behind and can go on
	arrived   []message     // chunks that are to be handed to subscribers that are behind
	wheel     *wheel
	pace      pace
	pinned    int // subscribers that the budget counts
	closing   bool
	expiries  expiries
	nextRound time.Duration // not before then, if what there is to write came during the last
	glance    *glance       // nil until it is needed
	glanced   time.Duration // when it was last taken, or not needed

	mail    mail          // used again every turn
	newer   []*Batch      // used again for every look into the mailbox
	bufs    [][]byte      // used again for every offer
	frames  []*Frame      // used again for every read of the window
	waiting []*Subscriber // used again for catching
	comment *Frame
	ping    *Frame // shared by all that are visited while the head stands still
	pingAt  uint64
	read    int // of what was read ahead
}

func newShard(f *Fanout) *shard {
	return &shard{
		fan:     f,
		mailbox: &mailbox{poller: newPoller(), max: f.options.MailboxBytes},
		started: time.Now(),
		head:    f.window.head,
		wheel:   newWheel(min(f.options.Heartbeat, f.options.Stall)),
		comment: NewComment(),
		sockets: socketSet{stall: f.options.Stall},
	}
}

// run is the shard's loop. It ends after a shutdown, when the last subscriber has gone.
func (s *shard) run() {
	for !s.closing || len(s.subs) > 0 {
		s.mailbox.poller.wait(s.rest())
		s.turn()
	}
	s.mailbox.close(&s.mail)
	s.handle(s.mail.messages) // who attached meanwhile is ended like the others
	s.flush(0)
	for len(s.arrived) > 0 {
		s.receiveArrived() // nobody is left to have them
	}
	s.sockets.close()
	if s.glance != nil {
		s.glance.close()
	}
}

// rest returns how long the loop may wait for mail; -1 is for ever.
func (s *shard) rest() time.Duration {
	if len(s.catching) > 0 || len(s.arrived) > 0 {
		return 0
	}
	now := s.clock()
	wait := s.wheel.next(now)
	if len(s.dirty) > 0 {
		wait = sooner(wait, s.lull(now))
	}
	wait = sooner(wait, s.pace.next(now))
	return sooner(wait, s.expiries.next(time.Now()))
}

// sooner returns the shorter of two waits, of which a negative one is for ever.
func sooner(a, b time.Duration) time.Duration {
	if a < 0 || b >= 0 && b < a {
		return b
	}
	return a
}

// turn does all there is to do, once.
func (s *shard) turn() {
	s.fan.working.Add(1)
	defer s.fan.working.Add(-1)
	s.now = s.clock()
	s.mailbox.take(&s.mail)
	s.hear(s.mail.messages)
	s.expire() // before anything is written: the turn may be late
	if s.mail.overflow {
		s.jump(s.mail.head)
	}
	for _, b := range s.mail.batches {
		s.deliver(b)
	}
	s.flush(0) // who is live does not wait for who comes back
	again := len(s.dirty)
	s.handle(s.mail.messages)
	s.expire() // who has come with no time left
	s.pace.wake(s.now, s.resume)
	s.receiveArrived()
	s.catchUp()
	s.wheel.advance(s.now, s.visit)
	s.flush(again)
	s.keepBudget()
	if len(s.catching) > 0 || len(s.arrived) > 0 {
		s.breathe()
	}
}

// deliver gives a batch's frames to the live subscribers that want them.
func (s *shard) deliver(b *Batch) {
	for _, f := range b.Frames {
		s.index.Match(f.record.Topics, func(sub *Subscriber) { s.give(sub, f) })
		if len(s.full) > 0 {
			s.flushFull()
		}
	}
	s.head = b.Head
}

// give appends an update to what a live subscriber has pending, if it has not been served it and may have it.
func (s *shard) give(sub *Subscriber, f *Frame) {
	if f.Offset() <= sub.pos || !sub.filter.Allows(&f.record.Update) {
		return
	}
	sub.pos = f.Offset()
	s.queue(sub, f)
	if !sub.blocked && len(sub.pending)%flushEvery == 0 {
		s.full = append(s.full, sub)
	}
}

func (s *shard) queue(sub *Subscriber, f *Frame) {
	s.add(sub, f)
	s.markDirty(sub)
}

func (s *shard) markDirty(sub *Subscriber) {
	if !sub.dirty {
		sub.dirty = true
		s.dirty = append(s.dirty, sub)
	}
}

// offer hands a subscriber's pending bytes to its sink, and lets it fall behind if too much is left.
func (s *shard) offer(sub *Subscriber) {
	if !sub.blocked && len(sub.pending) > 0 && !s.write(sub) {
		return
	}
	switch {
	case sub.ending && len(sub.pending) == 0:
		s.conclude(sub)
	case sub.live && sub.blocked && sub.pendingBytes() > s.fan.options.PendingBytes:
		s.fallBehind(sub, BehindSlow)
	case !sub.live && !sub.blocked:
		s.resume(sub)
	}
}

// write offers what is pending, and reports false if that was the subscriber's end.
func (s *shard) write(sub *Subscriber) bool {
	bufs, total := s.bufs[:0], 0
	for i, f := range sub.pending {
		b := f.Bytes(sub.form)
		if i == 0 {
			b = b[sub.begun:]
		}
		bufs = append(bufs, b)
		total += len(b)
	}
	n, err := sub.sink.Offer(bufs)
	clear(bufs)
	s.bufs = bufs[:0]
	if err != nil {
		s.finish(sub, endOf(err))
		return false
	}
	if n > 0 {
		sub.lastWrite = s.now
		s.unpin(sub)
		sub.took(n)
	}
	if n < total {
		sub.blocked = true
		sub.taken = uint32(sub.sink.Taken())
		sub.lastWrite = s.now // the stall limit counts from here
		s.pin(sub)
	}
	return true
}

// endOf returns why a stream ends whose sink has failed: where the system has a limit of its own for a peer that takes
// nothing, it may be sooner than the wheel.
func endOf(err error) EndReason {
	if late, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err); ok && late.Timeout() {
		return EndStalled
	}
	return EndGone
}

// conclude ends a stream of which everything was taken. A compressed one has its checksum to say.
func (s *shard) conclude(sub *Subscriber) {
	if sub.form&FormGzip != 0 && !sub.closed {
		sub.closed = true
		s.add(sub, newZipped(sub.sum.trailer()))
		s.offer(sub)
		return
	}
	s.finish(sub, sub.reason)
}

// hear takes in what sinks have told, which says to whom something can be written, and leaves the other messages.
func (s *shard) hear(messages []message) {
	for i := range messages {
		if kind := messages[i].kind; kind == msgDrained || kind == msgGone {
			s.handle(messages[i : i+1])
			messages[i] = message{kind: msgHeard}
		}
	}
}

// handle does what others want of the shard.
func (s *shard) handle(messages []message) {
	for _, m := range messages {
		if m.kind == msgPlace {
			s.admit(m.sub)
			continue
		}
		if m.sub != nil && m.sub.ended {
			s.ignore(m)
			continue
		}
		switch m.kind {
		case msgAttach:
			s.attach(m.sub)
		case msgDrained:
			m.sub.blocked = false
			m.sub.lastWrite = s.now
			s.markDirty(m.sub)
		case msgGone:
			s.gone(m.sub, m.reason)
		case msgClose:
			s.end(m.sub, m.reason)
		case msgChunk:
			s.arrived = append(s.arrived, m)
		case msgState:
			m.reply <- s.state()
		case msgShutdown:
			s.closing = true
			s.catchUp()
			s.flush(0) // what was published before is sent to whose socket takes it
			for _, sub := range slices.Clone(s.subs) {
				s.end(sub, EndShutdown)
			}
		case msgKill:
			for _, sub := range slices.Clone(s.subs) {
				sub.ending = false // there is no time for a proper end
				s.finish(sub, EndShutdown)
			}
		case msgEndWhere:
			m.count <- s.endWhere(m.match, m.reason)
		case msgShed:
			s.shedAsked()
		case msgCut:
			s.cut()
		}
	}
}

// ignore is for a message to who is no more.
func (s *shard) ignore(m message) {
	if m.kind == msgChunk {
		s.fan.budget.release(m.chunk.frames...)
	}
}

func (s *shard) attach(sub *Subscriber) {
	sub.at = int32(len(s.subs))
	s.subs = append(s.subs, sub)
	sub.lastWrite = s.now
	s.wheel.add(sub, s.now+s.fan.options.Heartbeat)
	s.fan.options.Observer.attached(sub.id)
	sub.attached = true
	if sub.lost {
		s.finish(sub, sub.reason)
		return
	}
	if s.closing {
		s.end(sub, EndShutdown)
		return
	}
	if sub.leave != nil {
		s.expect(sub)
	}
	if len(sub.pending) > 0 {
		s.markDirty(sub)
	}
	s.resume(sub)
}

// gone is the end of a subscriber that has ended by itself, perhaps before the shard had it.
func (s *shard) gone(sub *Subscriber, why EndReason) {
	if why == EndExpired && sub.leave != nil {
		why = sub.leave.why // the sink knows that its time has come, but not what for
	}
	if !sub.attached {
		sub.lost, sub.reason = true, why
		return
	}
	s.finish(sub, why)
}

// end lets a subscriber go properly: what it has begun is finished first, then it is told to come back.
func (s *shard) end(sub *Subscriber, why EndReason) {
	if sub.ending {
		return
	}
	sub.ending, sub.reason = true, why
	s.leaveIndex(sub)
	s.stopReplay(sub)
	s.drop(sub)
	if f := s.farewell(sub, why); f != nil {
		s.add(sub, f)
	}
	s.markDirty(sub)
}

// finish is the end of a subscriber.
func (s *shard) finish(sub *Subscriber, why EndReason) {
	if sub.ended {
		return
	}
	sub.ended = true
	if sub.ending && len(sub.pending) == 0 && why == sub.reason {
		sub.sink.End()
	} else {
		sub.sink.Abort()
	}
	s.leaveIndex(sub)
	s.stopReplay(sub)
	s.expiries.remove(sub)
	s.wheel.remove(sub)
	last := len(s.subs) - 1
	s.subs[sub.at] = s.subs[last]
	s.subs[sub.at].at = sub.at
	s.subs[last] = nil
	s.subs = s.subs[:last]
	s.unpin(sub)
	sub.pending = nil
	s.fan.options.Observer.ended(sub.id, why)
	if sub.done != nil {
		sub.done()
	}
}

func (s *shard) leaveIndex(sub *Subscriber) {
	if sub.live {
		sub.live = false
		s.index.Remove(&sub.entry)
	}
}

// visit is the wheel's call: a heartbeat for who was idle, an end for who has stalled.
func (s *shard) visit(sub *Subscriber) {
	due := sub.lastWrite + s.fan.options.Heartbeat
	if sub.blocked {
		if taken := uint32(sub.sink.Taken()); taken != sub.taken {
			sub.taken, sub.lastWrite = taken, s.now
		}
		s.yield(sub)
		due = sub.lastWrite + s.fan.options.Stall
	}
	if due > s.now {
		s.wheel.add(sub, due)
		return
	}
	s.wheel.add(sub, s.now+s.fan.options.Heartbeat)
	switch {
	case sub.blocked:
		s.finish(sub, EndStalled)
	case len(sub.pending) == 0 && !sub.ending:
		s.queue(sub, s.heartbeat(sub))
	}
}

// heartbeat returns the frame that keeps an idle stream alive. The one that moves the cursor is only for who has
// been served everything up to the head.
func (s *shard) heartbeat(sub *Subscriber) *Frame {
	if !sub.signals || !sub.live {
		return s.comment
	}
	if s.ping == nil || s.pingAt != s.head {
		ping, err := newPing(s.fan.log.Lineage().At(s.head))
		if err != nil {
			return s.comment
		}
		s.ping, s.pingAt = ping, s.head
	}
	return s.ping
}

func (s *shard) clock() time.Duration { return time.Since(s.started) }
