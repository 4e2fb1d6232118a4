package disk

import (
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// History is what there is to know of a log beside its records.
type History struct {
	// Lineage lists the terms in which the records were appended.
	Lineage eventlog.Lineage
	// Head is the highest offset that was ever given to a record.
	Head uint64
	// Marks are those that are set.
	Marks []eventlog.Mark
}

// ErrNotEmpty says that a log cannot be restored to a directory because there is something in it.
var ErrNotEmpty = errors.New("the directory is not empty")

// Restore makes a log in dir, which must be empty or not be there, of records that another log held: with their
// offsets, epochs and times, so that cursors of that log are good here too. Records come with rising offsets. It
// returns how many there were. Where offsets are missing, a subscriber with an earlier cursor is told of a gap.
// Idempotency keys are not restored. After an error nothing is left in dir; a directory in which Restore was
// interrupted cannot be opened, which is [ErrUnfinished].
func Restore(dir string, o Options, from History, records iter.Seq2[*eventlog.Record, error]) (n int, err error) {
	if err := o.Validate(); err != nil {
		return 0, err
	}
	if err := from.validate(); err != nil {
		return 0, err
	}
	o = o.WithDefaults()
	if err := o.makeDir(dir); err != nil {
		return 0, fmt.Errorf("disk: cannot make %s: %w", dir, err)
	}
	if names, err := o.fs.List(dir); err != nil || len(names) > 0 {
		return 0, fmt.Errorf("disk: cannot restore to %s: %w", dir, firstError(err, ErrNotEmpty))
	}
	lock, err := lockDir(dir, o.fs)
	if err != nil {
		return 0, err
	}
	defer lock.release()
	r := &restore{options: &o, history: from}
	err = o.markUnfinished(dir)
	if err == nil {
		r.engine, err = openEngine(dir, o, &repeated{logger: o.Logger})
	}
	if err == nil {
		err = errors.Join(r.all(records), r.engine.close())
	}
	if err == nil {
		err = o.unmarkUnfinished(dir)
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("disk: cannot restore to %s: %w", dir, err), clearDir(dir, o))
	}
	return r.records, nil
}

func (h *History) validate() error {
	if len(h.Lineage) == 0 {
		return errors.New("disk: History.Lineage is empty")
	}
	first := uint64(1)
	for _, t := range h.Lineage {
		if t.Epoch == "" || t.First < first || t.First > h.Head+1 {
			return fmt.Errorf("disk: History.Lineage has the term %q from offset %d, which cannot follow there", t.Epoch, t.First)
		}
		first = t.First
	}
	for _, m := range h.Marks {
		if m.Key == "" {
			return errors.New("disk: History.Marks has one without a key")
		}
	}
	return nil
}

// clearDir removes what Restore has written, its mark last: dir was empty before.
func clearDir(dir string, o Options) error {
	names, err := o.fs.List(dir)
	for _, name := range names {
		if name != unfinishedName {
			err = errors.Join(err, o.fs.RemoveAll(o.fs.PathJoin(dir, name)))
		}
	}
	if err != nil {
		return err
	}
	return o.unmarkUnfinished(dir)
}

// restore is one call of Restore.
type restore struct {
	engine  *engine
	options *Options
	history History
	state   *state
	records int
	last    uint64 // offset
	missing uint64 // the highest offset that no record has
}

// restoreBytes is how much is written at once.
const restoreBytes = 4 << 20

func (r *restore) all(records iter.Seq2[*eventlog.Record, error]) error {
	err := r.engine.do(func() (err error) {
		r.state, err = load(r.engine.db, *r.options)
		return err
	})
	if err != nil {
		return err
	}
	r.state.lineage = r.history.Lineage
	b := r.batch()
	for record, err := range records {
		if err == nil {
			err = r.add(b, record)
		}
		if err == nil && b.pebble.Len() >= restoreBytes {
			err = r.commit(b)
			b = r.batch()
		}
		if err != nil {
			return errors.Join(err, b.pebble.Close())
		}
	}
	if err := r.commit(b); err != nil {
		return err
	}
	return r.finish()
}

func (r *restore) batch() *batch {
	return newBatch(r.engine.db, r.state, r.options, time.Time{})
}

// add gives a record the place that it had.
func (r *restore) add(b *batch, record *eventlog.Record) error {
	offset := record.Position.Offset
	switch {
	case len(record.Topics) == 0:
		return fmt.Errorf("the record at offset %d has no topic", offset)
	case offset <= r.last:
		return fmt.Errorf("the record at offset %d follows the one at %d", offset, r.last)
	case offset > r.history.Head:
		return fmt.Errorf("the record at offset %d is behind the head %d", offset, r.history.Head)
	case r.history.Lineage.At(offset) != record.Position:
		return fmt.Errorf("the record at offset %d bears the epoch %q, which the lineage does not have there", offset, record.Position.Epoch)
	}
	if offset > r.last+1 {
		r.missing = offset - 1
	}
	b.now, b.state.head = record.Time, offset-1 // it takes the next one
	if _, err := b.add(&record.Update, record.Presence); err != nil {
		return err
	}
	r.last = offset
	r.records++
	return nil
}

func (r *restore) commit(b *batch) error {
	if err := b.finish(); err != nil {
		return errors.Join(err, b.pebble.Close())
	}
	r.state = b.state
	return r.engine.commit(b.pebble, pebble.NoSync)
}

// finish writes what makes a log of the records, and everything through to the disk.
func (r *restore) finish() error {
	if r.history.Head > r.last {
		r.missing = r.history.Head
	}
	return r.engine.do(func() error {
		batch := r.engine.db.NewBatch()
		defer batch.Close()
		err := setJSON(batch, keyLineage, r.history.Lineage)
		for _, m := range r.history.Marks {
			err = errors.Join(err, batch.Set(markKey(nil, m.Key), []byte(m.Value), nil))
		}
		for i := range r.state.classes {
			c := &r.state.classes[i]
			if c.unused() {
				continue
			}
			c.mark = max(c.mark, r.missing) // nobody knows of which class the missing ones were
			err = errors.Join(err, saveClass(batch, c))
		}
		if err != nil {
			return err
		}
		return batch.Commit(pebble.Sync)
	})
}
