package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// Inspection looks into a log that no process has open, without changing it.
type Inspection struct {
	dir    string
	lock   *lock
	engine *engine
	state  *state
}

// Inspect opens the log in dir for reading. It begins no epoch.
func Inspect(dir string, o Options) (*Inspection, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	o.readOnly = true
	if _, err := o.fs.Stat(dir); err != nil {
		return nil, fmt.Errorf("disk: no log in %s: %w", dir, err)
	}
	lock, err := lockDir(dir, o.fs)
	if err != nil {
		return nil, err
	}
	x := &Inspection{dir: dir, lock: lock}
	if err = o.checkFinished(dir); err == nil {
		x.engine, err = openEngine(dir, o, &repeated{logger: o.Logger})
	}
	if err == nil {
		x.state, err = ask(x.engine, func() (*state, error) { return inspectState(x.engine.db) })
	}
	if err == nil {
		err = o.checkWatermark(dir, x.state.head)
	}
	if err != nil {
		_ = x.Close()
		return nil, fmt.Errorf("disk: cannot open the log in %s: %w", dir, err)
	}
	return x, nil
}

// Close lets go of the log.
func (x *Inspection) Close() error {
	defer x.lock.release()
	if x.engine == nil {
		return nil
	}
	return x.engine.close()
}

// Info is what an operator may want to know of a log.
type Info struct {
	Dir      string           `json:"dir"`
	Format   int              `json:"format"`
	Head     uint64           `json:"head"`
	Floor    uint64           `json:"floor"`
	Records  int64            `json:"records"`
	Bytes    int64            `json:"bytes"`     // of what is kept, as retention counts them
	DiskSize int64            `json:"diskBytes"` // of the files
	Lineage  eventlog.Lineage `json:"lineage"`
	Classes  []ClassInfo      `json:"classes"` // in the order of their rules, the one for all other topics first
}

// ClassInfo describes what one retention rule keeps.
type ClassInfo struct {
	Topics   []string  `json:"topics,omitempty"` // empty: all that have no rule of their own
	Newest   bool      `json:"newestOnly,omitempty"`
	Records  int64     `json:"records"`
	Bytes    int64     `json:"bytes"`
	Segments int       `json:"segments"`
	Dropped  uint64    `json:"droppedTo"` // the highest offset that was dropped
	Oldest   time.Time `json:"oldest,omitzero"`
	Youngest time.Time `json:"newest,omitzero"`
}

// Info describes the log.
func (x *Inspection) Info() (Info, error) {
	info := Info{Dir: x.dir, Format: formatVersion, Head: x.state.head, Floor: 1, Lineage: x.state.lineage}
	for i := range x.state.classes {
		c := &x.state.classes[i]
		info.Floor = max(info.Floor, c.mark+1)
		ci := ClassInfo{Topics: c.topics, Newest: c.newest, Segments: len(c.segments), Dropped: c.mark}
		for _, s := range c.segments {
			ci.Records += s.records
			ci.Bytes += s.bytes
		}
		if n := len(c.segments); n > 0 {
			ci.Oldest, ci.Youngest = time.Unix(0, c.segments[0].begun), time.Unix(0, c.segments[n-1].newest)
		}
		info.Records += ci.Records
		info.Bytes += ci.Bytes
		info.Classes = append(info.Classes, ci)
	}
	var err error
	info.DiskSize, err = dirSize(x.dir)
	return info, err
}

func dirSize(dir string) (int64, error) {
	size := int64(0)
	err := filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		size += info.Size()
		return err
	})
	return size, err
}

// Each calls visit for every record behind after, in order, until it returns an error.
func (x *Inspection) Each(ctx context.Context, after uint64, visit func(*eventlog.Record) error) error {
	everything := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}
	for after < x.state.head {
		request := eventlog.ReadRequest{After: after, To: math.MaxUint64, Filter: everything, Told: math.MaxUint64}
		chunk, err := read(x.engine, func() (eventlog.Chunk, error) { return x.read(ctx, request) })
		if err != nil {
			return err
		}
		for _, r := range chunk.Records {
			if err := visit(r); err != nil {
				return err
			}
		}
		after = chunk.ScannedTo
	}
	return nil
}

func (x *Inspection) read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	base, err := x.engine.db.NewIter(nil)
	if err != nil {
		return eventlog.Chunk{}, fmt.Errorf("disk: cannot read: %w", err)
	}
	v := &view{db: x.engine.db, base: base, head: x.state.head, state: x.state}
	defer v.close()
	r = r.WithDefaults()
	r.To = min(r.To, v.head)
	chunk, err := v.read(ctx, r)
	if err != nil {
		return eventlog.Chunk{}, fmt.Errorf("disk: cannot read: %w", err)
	}
	return chunk, nil
}

// Check reads everything: every record, every index entry, and that they lead to one another. progress, if not
// nil, is told how many of how many records have been read.
func (x *Inspection) Check(ctx context.Context, progress func(done, all int64)) error {
	return x.engine.do(func() error { return x.check(ctx, progress) })
}

func (x *Inspection) check(ctx context.Context, progress func(done, all int64)) error {
	var all, done int64
	for i := range x.state.classes {
		for _, s := range x.state.classes[i].segments {
			all += s.records
		}
	}
	if err := x.engine.db.CheckLevels(nil); err != nil {
		return fmt.Errorf("disk: damaged: %w", err)
	}
	for i := range x.state.classes {
		for j := range x.state.classes[i].segments {
			s := &x.state.classes[i].segments[j]
			found := int64(0)
			err := x.checkSegment(s, func() error {
				if found++; found&0xfff == 0 {
					if progress != nil {
						progress(done+found, all)
					}
					return ctx.Err()
				}
				return nil
			})
			if err == nil && found != s.records {
				err = fmt.Errorf("%d records, and its summary says %d", found, s.records)
			}
			if err != nil {
				return fmt.Errorf("disk: damaged: segment %d of class %d, offsets %d to %d: %w", s.id.number, s.id.class, s.first, s.last, err)
			}
			done += found
		}
	}
	if progress != nil {
		progress(done, all)
	}
	if _, err := readMarks(ctx, x.engine.db); err != nil {
		return fmt.Errorf("disk: damaged: %w", err)
	}
	return nil
}

// checkSegment looks at each key of a segment, and calls count for each record.
func (x *Inspection) checkSegment(s *segment, count func() error) error {
	iter, err := x.engine.db.NewIter(&pebble.IterOptions{LowerBound: s.id.prefix(nil), UpperBound: s.id.next().prefix(nil)})
	if err != nil {
		return err
	}
	defer iter.Close()
	prefix := len(s.id.prefix(nil))
	for ok := iter.First(); ok; ok = iter.Next() {
		key := iter.Key()
		var err error
		switch kind := key[prefix]; kind {
		case kindRecord:
			if err = count(); err == nil {
				err = x.checkRecord(s, keyOffset(key), iter)
			}
		case kindTopic:
			_, err = getRecord(x.engine.db, x.state.lineage, s.id, keyOffset(key))
		case kindID:
			var e idEntry
			if e, err = decodeIDEntry(iter.Value()); err == nil && e.first != 0 {
				_, err = getRecord(x.engine.db, x.state.lineage, s.id, e.offset)
			}
		case kindNewest:
			var p place
			if p, err = decodePlace(iter.Value()); err == nil && p.class == s.id.class {
				_, err = getRecord(x.engine.db, x.state.lineage, s.id, p.offset)
			}
		default:
			err = fmt.Errorf("unknown kind of key %q", kind)
		}
		if err != nil {
			return err
		}
	}
	return iter.Error()
}

// checkRecord looks at a record and at the index entries of its topics.
func (x *Inspection) checkRecord(s *segment, offset uint64, iter *pebble.Iterator) error {
	value, err := iter.ValueAndErr()
	if err != nil {
		return err
	}
	r, err := decodeRecord(value, x.state.lineage.At(offset))
	if err != nil {
		return fmt.Errorf("record at offset %d: %w", offset, err)
	}
	if offset < s.first || offset > s.last {
		return fmt.Errorf("record at offset %d does not belong here", offset)
	}
	for _, t := range r.Topics {
		_, closer, err := x.engine.db.Get(s.id.topicKey(nil, hashOf(t), offset))
		if err != nil {
			return fmt.Errorf("record at offset %d: its topic %q is not indexed: %w", offset, t, err)
		}
		closer.Close()
	}
	return nil
}
