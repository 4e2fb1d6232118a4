package disk

import (
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// dropDelay is how long the files may still hold what was dropped, and with it the space, when nothing else is
// written meanwhile. pebble deletes tables soon after that of which nothing is left, and rewrites the others.
const dropDelay = 2 * time.Second

// Trim implements [eventlog.Log].
func (l *Log) Trim(_ context.Context, now time.Time) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	return l.trim(now)
}

// trim drops the segments that hold nothing that their rule keeps: one range delete each. Readers learn of it
// before it happens: one that sees a record missing sees the mark that says so.
func (l *Log) trim(now time.Time) error {
	for i := range l.next.classes {
		n := l.next.classes[i].expired(now)
		if n == 0 {
			continue
		}
		if err := l.drop(i, n); err != nil {
			return fmt.Errorf("disk: cannot drop what is not kept: %w", err)
		}
	}
	e := l.engine.Load()
	if err := e.failure(); err != nil {
		return err
	}
	return l.forget(e, now)
}

// drop removes the oldest n segments of class i.
func (l *Log) drop(i, n int) error {
	next, c := l.next.change(i)
	dropped := c.segments[:n]
	c.segments = c.segments[n:]
	c.mark = max(c.mark, dropped[n-1].last)

	e := l.engine.Load()
	if err := e.failure(); err != nil {
		return err
	}
	batch := e.db.NewBatch()
	from, to := dropped[0].id.prefix(nil), dropped[n-1].id.next().prefix(nil)
	if err := batch.DeleteRange(from, to, nil); err != nil {
		return err
	}
	for j := range dropped {
		if err := batch.Delete(dropped[j].id.metaKey(nil), nil); err != nil {
			return err
		}
	}
	if err := saveClass(batch, c); err != nil {
		return err
	}
	l.next = next
	l.state.Store(next)
	l.dropped = append(l.dropped, span{from, to})
	// Not written through: a power cut brings back what was dropped, marks and all.
	return e.commit(batch, pebble.NoSync)
}
