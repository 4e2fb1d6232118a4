package hub

import (
	"context"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// Submission is an update as a publisher hands it in.
type Submission struct {
	eventlog.Update
	// Key makes publishing idempotent, if it is not empty: with the key of an earlier update, and saying the
	// same, it is not published again; see [eventlog.KeyWindow]. Keys are scoped by whoever makes them.
	Key string
}

// Receipt is what a publisher gets for an update that is durable.
type Receipt struct {
	// ID is the id under which subscribers see the update.
	ID string
	// Position is where it lies in the log.
	Position eventlog.Position
	// Repeated says that the update was published before, with the same idempotency key.
	Repeated bool
}

// Outcome says what became of one of several updates.
type Outcome struct {
	Receipt
	// Err is nil for an update that is durable; else as [Hub.Publish] returns it.
	Err error
}

// Publish makes u durable and hands it to the subscribers. It returns when u is durable, which does not mean
// that anybody has received it. The hub keeps u's slices and strings.
//
// The error is an [*InvalidError], a [*LimitError], [ErrForbidden] or [ErrClosed] if u was refused. It wraps
// [eventlog.ErrNoSpace] or [eventlog.ErrUnavailable] if the log could not take it. If it wraps
// [eventlog.ErrOutcomeUnknown], u may have been published or not, and subscribers may yet receive it.
func (h *Hub) Publish(ctx context.Context, u eventlog.Update, grant topic.Grant) (Receipt, error) {
	outcome := h.PublishAll(ctx, []Submission{{Update: u}}, grant)[0]
	return outcome.Receipt, outcome.Err
}

// PublishAll is [Hub.Publish] for several updates, which become durable together, in their order. Each has an
// outcome of its own: those that are refused do not keep the others back.
func (h *Hub) PublishAll(ctx context.Context, updates []Submission, grant topic.Grant) []Outcome {
	outcomes := make([]Outcome, len(updates))
	entries := make([]eventlog.Entry, 0, len(updates))
	places := make([]int, 0, len(updates))
	for i := range updates {
		if err := h.check(&updates[i], grant); err != nil {
			outcomes[i].Err = h.options.Observer.refused(err)
			continue
		}
		entries = append(entries, eventlog.Entry{Update: updates[i].Update, Key: updates[i].Key})
		places = append(places, i)
	}
	for j, o := range h.commit(ctx, entries) {
		outcomes[places[j]] = o
	}
	return outcomes
}

func (h *Hub) check(s *Submission, grant topic.Grant) error {
	if err := CheckUpdate(&s.Update, h.options.Limits); err != nil {
		return err
	}
	if !grant.MayPublish(s.Topics) {
		return ErrForbidden
	}
	return checkText("key", s.Key, "KeyBytes", h.options.Limits.KeyBytes)
}

// commit waits until the committer has dealt with entries.
func (h *Hub) commit(ctx context.Context, entries []eventlog.Entry) []Outcome {
	if len(entries) == 0 {
		return nil
	}
	reply := make(chan answer, 1) // the committer never waits for a publisher that has given up
	err := h.committer.enqueue(entries, reply)
	if err != nil {
		err = h.options.Observer.refused(err)
	} else {
		select {
		case outcomes := <-reply:
			return outcomes
		case <-ctx.Done():
			err = fmt.Errorf("hub: %w: %w", eventlog.ErrOutcomeUnknown, ctx.Err())
		}
	}
	outcomes := make([]Outcome, len(entries))
	for i := range outcomes {
		outcomes[i].Err = err
	}
	return outcomes
}
