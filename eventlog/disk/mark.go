package disk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Marks lie in a space of their own, which retention does not touch.
//
//	key  →  value

func markKey(dst []byte, key string) []byte { return append(append(dst, spaceMark), key...) }

// skips reports whether e is not to be appended, because what it marks is marked, or what it takes back is not.
func (b *batch) skips(e *eventlog.Entry) (bool, error) {
	if e.Mark.Key != "" {
		if set, err := b.marked(e.Mark.Key); set || err != nil {
			return set, err
		}
	}
	if e.Unmark != "" {
		set, err := b.marked(e.Unmark)
		return !set && err == nil, err
	}
	return false, nil
}

func (b *batch) marked(key string) (bool, error) {
	if set, ok := b.marks[key]; ok {
		return set, nil
	}
	b.key = markKey(b.key[:0], key)
	_, closer, err := b.db.Get(b.key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, closer.Close()
}

// mark does with marks what e asks for.
func (b *batch) mark(e *eventlog.Entry) error {
	if e.Unmark != "" {
		b.marks[e.Unmark] = false
		b.key = markKey(b.key[:0], e.Unmark)
		if err := b.pebble.Delete(b.key, nil); err != nil {
			return err
		}
	}
	if e.Mark.Key == "" {
		return nil
	}
	b.marks[e.Mark.Key] = true
	b.key = markKey(b.key[:0], e.Mark.Key)
	return b.pebble.Set(b.key, []byte(e.Mark.Value), nil)
}

// Marks implements [eventlog.Log].
func (l *Log) Marks(ctx context.Context) ([]eventlog.Mark, error) {
	return readLog(l, func(v *view) ([]eventlog.Mark, error) { return readMarks(ctx, v.db) })
}

// Marks returns the marks that are set, in the order of their keys.
func (x *Inspection) Marks(ctx context.Context) ([]eventlog.Mark, error) {
	return read(x.engine, func() ([]eventlog.Mark, error) { return readMarks(ctx, x.engine.db) })
}

func readMarks(ctx context.Context, db *pebble.DB) ([]eventlog.Mark, error) {
	marks := []eventlog.Mark{}
	iter, err := db.NewIter(&pebble.IterOptions{LowerBound: []byte{spaceMark}, UpperBound: []byte{spaceMark + 1}})
	if err != nil {
		return nil, fmt.Errorf("disk: cannot read marks: %w", err)
	}
	for ok := iter.First(); ok && ctx.Err() == nil; ok = iter.Next() {
		var value []byte
		if value, err = iter.ValueAndErr(); err != nil {
			break
		}
		marks = append(marks, eventlog.Mark{Key: string(iter.Key()[1:]), Value: string(value)})
	}
	if err := firstError(err, iter.Close(), ctx.Err()); err != nil {
		return nil, fmt.Errorf("disk: cannot read marks: %w", err)
	}
	return marks, nil
}
