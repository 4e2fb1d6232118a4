package hub

import (
	"errors"
	"fmt"
)

// ErrClosed is returned by a hub that shuts down.
var ErrClosed = errors.New("hub: shutting down")

// ErrForbidden is returned to a publisher whose grant does not cover every topic of its update.
var ErrForbidden = errors.New("hub: publishing to one of the topics is not granted")

// ErrOutcomeUnknown is wrapped by the error of a publish of which nobody can tell whether it is durable.
var ErrOutcomeUnknown = errors.New("hub: outcome unknown")

// InvalidError says what is wrong with an update or a subscription.
type InvalidError struct {
	// Field is "topic", "id", "type", "data", "retry" or "matcher".
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
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("hub: limit %s exceeded: %d is more than %d", e.Limit, e.Got, e.Max)
}
