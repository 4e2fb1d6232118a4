package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// connection is one attempt, and the stream that it leads to.
type connection struct {
	*loop
	watch *watch

	opened  time.Time     // zero if there is no stream
	events  bool          // there was one at least
	orderly bool          // the stream ended in good order
	bye     bool          // the hub has announced the end
	sent    string        // the cursor
	gap     *Gap          // what the head or hello says is lost, until it has been told
	asked   time.Duration // how long the server asks to wait
}

// run connects and yields what comes until the stream ends. The error says why it did; it is never nil.
func (c *connection) run() error {
	ctx, cancel := context.WithCancelCause(c.ctx)
	defer cancel(nil)
	c.watch = newWatch(c.options.IdleTimeout, cancel)
	defer c.watch.stop()
	err := c.connect(ctx)
	if errors.Is(err, errLeft) {
		return err // though a limit has passed with the last byte: nobody is there to reconnect for
	}
	if timeout, ok := errors.AsType[*TimeoutError](context.Cause(ctx)); ok {
		return timeout // what it cut says only that it was cut
	}
	return err
}

func (c *connection) connect(ctx context.Context) error {
	c.watch.await("answer", c.options.ConnectTimeout)
	r, err := c.request(ctx)
	if err != nil {
		return err
	}
	resp, err := c.source.http.Do(r)
	if err != nil {
		if resp != nil { // only where a redirect was refused
			return final(fmt.Errorf("client: %w", err))
		}
		return fmt.Errorf("client: %w", err)
	}
	defer resp.Body.Close()
	if err := c.judge(resp); err != nil {
		return err
	}
	c.watch.stop()
	c.opened = time.Now()
	c.tell(State{Phase: Open, Attempt: c.failures + 1})
	c.sent = r.Header.Get(headerCursor)
	c.lookForGap(resp.Header)
	if !c.options.Signals {
		c.tellGap()
	}
	return c.read(resp.Body)
}

// stable reports whether the end of the connection counts as a first failure.
func (c *connection) stable() bool {
	return c.bye || c.orderly && c.events ||
		!c.opened.IsZero() && time.Since(c.opened) >= c.options.StableAfter
}

// read yields the events of a stream.
func (c *connection) read(body io.Reader) error {
	source := c.source
	events := sse.NewDecoder(watchedReader{body, c.watch}, c.options.decoder(source.LastEventID()))
	for {
		event, err := events.Decode()
		if retry, set := events.Retry(); set {
			source.retry, source.retrySet = retry, true
		}
		if c.ctx.Err() != nil {
			return c.ctx.Err() // nobody wants the event; whoever resumes gets it
		}
		signal := err == nil && c.options.Signals && isSignal(event.Type)
		switch {
		case signal:
			c.heed(event)
		case err == nil:
			c.tellGap()
		}
		if c.gap == nil { // else a cursor behind the gap would be honoured next time, and nobody ever told
			source.setLastEventID(events.LastEventID())
		}
		if err != nil {
			return c.streamEnd(err)
		}
		c.events = true
		if !signal && !c.yield(event, nil) {
			return errLeft
		}
	}
}

// streamEnd returns the error of a stream that has ended with err.
func (c *connection) streamEnd(err error) error {
	if errors.Is(err, io.EOF) {
		c.orderly = true
		return ErrEnded
	}
	if _, ok := errors.AsType[*sse.LimitError](err); ok {
		return final(fmt.Errorf("client: %w", err))
	}
	return fmt.Errorf("client: %w", err)
}

// judge returns nil if the answer is a stream.
func (c *connection) judge(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return errDone
	default:
		c.asked = retryAfter(resp.Header.Get("Retry-After"), time.Now())
		if err := c.options.CheckStatus(resp); err != nil {
			return final(err)
		}
		return statusError(resp)
	}
	contentType := resp.Header.Get("Content-Type")
	kind, _, _ := strings.Cut(contentType, ";") // parameters do not matter, not even whether they are well formed
	if !strings.EqualFold(strings.TrimSpace(kind), mediaType) {
		return final(&ContentError{Type: contentType})
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return final(&ContentError{Type: contentType, Encoding: encoding})
	}
	return nil
}
