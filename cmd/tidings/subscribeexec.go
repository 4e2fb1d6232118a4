package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/sse"
)

const (
	// execGrace is how long a command may take to end after it was asked to.
	execGrace = 5 * time.Second
	// execPoll is how often it is looked then whether something of it is left: shells have what they run in the
	// background ignore the signal, and do not wait for it.
	execPoll = 20 * time.Millisecond
)

// runCommand runs the command of --exec for an event. A failure is told, and is an error with --exec-stop only.
func (s *subscription) runCommand(ctx context.Context, event sse.Event) error {
	err := s.execute(ctx, event)
	if ctx.Err() != nil {
		return ctx.Err() // it was asked to end
	}
	if err == nil {
		return nil
	}
	failure := fmt.Errorf("the command failed for event %q: %w", event.ID, err)
	if s.settings.ExecStop {
		return fmt.Errorf("%w%s", failure, goOn(s.seen))
	}
	s.tell("%v", failure)
	return nil
}

// execute runs the command to its end. It gets the data on its standard input, and writes where this program
// does.
func (s *subscription) execute(ctx context.Context, event sse.Event) error {
	limit := s.settings.ExecTimeout
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	topic, event := s.unwrap(event)
	cmd := shell(s.settings.Exec)
	cmd.Stdin = strings.NewReader(event.Data)
	cmd.Stdout, cmd.Stderr = s.std.out, s.std.err
	cmd.Env = append(os.Environ(), "TIDINGS_TOPIC="+topic, "TIDINGS_ID="+event.ID, "TIDINGS_TYPE="+event.Name())
	cmd.WaitDelay = time.Second // something in the background that keeps the input is not waited for
	err := runUntil(ctx, cmd)
	if ctx.Err() == context.DeadlineExceeded {
		return fmt.Errorf("it took longer than %v", limit)
	}
	return err
}

// runUntil runs cmd to its end. At the end of ctx all that it has started is asked to end, and made to after a while.
func runUntil(ctx context.Context, cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = interrupt(cmd) // it may have ended meanwhile, here and below
	late := time.NewTimer(execGrace)
	defer late.Stop()
	poll := time.NewTicker(execPoll)
	defer poll.Stop()
	var err error
	for waited := false; !waited || running(cmd); {
		select {
		case err = <-ended:
			waited = true
		case <-poll.C:
		case <-late.C:
			_ = kill(cmd)
			if !waited {
				err = <-ended
			}
			return err
		}
	}
	return err
}

// topic returns the topic of all events, if only one was asked for.
func (s *subscription) topic() string {
	if topics := s.settings.Topics; len(topics) == 1 && topics[0] != "*" {
		return topics[0]
	}
	return ""
}

// wantsEnvelope reports whether the command can only be told an event's topic by its envelope.
func (s *subscription) wantsEnvelope() bool { return s.settings.Exec != "" && s.topic() == "" }

// unwrap returns an event as it was published, and its topic as far as that is known: the canonical one, where the
// hub sends envelopes. Other servers send events as they are.
func (s *subscription) unwrap(event sse.Event) (topic string, _ sse.Event) {
	if !s.wantsEnvelope() || event.Type != fanout.TypeUpdate {
		return s.topic(), event
	}
	var envelope fanout.Envelope
	if err := json.Unmarshal([]byte(event.Data), &envelope); err != nil || len(envelope.Topics) == 0 {
		return "", event
	}
	event.Type, event.Data = envelope.Type, envelope.Data
	return envelope.Topics[0], event
}
