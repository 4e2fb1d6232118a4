package fanout

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// socketSet is the epoll set of a shard's sockets, and the goroutine that waits on it. The shard writes to its
// sockets; all else about a descriptor is the goroutine's: it discards what peers send, tells the shard that a socket
// has drained or that a peer has gone, and is the only one to close. So no number of a descriptor is used by one
// while it has come to stand for another connection with the other. Its zero value is ready to use: the set opens
// with its first socket.
type socketSet struct {
	stall time.Duration // how long a peer may take to accept the stream's last bytes

	mu     sync.Mutex
	open   bool
	epoll  *epoll
	wakeUp int             // an eventfd in the set
	table  []*SocketSink   // by the place that an event names
	free   []int32         // places of table that are not used
	ended  []*SocketSink   // handed over by the shard, for the goroutine to end
	ending bool            // the set closes when it is empty
	cut    bool            // and that is to be now
	done   chan struct{}   // closed by the goroutine
	count  atomic.Int64    // sockets
	events atomic.Uint64   // times that the goroutine woke, for tests
	linger [2]lingerQueue  // the goroutine's own: [0] have bytes to write, [1] wait for the peer to close
	seen   []socketEvent   // the goroutine's own, used again
	trash  [discarded]byte // where what peers send goes
}

const (
	// discarded is how much of what a peer sends is read at once.
	discarded = 4 << 10
	// chattyLimit is how much a peer may send behind its request.
	chattyLimit = 64 << 10
	// lingerTime is how long a peer may take to close after the stream's proper end.
	lingerTime = time.Second
	// wakeToken is what an event of the eventfd names.
	wakeToken = -1
)

// socketEvents is what is always asked for. Edge triggered: what has been told is told once.
const socketEvents = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

type socketEvent struct {
	sink   *SocketSink
	events uint32
}

// start opens the set; the caller holds mu.
func (set *socketSet) start() error {
	epoll, err := newEpoll()
	if err != nil {
		return err
	}
	wakeUp, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		epoll.close()
		return err
	}
	if err := epoll.add(wakeUp, unix.EPOLLIN, wakeToken); err != nil {
		epoll.close()
		_ = unix.Close(wakeUp) // nothing is in it
		return err
	}
	set.epoll, set.wakeUp, set.open = epoll, wakeUp, true
	set.done = make(chan struct{})
	go set.run()
	return nil
}

// add enters a socket, whose notifier may be called from now on.
func (set *socketSet) add(s *SocketSink) error {
	if err := set.reserve(s); err != nil {
		return err
	}
	if err := set.epoll.add(int(s.fd), socketEvents, s.place); err != nil {
		set.remove(s)
		return err
	}
	return nil
}

// reserve gives a socket its place, in a set that stays open until the place is given back.
func (set *socketSet) reserve(s *SocketSink) error {
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.ending {
		return ErrClosed
	}
	if !set.open {
		if err := set.start(); err != nil {
			return err
		}
	}
	if n := len(set.free); n > 0 {
		s.place, set.free = set.free[n-1], set.free[:n-1]
		set.table[s.place] = s
	} else {
		s.place = int32(len(set.table))
		set.table = append(set.table, s)
	}
	set.count.Add(1)
	return nil
}

func (set *socketSet) remove(s *SocketSink) {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.table[s.place] = nil
	set.free = append(set.free, s.place)
	set.count.Add(-1)
}

// watchDrain asks for an event when s can be written to. If it can at once, the event comes at once.
func (set *socketSet) watchDrain(s *SocketSink) error {
	return set.epoll.modify(int(s.fd), socketEvents|unix.EPOLLOUT, s.place)
}

// hand gives a socket whose stream is over to the goroutine, which ends it.
func (set *socketSet) hand(s *SocketSink) {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.ended = append(set.ended, s)
	if len(set.ended) == 1 {
		set.wake()
	}
}

// wake ends the goroutine's wait. An eventfd that is full wakes as well. The caller holds mu, so that the descriptor is
// not another's by now; it never blocks.
func (set *socketSet) wake() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(set.wakeUp, one[:])
}

// close refuses further sockets, waits until every one has ended by itself, and lets go of the set.
func (set *socketSet) close() {
	set.mu.Lock()
	set.ending = true
	open := set.open
	if open {
		set.wake()
	}
	set.mu.Unlock()
	if open {
		<-set.done
	}
}

// kill closes the sockets that are ending.
func (set *socketSet) kill() {
	set.mu.Lock()
	defer set.mu.Unlock()
	set.cut = true
	if set.open {
		set.wake()
	}
}

// sockets returns how many descriptors the set holds.
func (set *socketSet) sockets() int { return int(set.count.Load()) }

// run is the goroutine.
func (set *socketSet) run() {
	defer close(set.done)
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := set.epoll.wait(events, set.due())
		if err != nil {
			panic("fanout: epoll_wait: " + err.Error()) // the set is ours: only a defect leads here
		}
		set.events.Add(1)
		ended, ending, cut := set.take(events[:n])
		for i := range set.seen {
			set.handle(set.seen[i].sink, set.seen[i].events)
		}
		now := time.Now()
		for _, s := range ended {
			set.finish(s, now)
		}
		clear(ended)
		for i := range set.linger {
			set.linger[i].expire(now, cut, set.release)
		}
		if ending && set.finished() {
			return
		}
	}
}

// take finds the sockets of events, and takes what was handed over.
func (set *socketSet) take(events []unix.EpollEvent) (ended []*SocketSink, ending, cut bool) {
	clear(set.seen)
	set.seen = set.seen[:0]
	set.mu.Lock()
	defer set.mu.Unlock()
	for i := range events {
		if events[i].Fd == wakeToken {
			var count [8]byte
			_, _ = unix.Read(set.wakeUp, count[:]) // what it counted does not matter
		} else if s := set.table[events[i].Fd]; s != nil {
			set.seen = append(set.seen, socketEvent{s, events[i].Events})
		}
	}
	ended, set.ended = set.ended, nil
	return ended, set.ending, set.cut
}

// handle is the goroutine's: something has happened to a socket.
func (set *socketSet) handle(s *SocketSink, events uint32) {
	if s.stage != socketStreams {
		set.handleOver(s, events)
		return
	}
	if events&unix.EPOLLOUT != 0 && s.refused.Swap(false) {
		s.owner.Drained()
	}
	if s.gone {
		return
	}
	if reason, gone := s.listen(set.trash[:], events); gone {
		s.gone = true
		s.owner.Gone(reason)
	}
}

// handleOver is handle for a stream that has ended. What the peer still sends is read, for to close a socket that
// holds something unread would reset the connection, and the peer would lose the end of the stream.
func (set *socketSet) handleOver(s *SocketSink, events uint32) {
	if events&unix.EPOLLERR != 0 {
		set.release(s)
		return
	}
	_, gone := s.read(set.trash[:])
	s.gone = s.gone || gone
	switch {
	case s.gone && s.stage >= socketShut:
		set.release(s)
	case events&unix.EPOLLOUT != 0:
		set.conclude(s, time.Now())
	}
}

// finish is the goroutine's: a stream is over, and what is left of it is the last bytes and the peer's farewell.
func (set *socketSet) finish(s *SocketSink, now time.Time) {
	s.stage = socketOver
	if s.aborted || s.gone {
		set.release(s)
		return
	}
	set.conclude(s, now)
}

// conclude writes the last bytes and then closes our side of the connection.
func (set *socketSet) conclude(s *SocketSink, now time.Time) {
	if s.stage >= socketShut {
		return
	}
	if s.unsaid > 0 {
		n, err := s.write(lastChunk[len(lastChunk)-int(s.unsaid):])
		s.unsaid -= uint8(n)
		if err == nil && s.unsaid > 0 {
			if s.stage != socketWaits {
				s.stage = socketWaits
				set.linger[0].add(s, now.Add(set.stall))
			}
			err = set.watchDrain(s)
		}
		if err != nil {
			set.release(s)
		}
		if err != nil || s.unsaid > 0 {
			return
		}
	}
	s.stage = socketShut
	if err := unix.Shutdown(int(s.fd), unix.SHUT_WR); err != nil || s.gone {
		set.release(s)
		return
	}
	set.linger[1].add(s, now.Add(lingerTime))
}

// release closes a socket.
func (set *socketSet) release(s *SocketSink) {
	if s.stage == socketReleased {
		return
	}
	properly := s.stage == socketShut
	s.stage = socketReleased
	if !properly {
		s.reset()
	}
	// To close it would take it out of the epoll set only if nobody else has it, as a process that was just forked
	// does. Its place may be another's as soon as it is free.
	set.epoll.remove(int(s.fd))
	_ = unix.Close(int(s.fd))
	set.remove(s)
}

// finished closes the set if nothing is in it.
func (set *socketSet) finished() bool {
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.count.Load() > 0 || len(set.ended) > 0 {
		return false
	}
	set.open = false
	set.epoll.close()
	_ = unix.Close(set.wakeUp) // nothing is in it
	return true
}

// due returns when a socket that is ending has had its time; zero is never.
func (set *socketSet) due() time.Time {
	var due time.Time
	for i := range set.linger {
		if at, any := set.linger[i].next(); any && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	return due
}

// lingerQueue holds sockets that are ending. All in one queue have the same time, so the first is the first due.
type lingerQueue struct{ sinks []lingering }

type lingering struct {
	sink *SocketSink
	due  time.Time
}

func (q *lingerQueue) add(s *SocketSink, due time.Time) { q.sinks = append(q.sinks, lingering{s, due}) }

// next returns when the first that is still there is due.
func (q *lingerQueue) next() (time.Time, bool) {
	for len(q.sinks) > 0 && q.sinks[0].sink.stage == socketReleased {
		q.sinks[0] = lingering{}
		q.sinks = q.sinks[1:]
	}
	if len(q.sinks) == 0 {
		q.sinks = nil
		return time.Time{}, false
	}
	return q.sinks[0].due, true
}

// expire releases whose time is up, or all.
func (q *lingerQueue) expire(now time.Time, all bool, release func(*SocketSink)) {
	for at, any := q.next(); any && (all || !now.Before(at)); at, any = q.next() {
		release(q.sinks[0].sink)
	}
}
