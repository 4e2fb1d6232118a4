package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/sse"
)

// maxEventBytes bounds the events that are printed. The hub has a limit of its own, which may be set higher than
// what the decoder allows by itself.
const maxEventBytes = 64 << 20

// subscribeCommand is tidings subscribe.
type subscribeCommand struct {
	config.Subscribe
}

// Help is shown by tidings subscribe --help.
func (*subscribeCommand) Help() string {
	return `Prints each event as it arrives: its id, its type and its data, with tabs between. Data of several lines goes on below itself, and control characters are written as escapes. --json prints everything as it is.

It is one connection: when the stream ends, the last line on standard error says how to go on without losing anything, and the exit code is 5.

Examples:

    tidings subscribe a
    tidings subscribe '*' --json
    tidings subscribe a b --last-event-id earliest --count 10

The exit codes are listed by tidings --help.`
}

// Run prints events until there were enough, the stream ends, or ctx does.
func (c *subscribeCommand) Run(ctx context.Context, std *streams) error {
	client, err := newHubClient(&c.Hub)
	if err != nil {
		return err
	}
	resp, err := client.subscribe(ctx, &c.Subscribe)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if from := resumedFrom(resp); c.LastEventID != "" && from != "" && from != eventlog.TrimID(c.LastEventID) {
		fmt.Fprintf(std.err, "tidings: the hub cannot go on behind %q: updates may be lost\n", c.LastEventID)
	}
	options := sse.Options{MaxLine: maxEventBytes, MaxEvent: maxEventBytes}
	if c.LastEventID != eventlog.Earliest {
		options.LastEventID = c.LastEventID
	}
	events := sse.NewDecoder(resp.Body, options)
	write := writeText
	if c.JSON {
		write = writeJSON
	}
	for n := 0; c.Count == 0 || n < c.Count; n++ {
		event, err := events.Decode()
		if err != nil {
			return streamEnd(ctx, err, events.LastEventID())
		}
		if err := write(std.out, event); err != nil {
			return fmt.Errorf("writing to standard output: %w", err)
		}
	}
	return nil
}

// subscribe opens the stream that s asks for.
func (c *hubClient) subscribe(ctx context.Context, s *config.Subscribe) (*http.Response, error) {
	u := *c.url
	query := u.Query()
	query["match"] = s.Topics
	if s.Signals {
		query.Set("signals", "1")
	}
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	if s.LastEventID != "" {
		r.Header.Set("Last-Event-ID", s.LastEventID)
	}
	resp, err := c.do(r)
	if err != nil {
		return nil, err
	}
	given := resp.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(given); err != nil || kind != "text/event-stream" {
		resp.Body.Close()
		return nil, &codedError{exitRefused, fmt.Errorf("%s is no hub: it answered with %q", c.url.Redacted(), given)}
	}
	return resp, nil
}

// resumedFrom returns the id behind which a stream begins, as either version of the protocol says it.
func resumedFrom(resp *http.Response) string {
	return cmp.Or(resp.Header.Get("Mercure-Last-Event-ID"), resp.Header.Get("Last-Event-ID"))
}

// streamEnd is the error of a stream that ended before its subscriber wanted it to.
func streamEnd(ctx context.Context, err error, lastEventID string) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	if _, ok := errors.AsType[*sse.LimitError](err); ok {
		return err
	}
	text := "the stream ended"
	if !errors.Is(err, io.EOF) {
		text = fmt.Sprintf("the stream broke off: %v", cmp.Or(errors.Unwrap(err), err)) // without the decoder's words
	}
	if lastEventID != "" {
		text += fmt.Sprintf("; go on behind its last event with --last-event-id %q", lastEventID)
	}
	return &codedError{exitEnded, errors.New(text)}
}
