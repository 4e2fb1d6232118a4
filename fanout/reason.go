package fanout

// EndReason says why a subscriber's stream ended.
type EndReason uint8

// The reasons of an end.
const (
	// EndGone: the peer closed the connection, or a write to it failed.
	EndGone EndReason = iota
	// EndStalled: the peer took no byte for the stall limit.
	EndStalled
	// EndOvertaken: retention dropped what the subscriber had yet to be sent, and it did not ask for signals,
	// so that only its return with its cursor can tell it.
	EndOvertaken
	// EndClosed: the program that embeds the hub closed the subscription.
	EndClosed
	// EndShutdown: the hub shuts down.
	EndShutdown
	// EndLog: the log could not be read.
	EndLog
	// EndMemory: what it had begun to take held memory beyond Options.BufferLimit.
	EndMemory
	// EndChatty: the peer sent much more than its request.
	EndChatty
	// EndExpired: the leave to receive has expired; the subscriber may return with another.
	EndExpired
	// EndRevoked: the leave to receive was taken back.
	EndRevoked
	// EndAge: the stream was as old as one may become.
	EndAge
)

// EndReasons lists every reason of an end, for those who keep one counter for each.
func EndReasons() []EndReason {
	return []EndReason{
		EndGone, EndStalled, EndOvertaken, EndClosed, EndShutdown, EndLog, EndMemory, EndChatty,
		EndExpired, EndRevoked, EndAge,
	}
}

// String returns the name of r as metrics and logs have it.
func (r EndReason) String() string {
	switch r {
	case EndGone:
		return "gone"
	case EndStalled:
		return "stalled"
	case EndOvertaken:
		return "overtaken"
	case EndClosed:
		return "closed"
	case EndShutdown:
		return "shutdown"
	case EndLog:
		return "log"
	case EndMemory:
		return "memory"
	case EndChatty:
		return "chatty"
	case EndExpired:
		return "expired"
	case EndRevoked:
		return "revoked"
	case EndAge:
		return "age"
	}
	return "unknown"
}

// BehindReason says why a live subscriber fell behind.
type BehindReason uint8

// The reasons of falling behind.
const (
	// BehindSlow: its socket is full and its list of pending frames reached its bound.
	BehindSlow BehindReason = iota
	// BehindOverflow: its shard's mailbox overflowed.
	BehindOverflow
	// BehindMemory: its socket is full, and what it has pending was let go of because of Options.BufferLimit.
	BehindMemory
)

// BehindReasons lists every reason of falling behind, for those who keep one counter for each.
func BehindReasons() []BehindReason {
	return []BehindReason{BehindSlow, BehindOverflow, BehindMemory}
}

// String returns the name of r as metrics and logs have it.
func (r BehindReason) String() string {
	switch r {
	case BehindSlow:
		return "slow"
	case BehindOverflow:
		return "overflow"
	case BehindMemory:
		return "memory"
	}
	return "unknown"
}

// Observer is told what happens to subscribers. Every field may be nil. The functions are called from the
// shards' loops: they must be quick, must not block and must not call back.
type Observer struct {
	// Attached: a subscriber has begun.
	Attached func(SubscriberID)
	// Live: a subscriber that was behind has caught up.
	Live func(SubscriberID)
	// Behind: a live subscriber fell behind.
	Behind func(SubscriberID, BehindReason)
	// Overtaken: a subscriber was told in mid-stream, by tidings.gap, that retention took updates from it.
	Overtaken func(SubscriberID)
	// Ended: a subscriber's stream is over.
	Ended func(SubscriberID, EndReason)
	// LogRead: a chunk was read from the log, for so many subscribers at once.
	LogRead func(subscribers int)
}

func (o *Observer) attached(id SubscriberID) {
	if o.Attached != nil {
		o.Attached(id)
	}
}

func (o *Observer) live(id SubscriberID) {
	if o.Live != nil {
		o.Live(id)
	}
}

func (o *Observer) behind(id SubscriberID, why BehindReason) {
	if o.Behind != nil {
		o.Behind(id, why)
	}
}

func (o *Observer) overtaken(id SubscriberID) {
	if o.Overtaken != nil {
		o.Overtaken(id)
	}
}

func (o *Observer) ended(id SubscriberID, why EndReason) {
	if o.Ended != nil {
		o.Ended(id, why)
	}
}

func (o *Observer) logRead(subscribers int) {
	if o.LogRead != nil {
		o.LogRead(subscribers)
	}
}
