package fanout

// Sink takes a subscriber's bytes without ever blocking the shard. A sink serves one subscriber.
//
// The shard calls the methods from its loop, one at a time; Bind comes first. After End or Abort no other
// method is called.
type Sink interface {
	// Bind tells the sink whom to notify. It is called once, before everything else.
	Bind(Notifier)
	// Form says which bytes of a frame the sink wants.
	Form() Form
	// Offer hands over bytes, which are immutable and may be kept. It returns at once how many of them the sink
	// has taken, counted over all of bufs. If that is less than all, the sink calls Notifier.Drained when it
	// can take more. An error means that the connection is gone.
	Offer(bufs [][]byte) (int, error)
	// Taken returns how many bytes have left the sink towards the peer. A sink of which it does not grow while
	// it refuses bytes has stalled.
	Taken() uint64
	// End finishes the stream properly behind the bytes that were taken.
	End()
	// Abort ends the stream at once.
	Abort()
}

// Notifier is how a sink reaches its subscriber's shard. Its methods may be called from any goroutine, block
// only for the mailbox's mutex, and do nothing once the subscriber has ended.
type Notifier interface {
	// Drained says that the sink can take more bytes after it refused some.
	Drained()
	// Gone says that the stream has ended without the shard's doing.
	Gone(EndReason)
}
