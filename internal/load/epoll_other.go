//go:build !linux

package load

import (
	"context"
	"errors"
)

// canPoll reports whether these subscribers can be read under epoll.
func canPoll(*Options) bool { return false }

func poll(context.Context, *run) error { return errors.ErrUnsupported }
