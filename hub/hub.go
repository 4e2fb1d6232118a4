package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// Hub takes updates from publishers and carries them to subscribers. Its methods may be called from any
// goroutine.
type Hub struct {
	options   Options
	log       eventlog.Log
	fan       *fanout.Fanout
	committer *committer
	ownsLog   bool

	trimming context.CancelFunc
	trimmed  sync.WaitGroup
	closing  sync.Once
}

// New starts a hub. End it with [Hub.Shutdown] or [Hub.Close].
func New(o Options) (*Hub, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	h := &Hub{options: o, log: o.Log}
	if h.log == nil {
		memory, err := eventlog.NewMemory(eventlog.Retention{})
		if err != nil {
			return nil, err
		}
		h.log, h.ownsLog = memory, true
	}
	fan, err := fanout.New(h.log, h.log.Head(), o.Fanout)
	if err != nil {
		return nil, err
	}
	h.fan = fan
	h.committer = newCommitter(h.log, fan, o.Limits.QueueBytes, &h.options.Observer)
	ctx, cancel := context.WithCancel(context.Background())
	h.trimming = cancel
	h.trimmed.Go(func() { h.trim(ctx) })
	return h, nil
}

// Receipt is what a publisher gets for an update that is durable.
type Receipt struct {
	// ID is the id under which subscribers see the update.
	ID string
	// Position is where it lies in the log.
	Position eventlog.Position
}

// Publish makes u durable and hands it to the subscribers. It returns when u is durable, which does not mean
// that anybody has received it. The hub keeps u's slices and strings.
//
// The error is an [*InvalidError], a [*LimitError], [ErrForbidden] or [ErrClosed] if u was refused. If it wraps
// [ErrOutcomeUnknown], or if ctx ended, u may have been published or not.
func (h *Hub) Publish(ctx context.Context, u eventlog.Update, grant topic.Grant) (Receipt, error) {
	if err := CheckUpdate(&u, h.options.Limits); err != nil {
		return Receipt{}, h.options.Observer.refused(err)
	}
	if !grant.MayPublish(u.Topics) {
		return Receipt{}, h.options.Observer.refused(ErrForbidden)
	}
	reply := make(chan answer, 1) // the committer never waits for a publisher that has given up
	if err := h.committer.enqueue(u, reply); err != nil {
		return Receipt{}, h.options.Observer.refused(err)
	}
	select {
	case a := <-reply:
		return a.receipt, a.err
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

// Options returns the options in force, defaults filled in.
func (h *Hub) Options() Options { return h.options }

// Head returns the position of the newest durable update: what a page that was rendered now should resume from.
func (h *Hub) Head() eventlog.Position { return h.log.Lineage().At(h.log.Head()) }

// Shutdown ends the hub properly: it refuses new updates and subscribers, makes durable what waits, and ends
// every stream behind the event that it is in. It waits until all have ended; if ctx ends first, the rest are
// cut, and the error is that of ctx. It may be called again.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.committer.close()
	err := h.fan.Shutdown(ctx)
	h.closing.Do(func() {
		h.trimming()
		h.trimmed.Wait()
		if h.ownsLog {
			err = errors.Join(err, h.log.Close())
		}
	})
	return err
}

// Close ends the hub at once: streams are cut. It may be called again.
func (h *Hub) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// trim applies the retention rules also while nothing is published.
func (h *Hub) trim(ctx context.Context) {
	ticker := time.NewTicker(h.options.TrimInterval)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			if err := h.log.Trim(ctx, now); err != nil && ctx.Err() == nil {
				h.options.Observer.trimFailed(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// refuseReason says which refusal err is.
func refuseReason(err error) (RefuseReason, bool) {
	if _, ok := errors.AsType[*InvalidError](err); ok {
		return RefusedInvalid, true
	}
	if _, ok := errors.AsType[*LimitError](err); ok {
		return RefusedLimit, true
	}
	switch {
	case errors.Is(err, ErrForbidden):
		return RefusedForbidden, true
	case errors.Is(err, ErrClosed):
		return RefusedClosed, true
	}
	return 0, false
}
