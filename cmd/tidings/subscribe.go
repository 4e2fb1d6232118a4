package main

import (
	"context"
	"errors"

	sseclient "github.com/tidings-hub/tidings/client"
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
	return `Prints each event as it arrives: its id, its type and its data, with tabs between. Data of several lines goes on below itself, and control characters are written as escapes. --output json prints everything as it is.

When the stream ends or breaks, it comes back behind its last event, for as long as it takes; standard error says so, and says where updates may be lost. It does not wait for a hub that cannot be reached at the beginning. With --no-reconnect, the last line on standard error says how to go on without losing anything, and the exit code is 5.

--exec runs a command for each event, by the shell. The data is its standard input; its environment has TIDINGS_ID, TIDINGS_TYPE and TIDINGS_TOPIC, which is the topic that was asked for or, where that was * or several, the update's first. One runs at a time, and the next event waits in the hub meanwhile. If one fails, standard error says so, and the next event follows; with --exec-stop that is the end, with exit code 1, and the last line says how to go on with the same event.

Examples:

    tidings subscribe a
    tidings subscribe '*' --output json
    tidings subscribe a b --last-event-id earliest --count 10
    tidings subscribe orders --exec 'jq .total >> totals'

The exit codes are listed by tidings --help.`
}

// Run prints events, or runs the command for them, until there were enough, something ends the stream, or ctx
// does.
func (c *subscribeCommand) Run(ctx context.Context, std *streams) error {
	hub, err := newHubClient(&c.Hub)
	if err != nil {
		return err
	}
	s := &subscription{settings: &c.Subscribe, hub: hub, std: std, seen: c.LastEventID}
	if s.take = printer(std.out, c.Form()); c.Exec != "" {
		s.take = s.runCommand
	}
	return s.run(ctx)
}

// subscription is a subscriber at work.
type subscription struct {
	settings *config.Subscribe
	hub      *hubClient
	std      *streams
	take     func(context.Context, sse.Event) error
	stop     context.CancelCauseFunc // ends the subscription; with errEnough, for good

	opened bool   // the hub has answered with a stream
	lost   bool   // and the stream has ended since
	taken  int    // events
	seen   string // the cursor behind the last one that was taken
}

// errEnough is why a subscription ends that has had all it wanted.
var errEnough = errors.New("there were enough events")

// run takes what comes until something ends it.
func (s *subscription) run(parent context.Context) error {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	s.stop = stop
	source, err := sseclient.New(s.url(), s.options(ctx))
	if err != nil {
		return &codedError{exitUsage, err}
	}
	for event, failed := range source.Events(ctx) {
		if err = failed; err == nil {
			s.handle(ctx, event)
		}
	}
	switch cause := context.Cause(ctx); {
	case cause == errEnough:
		return nil
	case parent.Err() != nil:
		return parent.Err()
	case cause != nil:
		return cause
	case err == nil:
		return &codedError{exitEnded, errors.New("the hub has no more to send: it answered 204 No Content")}
	default:
		return s.end(err, source.LastEventID())
	}
}

// handle takes an event, and ends the subscription if it was the last one, or cannot be taken.
func (s *subscription) handle(ctx context.Context, event sse.Event) {
	if ctx.Err() != nil {
		return
	}
	if event.ID == eventlog.Earliest {
		event.ID = "" // what was asked for, where the hub has given no id yet
	}
	if err := s.take(ctx, event); err != nil {
		s.stop(err)
		return
	}
	s.seen = event.ID
	if s.taken++; s.taken == s.settings.Count {
		s.stop(errEnough)
	}
}
