package eventlog

import (
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// Update is what a publisher sends: an event and the topics that it is about. An Update is immutable once it
// has been given to a log or a hub.
type Update struct {
	// Topics name what has changed; the first is the canonical one. There is at least one.
	Topics []string
	// Private updates reach only subscribers whose grant covers one of Topics.
	Private bool
	// ID is the publisher's own id of the event; empty to have one made ([Position.String]).
	ID string
	// Type is the event's type; empty for an unnamed event.
	Type string
	// Data is the event's payload. It is never interpreted.
	Data string
	// Retry, if not zero, tells subscribers how long to wait before they reconnect; see [sse.Event].
	Retry time.Duration
}

// Size is what u counts as against limits and retention: the bytes of its texts.
func (u *Update) Size() int {
	n := len(u.ID) + len(u.Type) + len(u.Data)
	for _, t := range u.Topics {
		n += len(t)
	}
	return n
}

// Record is an update in its place in a log. Records are immutable and shared.
type Record struct {
	Update
	// Position is where the record lies, and in which epoch it was appended.
	Position Position
	// Time is when it was appended.
	Time time.Time
	// Presence says that the update was appended as one that is about who is subscribed; see [Entry].
	Presence bool
}

// EventID returns the id under which subscribers see the record: the publisher's own, or the position.
func (r *Record) EventID() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Position.String()
}

// Filter selects the records that a subscriber receives. It is immutable and may be shared.
type Filter struct {
	// Matchers say what the subscriber asks for.
	Matchers topic.Matchers
	// Grant says which private updates it may have.
	Grant topic.Grant
}

// Match reports whether the subscriber asks for u and may have it.
func (f *Filter) Match(u *Update) bool {
	return f.Matchers.MatchAny(u.Topics) && f.Allows(u)
}

// Allows reports whether the subscriber may have u, whether or not it asks for it.
func (f *Filter) Allows(u *Update) bool { return !u.Private || f.Grant.MayReceive(u.Topics) }
