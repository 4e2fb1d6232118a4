package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// loop is one run over a source's events.
type loop struct {
	source  *Source
	options *Options
	ctx     context.Context
	yield   func(sse.Event, error) bool

	failures int // in a row
}

// run connects until something ends the loop, and returns that.
func (l *loop) run() error {
	for {
		if err := l.ctx.Err(); err != nil {
			return err
		}
		l.tell(State{Phase: Connecting, Attempt: l.failures + 1})
		c := &connection{loop: l}
		err := c.run()
		if ended := l.ctx.Err(); ended != nil && !errors.Is(err, errLeft) {
			return ended
		}
		if errors.Is(err, errLeft) || errors.Is(err, errDone) {
			return err
		}
		if last, ok := errors.AsType[finalError](err); ok {
			return last.error
		}
		attempt := l.failures + 1
		if c.stable() {
			l.failures = 0
		}
		l.failures++
		if l.failures == l.options.MaxFailures {
			if l.failures > 1 {
				err = fmt.Errorf("client: gave up after %d failures: %w", l.failures, err)
			}
			return err
		}
		if err := l.wait(attempt, err, l.delay(c.asked)); err != nil {
			return err
		}
		if _, ok := errors.AsType[*TimeoutError](err); ok {
			// HTTP/2 would send the next request over the connection that was found dead. It is idle now.
			l.source.http.CloseIdleConnections()
		}
	}
}

// wait pauses between two attempts.
func (l *loop) wait(attempt int, why error, d time.Duration) error {
	l.tell(State{Phase: Waiting, Attempt: attempt, RetryIn: d, Err: why})
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
}

// delay returns how long to wait: what the server has asked for, and by chance something more, so that those
// who were cut off together do not come back together.
func (l *loop) delay(asked time.Duration) time.Duration {
	o := l.options
	if l.source.retrySet {
		asked = max(asked, l.source.retry)
	}
	return min(max(asked, o.MinRetry), o.MaxRetry) + rand.N(l.spread()+1)
}

// spread returns the longest that is waited by chance.
func (l *loop) spread() time.Duration {
	o := l.options
	spread := o.Backoff
	for range l.failures - 1 {
		if spread >= o.MaxBackoff/2 {
			return o.MaxBackoff
		}
		spread *= 2
	}
	return spread
}
