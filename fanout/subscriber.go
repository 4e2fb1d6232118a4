package fanout

import (
	"container/list"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// SubscriberID names a connection. It is a random UUID.
type SubscriberID [16]byte

// NewSubscriberID returns an id that nobody has.
func NewSubscriberID() SubscriberID {
	var id SubscriberID
	rand.Read(id[:]) // never fails, says its documentation
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// String returns id in the usual form of a UUID.
func (id SubscriberID) String() string {
	var s [36]byte
	hex.Encode(s[0:8], id[0:4])
	hex.Encode(s[9:13], id[4:6])
	hex.Encode(s[14:18], id[6:8])
	hex.Encode(s[19:23], id[8:10])
	hex.Encode(s[24:36], id[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// Subscription says what a new subscriber is to receive.
type Subscription struct {
	// ID names the subscriber.
	ID SubscriberID
	// Filter selects updates. It is shared and must not change.
	Filter *eventlog.Filter
	// After is the offset that the stream begins behind.
	After uint64
	// Only, if it is not nil, names the offsets behind After, rising, of which alone records up to OnlyTo are
	// sent; behind OnlyTo the stream goes on as usual.
	Only []uint64
	// OnlyTo is where Only ends.
	OnlyTo uint64
	// Told is the offset up to which the subscriber knows of losses; see [eventlog.ReadRequest].
	Told uint64
	// Signals asks for the hub's own events.
	Signals bool
	// Head is what the connection is sent before the stream begins, for a sink that writes to a bare connection: the
	// head of the response.
	Head []byte
	// First are frames to send before everything else, in order.
	First []*Frame
	// Expires, if it is not zero, is when the stream is ended at the latest, by the clock on the wall.
	Expires time.Time
	// ExpiresWhy is the reason that is told then: EndExpired or EndAge. Only the former is told ahead.
	ExpiresWhy EndReason
	// Bearer, if it is not nil, is what the leave to receive was given to, for [Fanout.EndWhere].
	Bearer any
	// Done, if it is not nil, is called once when the stream has ended, from the shard's loop.
	Done func()
}

// opening returns the frames that a stream in form begins with.
func (o *Subscription) opening(form Form) []*Frame {
	frames := make([]*Frame, 0, len(o.First)+2)
	if o.Head != nil {
		frames = append(frames, newHead(o.Head))
	}
	if form&FormGzip != 0 {
		frames = append(frames, newZipped(gzipHeader))
	}
	return append(frames, o.First...)
}

// only is a selection of offsets, up to to.
type only struct {
	offsets []uint64
	to      uint64
}

// Subscriber is one connection. Except for the methods that say otherwise, only its shard touches it.
type Subscriber struct {
	shard  *shard
	sink   Sink
	filter *eventlog.Filter
	id     SubscriberID

	// pos is the offset up to which everything that filter selects has been given to pending, or written. It
	// stands still while the subscriber is live and nothing matches; the shard's head counts then.
	pos     uint64
	*replay // nil while it is live
	pending []*Frame

	entry     topic.Entry[*Subscriber] // the place in the index, while live
	at        int32                    // place in shard.subs
	slotAt    int32                    // place in the wheel's slot
	begun     int32                    // bytes of pending[0] that the sink has taken
	taken     uint32                   // Sink.Taken at the last stall check, modulo 2^32: it is looked at for changes
	slot      uint8                    // of the wheel
	reason    EndReason                // valid while ending
	form      Form
	signals   bool
	live      bool
	blocked   bool // the sink has refused bytes and will say when it has drained
	reading   bool // a read from the log is under way
	queued    bool // stands in shard.catching
	dirty     bool // stands in shard.dirty
	ending    bool // ends as soon as the sink has taken what is pending
	ended     bool
	attached  bool          // the shard has it
	lost      bool          // it was gone before the shard had it, for reason
	pinned    bool          // the budget counts what is pending
	closed    bool          // the gzip stream has its trailer
	lastWrite time.Duration // when the sink last took bytes, on the shard's clock
	done      func()        // is called at the end
	leave     *leave        // nil if it is for all and for ever
	sum       gzipSum       // of the frames that the sink has taken whole, in a gzip stream
}

// replay is what there is to know of a subscriber that is behind.
type replay struct {
	told    uint64        // up to here it has been told of losses
	only    *only         // what it is sent of the past, if that is not everything
	due     time.Duration // when it may be sent more of the log, on the shard's clock
	inLine  *list.Element // place in places.line, guarded by places.mu
	restAt  int32         // place in shard.pace
	resting bool          // stands in shard.pace
	place   place
}

// Drained implements [Notifier]; it may be called from any goroutine.
func (sub *Subscriber) Drained() { sub.shard.mailbox.post(message{kind: msgDrained, sub: sub}) }

// Gone implements [Notifier]; it may be called from any goroutine.
func (sub *Subscriber) Gone(reason EndReason) {
	sub.shard.mailbox.post(message{kind: msgGone, sub: sub, reason: reason})
}

// Close ends the stream properly: a frame that was begun is finished. It may be called from any goroutine, does
// not wait, and may be called again.
func (sub *Subscriber) Close() {
	sub.shard.mailbox.post(message{kind: msgClose, sub: sub, reason: EndClosed})
}

// End is Close for another reason.
func (sub *Subscriber) End(why EndReason) {
	sub.shard.mailbox.post(message{kind: msgClose, sub: sub, reason: why})
}

// mayAdvance reports whether the subscriber is behind and waits for nothing.
func (sub *Subscriber) mayAdvance() bool {
	if sub.live || sub.ending || sub.ended {
		return false
	}
	return !sub.blocked && !sub.reading && !sub.resting && sub.place != placeWaiting
}

// took notes that the sink has taken the first n bytes of what is pending.
func (sub *Subscriber) took(n int) {
	n += int(sub.begun)
	i := 0
	for i < len(sub.pending) {
		size := len(sub.pending[i].Bytes(sub.form))
		if n < size {
			break
		}
		n -= size
		i++
		if sub.form&FormGzip != 0 {
			sub.sumUp(sub.pending[i-1])
		}
	}
	sub.begun = int32(n)
	clear(sub.pending[:i])
	switch {
	case i < len(sub.pending):
		sub.pending = sub.pending[i:]
	case cap(sub.pending) <= smallPending:
		sub.pending = sub.pending[:0]
	default:
		sub.pending = nil // a burst is over: a quiet subscriber holds no memory
	}
}

// sumUp adds a frame to the checksum of a gzip stream.
func (sub *Subscriber) sumUp(f *Frame) {
	if d := f.zipped.Load(); d != nil { // the response's head stands before the stream
		sub.sum.add(d)
	}
}

// smallPending is how many pending frames a subscriber keeps room for while it is quiet.
const smallPending = 2

// dropUnbegun gives up the updates that the sink has not begun to take, and moves the position back to where
// they began. A frame that was begun stays, and so do signals before the first update.
func (sub *Subscriber) dropUnbegun() {
	keep := sub.firstUnbegun()
	if keep < len(sub.pending) {
		sub.pos = sub.pending[keep].Offset() - 1
	}
	clear(sub.pending[keep:])
	sub.pending = sub.pending[:keep]
}

// firstUnbegun returns the place in pending from which on there are only updates, of which the sink has begun to take
// none. What stands before a signal of ours stays: the signal would be forgotten.
func (sub *Subscriber) firstUnbegun() int {
	first := 0
	if sub.begun > 0 {
		first = 1
	}
	i := len(sub.pending)
	for i > first && sub.pending[i-1].record != nil {
		i--
	}
	return i
}

func (sub *Subscriber) pendingBytes() int {
	n := -int(sub.begun)
	for _, f := range sub.pending {
		n += len(f.Bytes(sub.form))
	}
	return n
}
