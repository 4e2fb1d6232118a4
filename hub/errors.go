package hub

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by a hub that shuts down.
var ErrClosed = errors.New("hub: shutting down")

// ErrForbidden is returned to a publisher whose grant does not cover every topic of its update.
var ErrForbidden = errors.New("hub: publishing to one of the topics is not granted")

// ErrKeyReused is returned to a publisher that uses an idempotency key again for another update.
var ErrKeyReused = errors.New("hub: the idempotency key was used for another update")

// InvalidError says what is wrong with an update or a subscription.
type InvalidError struct {
	// Field is "topic", "id", "type", "data", "retry", "key" or "matcher".
	Field string
	// Reason says what is wrong with it, as the end of a sentence that begins with the field.
	Reason string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("hub: %s %s", e.Field, e.Reason) }

// LimitError says which limit an update or a subscription is beyond.
type LimitError struct {
	// Limit is the name of the field of [Limits].
	Limit string
	// Max is the limit.
	Max int
	// Got is what was asked for.
	Got int
	// Alone says of QueueBytes that the updates are beyond it by themselves, however little else waits.
	Alone bool
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("hub: limit %s exceeded: %d is more than %d", e.Limit, e.Got, e.Max)
}
