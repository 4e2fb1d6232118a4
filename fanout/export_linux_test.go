package fanout

import "time"

// SocketSet is the set of a shard's sockets without the shard.
type SocketSet struct{ set socketSet }

// NewSocketSet returns a set whose peers may take so long to accept a stream's last bytes.
func NewSocketSet(stall time.Duration) *SocketSet { return &SocketSet{socketSet{stall: stall}} }

// Bind binds s to n, in this set.
func (set *SocketSet) Bind(s *SocketSink, n Notifier) {
	s.Bind(setNotifier{n, &set.set})
}

// setNotifier is a notifier that stands for a subscriber of a shard.
type setNotifier struct {
	Notifier
	set *socketSet
}

func (n setNotifier) socketSet() *socketSet { return n.set }

// Sockets returns how many descriptors the set holds.
func (set *SocketSet) Sockets() int { return set.set.sockets() }

// Wakes returns how often the set's goroutine has woken.
func (set *SocketSet) Wakes() uint64 { return set.set.events.Load() }

// Kill closes the sockets that are ending.
func (set *SocketSet) Kill() { set.set.kill() }

// Close waits until every socket has ended.
func (set *SocketSet) Close() { set.set.close() }

// What the tests of ends are about.
const (
	ChattyLimit = chattyLimit
	LingerTime  = lingerTime
	MaxVectors  = maxVectors
)
