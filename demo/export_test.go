package demo

import (
	"context"
	"time"
)

// NewTicked is New with a clock of the test's: next waits for the next second and returns it.
func NewTicked(o Options, next func(ctx context.Context) (time.Time, error)) (*Demo, error) {
	return start(o, next)
}

// NextSecond is the real clock.
func NextSecond(ctx context.Context) (time.Time, error) { return nextSecond(ctx) }

// What a test needs to go to the limit.
const (
	MaxHeld = maxHeld
	MaxHold = maxHold
)
