package disk

import (
	"context"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Purge erases every record that match selects, and returns how many there were. Subscribers that come back with
// a cursor before the last one of them are told of a gap. The tables are rewritten before it returns, while
// publishing goes on; an old write-ahead log file may hold the erased bytes until it is used again, or the log is
// opened the next time. What others keep (a window of recent updates in memory, backups) is for them to erase.
func (l *Log) Purge(ctx context.Context, match func(*eventlog.Record) bool) (int, error) {
	erased, err := l.purge(ctx, match)
	if err != nil || erased == 0 {
		return erased, err
	}
	l.using.RLock()
	defer l.using.RUnlock()
	if l.closed {
		return erased, eventlog.ErrClosed
	}
	e := l.engine.Load()
	_, err = read(e, func() (struct{}, error) {
		return struct{}{}, e.db.Compact(ctx, []byte{spaceData}, []byte{spaceData + 1}, true)
	})
	if err != nil {
		return erased, fmt.Errorf("disk: purged, but the files were not rewritten: %w", err)
	}
	return erased, nil
}

func (l *Log) purge(ctx context.Context, match func(*eventlog.Record) bool) (int, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed {
		return 0, eventlog.ErrClosed
	}
	erased := 0
	for i := range l.next.classes {
		for j := range l.next.classes[i].segments {
			n, err := l.purgeSegment(ctx, i, j, match)
			erased += n
			if err != nil {
				return erased, fmt.Errorf("disk: cannot purge: %w", err)
			}
		}
	}
	return erased, nil
}

// purgeSegment erases what match selects in one segment, in one batch.
func (l *Log) purgeSegment(ctx context.Context, i, j int, match func(*eventlog.Record) bool) (int, error) {
	e := l.engine.Load()
	var b *batch
	erased, err := ask(e, func() (n int, err error) {
		b, n, err = l.planPurge(ctx, e, i, j, match)
		return n, err
	})
	if err != nil || erased == 0 {
		return 0, err
	}
	l.next = b.state
	l.state.Store(l.next) // readers learn of it before it happens
	return erased, e.commit(b.pebble, pebble.Sync)
}

func (l *Log) planPurge(ctx context.Context, e *engine, i, j int, match func(*eventlog.Record) bool) (*batch, int, error) {
	b := newBatch(e.db, l.next, &l.options, time.Now())
	c := b.class(i)
	s := &c.segments[j]
	iter, err := e.db.NewIter(&pebble.IterOptions{LowerBound: s.id.recordKey(nil, 0), UpperBound: s.id.recordKey(nil, ^uint64(0))})
	if err != nil {
		return nil, 0, err
	}
	defer iter.Close()
	erased := 0
	for ok := iter.First(); ok && ctx.Err() == nil; ok = iter.Next() {
		offset := keyOffset(iter.Key())
		r, err := decodeRecord(iter.Value(), b.state.lineage.At(offset))
		if err != nil {
			return nil, 0, fmt.Errorf("record at offset %d: %w", offset, err)
		}
		if !match(r) {
			continue
		}
		erased++
		c.mark = max(c.mark, offset)
		for _, t := range r.Topics { // it may have been noted here under a rule that is gone
			rule := b.state.classes[b.state.ruleOf(t)].id
			if err := firstError(b.unnote(c.id, t, offset), b.unnote(rule, t, offset)); err != nil {
				return nil, 0, err
			}
		}
		if err := b.remove(s, r); err != nil {
			return nil, 0, err
		}
	}
	return b, erased, firstError(iter.Error(), ctx.Err(), b.saveSegment(s), saveClass(b.pebble, c))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
