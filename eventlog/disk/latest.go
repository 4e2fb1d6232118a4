package disk

import (
	"context"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
)

// Latest implements [eventlog.Log]. Exact topics are looked up; patterns scan the log from its end
// until enough topics are found.
func (l *Log) Latest(ctx context.Context, f *eventlog.Filter, limit int) (eventlog.Latest, error) {
	return readLog(l, func(v *view) (eventlog.Latest, error) {
		set := eventlog.NewLatestSet(f, limit)
		if err := v.latest(ctx, f, set); err != nil {
			return eventlog.Latest{}, fmt.Errorf("disk: cannot read: %w", err)
		}
		return set.Result(v.head), nil
	})
}

func (v *view) latest(ctx context.Context, f *eventlog.Filter, set *eventlog.LatestSet) error {
	topics, exact := exactTopics(f)
	if !exact {
		m, err := v.recordScans(f)
		if err != nil {
			return err
		}
		return v.backward(ctx, m, v.decode, set.Add)
	}
	m, err := v.indexScans(f, topics)
	if err != nil {
		return err
	}
	return v.backward(ctx, m, v.fetch, func(r *eventlog.Record) bool {
		more := set.Add(r)
		for _, s := range m.scans {
			if set.Has(s.topic) { // what a busy topic had before must not be walked through
				s.stop()
			}
		}
		return more
	})
}

// backward shows visit the records that m leads to, newest first, until visit reports false.
func (v *view) backward(ctx context.Context, m *merge, load func(*scan) (*eventlog.Record, error), visit func(*eventlog.Record) bool) error {
	defer m.close()
	for _, s := range m.scans {
		s.seekTo(v.head)
	}
	for scanned := 0; ; scanned++ {
		s := m.highest()
		if err := m.err(); err != nil || s == nil {
			return err
		}
		if scanned&0x3ff == 0x3ff && ctx.Err() != nil {
			return ctx.Err()
		}
		offset := s.offset
		r, err := load(s)
		if err != nil || !visit(r) {
			return err
		}
		m.pass(offset)
	}
}
