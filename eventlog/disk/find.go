package disk

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Find implements [eventlog.Log]: one look-up for each segment, most of which a bloom filter answers.
func (l *Log) Find(_ context.Context, id string) (offset uint64, found bool, err error) {
	offset, err = readLog(l, func(v *view) (offset uint64, err error) {
		offset, _, err = v.find(id)
		return offset, err
	})
	return offset, offset != 0, err
}

func (v *view) find(id string) (uint64, bool, error) {
	id = eventlog.TrimID(id)
	use, found, err := findID(v.db, v.state, hashOf(id))
	if err != nil {
		return 0, false, fmt.Errorf("disk: cannot find an id: %w", err)
	}
	if !found || use.first != use.offset || use.offset > v.head {
		return 0, false, nil
	}
	r, err := getRecord(v.db, v.state.lineage, use.segment, use.offset)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, false, nil // dropped since
	}
	if err != nil {
		return 0, false, fmt.Errorf("disk: cannot find an id: %w", err)
	}
	if eventlog.TrimID(r.ID) != id {
		return 0, false, nil // another id with the same hash
	}
	return use.offset, true, nil
}

// Verdict implements [eventlog.Log].
func (l *Log) Verdict(_ context.Context, c eventlog.Cursor, f *eventlog.Filter) (eventlog.Verdict, error) {
	return readLog(l, func(v *view) (eventlog.Verdict, error) {
		verdict, err := eventlog.Judge(c, v.state.extent(v.head, f), v.find)
		if verdict.Kind == eventlog.Resumed && v.state.replaced(f) > verdict.After {
			verdict.Kind = eventlog.Compacted
		}
		return verdict, err
	})
}

// Newest implements [eventlog.Log].
func (l *Log) Newest(ctx context.Context, f *eventlog.Filter, n int) (uint64, error) {
	return readLog(l, func(v *view) (uint64, error) {
		if n <= 0 {
			return v.head, nil
		}
		after, err := v.newest(ctx, f, n)
		if err != nil {
			return 0, fmt.Errorf("disk: cannot read: %w", err)
		}
		return after, nil
	})
}

func (v *view) newest(ctx context.Context, f *eventlog.Filter, n int) (uint64, error) {
	topics, exact := exactTopics(f)
	m, load, err := (*merge)(nil), v.decode, error(nil)
	if exact {
		m, err = v.indexScans(f, topics)
		load = v.fetch
	} else {
		m, err = v.recordScans(f)
	}
	if err != nil {
		return 0, err
	}
	after := v.state.oldest(f) - 1
	err = v.backward(ctx, m, load, func(r *eventlog.Record) bool {
		if f.Match(&r.Update) {
			n--
		}
		if n == 0 {
			after = r.Position.Offset - 1
		}
		return n > 0
	})
	return after, err
}
