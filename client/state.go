package client

import (
	"log/slog"
	"time"
)

// Phase says what a source is doing.
type Phase int

const (
	// Connecting: a request is under way, or about to be.
	Connecting Phase = iota + 1
	// Open: the stream is being read.
	Open
	// Waiting: an attempt or a stream has ended, and the next attempt comes in a while.
	Waiting
)

// String returns the phase in lower case.
func (p Phase) String() string {
	switch p {
	case Connecting:
		return "connecting"
	case Open:
		return "open"
	case Waiting:
		return "waiting"
	default:
		return "unknown"
	}
}

// State is what [Options].OnState is told.
type State struct {
	Phase Phase
	// Attempt counts the attempts since the last connection that was stable, from 1. Waiting, it is the
	// one that has ended.
	Attempt int
	// RetryIn is how long the source waits. It is 0 in other phases.
	RetryIn time.Duration
	// Err is why it waits: [ErrEnded], a [*StatusError], a [*TimeoutError], or what went wrong on the network.
	Err error
}

// tell reports the state.
func (l *loop) tell(s State) {
	if l.options.OnState != nil {
		l.options.OnState(s)
	}
	switch log := l.options.Logger; {
	case log == nil:
	case s.Phase == Waiting:
		log.LogAttrs(l.ctx, slog.LevelInfo, "client: reconnecting", slog.String("url", l.source.url.Redacted()),
			slog.Int("attempt", s.Attempt), slog.Duration("in", s.RetryIn), slog.Any("error", s.Err))
	default:
		log.LogAttrs(l.ctx, slog.LevelDebug, "client: "+s.Phase.String(), slog.String("url", l.source.url.Redacted()),
			slog.Int("attempt", s.Attempt))
	}
}
