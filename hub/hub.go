package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// Hub takes updates from publishers and carries them to subscribers. Its methods may be called from any
// goroutine.
type Hub struct {
	options   Options
	log       eventlog.Log
	fan       *fanout.Fanout
	committer *committer
	ownsLog   bool
	attached  subscribers
	presence  *presence // nil if nobody is told who is subscribed
	filters   filters
	opening   *fanout.Frame // with which streams without signals begin: some proxies hold a head back until a body begins

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
	h := &Hub{options: o, log: o.Log, opening: fanout.NewComment()}
	h.attached.max = o.Limits.Subscribers
	if h.log == nil {
		memory, err := eventlog.NewMemory(eventlog.Retention{})
		if err != nil {
			return nil, err
		}
		h.log, h.ownsLog = memory, true
	}
	marks, err := h.log.Marks(context.Background())
	if err != nil {
		return nil, fmt.Errorf("hub: cannot read who was subscribed: %w", err)
	}
	if o.Subscriptions || len(marks) > 0 {
		h.presence = newPresence(o.Limits.PresenceQueue)
		if err := h.presence.recall(marks); err != nil {
			return nil, err
		}
	}
	tuned := o.Fanout
	tuned.Observer = h.presence.watched(h.attached.counted(tuned.Observer))
	fan, err := fanout.New(h.log, h.log.Head(), tuned)
	if err != nil {
		return nil, err
	}
	h.fan = fan
	h.committer = newCommitter(h.log, fan, o.Limits.QueueBytes, &h.options.Observer)
	h.presence.start(h.committer)
	ctx, cancel := context.WithCancel(context.Background())
	h.trimming = cancel
	h.trimmed.Go(func() { h.trim(ctx) })
	return h, nil
}

// Options returns the options in force, defaults filled in.
func (h *Hub) Options() Options { return h.options }

// Head returns the position of the newest durable update: what a page that was rendered now should resume from.
func (h *Hub) Head() eventlog.Position { return h.log.Lineage().At(h.log.Head()) }

// Sockets returns how many connections are the hub's own, because their streams are written to their sockets.
func (h *Hub) Sockets() int { return h.fan.Sockets() }

// EndWhere ends the streams of the bearers that match selects, because their leave was taken back, and returns how many
// there were. They have ended when it returns; who returns is judged anew. match is called from several goroutines: it
// must be quick and must not call back.
func (h *Hub) EndWhere(ctx context.Context, match func(bearer any) bool) (int, error) {
	n, err := h.fan.EndWhere(ctx, match, fanout.EndRevoked)
	if errors.Is(err, fanout.ErrClosed) {
		err = ErrClosed
	}
	return n, err
}

// Shutdown ends the hub properly: it refuses new updates and subscribers, makes durable what waits, and ends
// every stream behind the event that it is in. It waits until all have ended; if ctx ends first, the rest are
// cut, and the error is that of ctx. It may be called again.
func (h *Hub) Shutdown(ctx context.Context) error {
	cut, err := h.shutdown(ctx, ctx)
	return errors.Join(cut, err)
}

// shutdown waits for the committer until commits ends, and for the streams until streams ends. The first error says
// that streams were cut, the second is of everything else.
func (h *Hub) shutdown(commits, streams context.Context) (cut, err error) {
	err = h.committer.close(commits)
	cut = h.fan.Shutdown(streams)
	h.closing.Do(func() {
		err = errors.Join(err, h.presence.close(commits))
		h.trimming()
		h.trimmed.Wait()
		if h.ownsLog {
			err = errors.Join(err, h.log.Close())
		}
	})
	return cut, err
}

// closeCommits is how long Close waits for a log that takes its time.
const closeCommits = 5 * time.Second

// Close ends the hub at once: what waits is made durable if that is quick, and streams are cut, which is no error. It
// may be called again.
func (h *Hub) Close() error {
	commits, cancelCommits := context.WithTimeout(context.Background(), closeCommits)
	defer cancelCommits()
	streams, cut := context.WithCancel(context.Background())
	cut()
	_, err := h.shutdown(commits, streams)
	return err
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

// ReasonOf returns which refusal an error of this package is, and false for errors that are none.
func ReasonOf(err error) (RefuseReason, bool) {
	if _, ok := errors.AsType[*InvalidError](err); ok {
		return RefusedInvalid, true
	}
	if limit, ok := errors.AsType[*LimitError](err); ok {
		switch limit.Limit {
		case limitSubscribers:
			return RefusedSubscribers, true
		case limitPresence:
			return RefusedPresence, true
		}
		return RefusedLimit, true
	}
	switch {
	case errors.Is(err, ErrForbidden):
		return RefusedForbidden, true
	case errors.Is(err, ErrKeyReused):
		return RefusedKeyReused, true
	case errors.Is(err, ErrClosed):
		return RefusedClosed, true
	}
	return 0, false
}
