package disk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Append implements [eventlog.Log]. The batch is one pebble batch, written through as Options.Sync says.
func (l *Log) Append(_ context.Context, entries []eventlog.Entry) ([]eventlog.Appended, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.closed {
		return nil, eventlog.ErrClosed
	}
	now := time.Now()
	if err := l.space.check(now); err != nil {
		return nil, errors.Join(err, l.trim(now))
	}
	e := l.engine.Load()
	if err := e.failure(); err != nil {
		return nil, err
	}
	b := newBatch(e.db, l.next, &l.options, now)
	appended, err := ask(e, func() ([]eventlog.Appended, error) { return b.addAll(entries) })
	if err != nil {
		return nil, fmt.Errorf("disk: cannot append: %w", err)
	}
	if b.pebble.Empty() { // every key was used before
		return appended, b.pebble.Close()
	}
	if err := e.commit(b.pebble, l.writeOptions()); err != nil {
		// Not wrapped: it is ErrUnavailable too, which says that nothing was appended.
		return nil, fmt.Errorf("disk: cannot append: %w: %v", eventlog.ErrOutcomeUnknown, err)
	}
	l.next = b.state
	l.state.Store(l.next) // the durable head moves here
	if err := l.trim(b.now); err != nil {
		l.options.Logger.Error("cannot apply retention", "error", err) // the batch is in the log all the same
	}
	return appended, nil
}

// batch gathers what one Append changes.
type batch struct {
	db      *pebble.DB
	pebble  *pebble.Batch
	options *Options
	now     time.Time
	state   *state // a copy: what the log is after the batch
	touched map[int]bool
	rules   map[int]bool // classes whose marks have changed

	ids    map[hash][]idUse            // own ids of this batch
	newest map[hash]place              // newest values of this batch, in classes that keep only these
	added  map[uint64]*eventlog.Record // records of this batch in such classes
	keys   map[hash]keyUse             // idempotency keys of this batch
	marks  map[string]bool             // marks of this batch: set, or taken back
	key    []byte
	value  []byte
}

func newBatch(db *pebble.DB, s *state, o *Options, now time.Time) *batch {
	next := *s
	next.classes = append([]class(nil), s.classes...)
	return &batch{
		db: db, pebble: db.NewBatch(), options: o, now: now, state: &next,
		touched: map[int]bool{}, rules: map[int]bool{}, ids: map[hash][]idUse{}, newest: map[hash]place{}, added: map[uint64]*eventlog.Record{}, keys: map[hash]keyUse{}, marks: map[string]bool{},
	}
}

// addAll adds every entry whose key was not used before.
func (b *batch) addAll(entries []eventlog.Entry) ([]eventlog.Appended, error) {
	appended := make([]eventlog.Appended, len(entries))
	for i := range entries {
		e := &entries[i]
		a, used, err := b.repeated(e)
		if err == nil && !used {
			a.Skipped, err = b.skips(e)
		}
		if err == nil && !used && !a.Skipped {
			a.Record, err = b.addEntry(e)
		}
		if err != nil {
			return nil, err
		}
		appended[i] = a
	}
	return appended, b.finish()
}

// addEntry appends an update and what it brings with it.
func (b *batch) addEntry(e *eventlog.Entry) (*eventlog.Record, error) {
	r, err := b.add(&e.Update, e.Presence)
	if err != nil {
		return nil, err
	}
	return r, firstError(b.remember(e, r), b.mark(e))
}

// class returns a class that the batch may change.
func (b *batch) class(i int) *class {
	c := &b.state.classes[i]
	if !b.touched[i] {
		b.touched[i] = true
		c.segments = append(make([]segment, 0, len(c.segments)+1), c.segments...)
	}
	return c
}

// segment returns the segment of c that takes the next record.
func (b *batch) segment(c *class) (*segment, error) {
	n := len(c.segments)
	if n > 0 && !c.segments[n-1].full(c.keep, b.now) {
		return &c.segments[n-1], nil
	}
	id := segmentID{class: c.id}
	if n > 0 {
		if err := b.saveSegment(&c.segments[n-1]); err != nil {
			return nil, err
		}
		id = c.segments[n-1].id.next()
	}
	c.segments = append(c.segments, segment{id: id})
	return &c.segments[n], nil
}

func (b *batch) saveSegment(s *segment) error {
	return b.pebble.Set(s.id.metaKey(nil), s.append(b.value[:0]), nil)
}

// add gives an update the next offset.
func (b *batch) add(u *eventlog.Update, presence bool) (*eventlog.Record, error) {
	b.state.head++
	offset := b.state.head
	r := &eventlog.Record{
		Update:   *u,
		Position: eventlog.Position{Epoch: b.state.lineage.Current(), Offset: offset},
		Time:     b.now,
		Presence: presence,
	}
	i, mixed := b.state.presence, false
	if !presence {
		i, mixed = b.state.classOf(u.Topics)
	}
	c := b.class(i)
	if mixed {
		c.foreign, b.rules[i] = offset, true
	}
	if presence && c.reach.Add(u) {
		b.rules[i] = true
	}
	s, err := b.segment(c)
	if err != nil {
		return nil, err
	}
	b.value = appendRecord(b.value[:0], r)
	b.key = s.id.recordKey(b.key[:0], offset)
	if err := b.pebble.Set(b.key, b.value, nil); err != nil {
		return nil, err
	}
	for _, t := range u.Topics {
		b.key = s.id.topicKey(b.key[:0], hashOf(t), offset)
		if err := b.pebble.Set(b.key, nil, nil); err != nil {
			return nil, err
		}
	}
	if u.ID != "" {
		if err := b.index(s, r); err != nil {
			return nil, err
		}
	}
	s.add(offset, b.now, u.Size())
	if presence {
		return r, nil // the newest value of its topics, if that is kept of them, is another matter
	}
	return r, b.replace(i, r)
}

// finish writes the summaries of what has changed.
func (b *batch) finish() error {
	for i := range b.touched {
		c := &b.state.classes[i]
		if len(c.segments) == 0 {
			continue
		}
		if err := b.saveSegment(&c.segments[len(c.segments)-1]); err != nil {
			return err
		}
	}
	for i := range b.rules {
		if err := saveClass(b.pebble, &b.state.classes[i]); err != nil {
			return err
		}
	}
	return nil
}
