package fanout

import "sync"

// mailbox is the only way into a shard: what others want of it lies here until its next turn.
type mailbox struct {
	poller *poller
	max    int // bytes of batches

	mu       sync.Mutex
	batches  []*Batch
	bytes    int
	messages []message
	head     uint64 // of the last batch that was put, taken or dropped
	overflow bool
	hushed   bool // batches wake nobody
	closed   bool
}

// mail is what a shard takes out of its mailbox at the beginning of a turn.
type mail struct {
	batches  []*Batch
	messages []message
	head     uint64
	overflow bool
}

// message is one thing that somebody wants of a shard. Messages are bounded by the number of subscribers: one
// attach, and one drained, gone, close, place or chunk under way for each.
type message struct {
	kind   messageKind
	sub    *Subscriber
	reason EndReason
	chunk  *chunk
	reply  chan<- ShardState
	match  func(bearer any) bool
	count  chan<- int
}

type messageKind uint8

const (
	msgAttach messageKind = iota
	msgDrained
	msgGone
	msgClose
	msgChunk
	msgPlace
	msgState
	msgEndWhere
	msgShed
	msgCut
	msgShutdown
	msgKill
	msgHeard // has been dealt with
)

// put hands a batch over. It never waits: a mailbox over its bound drops every batch that it holds, and keeps
// only how far the log has come.
func (m *mailbox) put(b *Batch, size int) {
	m.mu.Lock()
	wake := len(m.batches) == 0 && len(m.messages) == 0 && !m.overflow && !m.hushed
	m.head = b.Head
	switch {
	case m.closed, m.overflow:
		wake = false
	case m.bytes > 0 && m.bytes+size > m.max:
		m.batches, m.bytes, m.overflow = nil, 0, true
	default:
		m.batches = append(m.batches, b)
		m.bytes += size
	}
	m.mu.Unlock()
	if wake {
		m.poller.wake()
	}
}

// jump drops every batch, and keeps only that the log has come to head.
func (m *mailbox) jump(head uint64) {
	m.mu.Lock()
	m.head = head
	m.batches, m.bytes, m.overflow = nil, 0, true
	m.mu.Unlock()
	m.poller.wake()
}

// post leaves a message. It reports false once the shard is closed.
func (m *mailbox) post(msg message) bool {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return false
	}
	wake := len(m.messages) == 0 && (m.hushed || len(m.batches) == 0 && !m.overflow)
	m.messages = append(m.messages, msg)
	m.mu.Unlock()
	if wake {
		m.poller.wake()
	}
	return true
}

// take empties the mailbox into in, whose slices are used again for the mailbox.
func (m *mailbox) take(in *mail) {
	clear(in.batches)
	clear(in.messages)
	m.mu.Lock()
	defer m.mu.Unlock()
	in.batches, m.batches = m.batches, in.batches[:0]
	in.messages, m.messages = m.messages, in.messages[:0]
	in.head, in.overflow = m.head, m.overflow
	m.bytes, m.overflow, m.hushed = 0, false, false
}

// hush lets batches wake nobody until the mailbox is emptied, whereas messages still do. It reports false, and does
// nothing, if there is a message already.
func (m *mailbox) hush() bool {
	m.poller.forget() // a message that it was woken for is still there
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hushed = len(m.messages) == 0 && !m.overflow
	return m.hushed
}

// takeBatches takes the batches alone, into in, as take does, and returns how many bytes these are; none if they are more
// than room.
func (m *mailbox) takeBatches(in []*Batch, room int) ([]*Batch, int) {
	clear(in)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes > room {
		return in[:0], 0
	}
	size := m.bytes
	in, m.batches = m.batches, in[:0]
	m.bytes = 0
	return in, size
}

// close refuses all further mail and takes what is left.
func (m *mailbox) close(in *mail) {
	m.take(in)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	in.messages = append(in.messages, m.messages...)
	m.messages, m.batches = nil, nil
}
