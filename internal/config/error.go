package config

import (
	"fmt"
	"time"
)

// Error says which settings cannot be.
type Error struct {
	// Flags are the settings at fault, as flags: "--tls-cert".
	Flags []string
	// Reason says in one line what is wrong. It names the flags.
	Reason string
}

func (e *Error) Error() string { return e.Reason }

// refuse returns the error of settings that cannot be.
func refuse(flags []string, format string, args ...any) error {
	return &Error{Flags: flags, Reason: fmt.Sprintf(format, args...)}
}

// atLeast refuses the first of several settings that is below its minimum.
func atLeast[T int | Bytes | time.Duration](minimum T, settings ...setting[T]) error {
	for _, s := range settings {
		if s.value < minimum {
			return refuse([]string{s.flag}, "%s is %v, it must be at least %v", s.flag, s.value, minimum)
		}
	}
	return nil
}

// setting is a flag with its value.
type setting[T any] struct {
	flag  string
	value T
}
