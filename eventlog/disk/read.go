package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

const (
	// maxIndexed is how many exact topics are looked up in the index; for more the records are scanned.
	maxIndexed = 100
	// denseProbe is how many index entries are looked at to learn how dense a subscriber's topics are.
	denseProbe = 32
	// denseRatio is the number of records up to which it is cheaper to pass over them than to look one up.
	denseRatio = 8
)

// Read implements [eventlog.Log]. Exact topics are looked up in the index unless they are so dense that scanning
// is cheaper; patterns scan what lies behind the cursor.
func (l *Log) Read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	r = r.WithDefaults()
	return readLog(l, func(v *view) (eventlog.Chunk, error) {
		r.To = min(r.To, v.head)
		if lost := v.state.lost(r.Filter); lost > max(r.After, r.Told) {
			return eventlog.Chunk{}, &eventlog.TrimmedError{Floor: lost + 1}
		}
		if r.After >= r.To {
			return eventlog.Chunk{ScannedTo: r.After}, nil
		}
		chunk, err := v.read(ctx, r)
		if err != nil {
			return eventlog.Chunk{}, fmt.Errorf("disk: cannot read: %w", err)
		}
		return chunk, nil
	})
}

// view is what one reader sees, all of one moment: a head that was durable before it, and marks of what had been
// dropped after it. So nothing below the head is missing unless a mark says so.
//
// It is an iterator, of which others are cloned, and no pebble snapshot: making one of these takes a lock that a
// database that has failed may hold for ever.
type view struct {
	db    *pebble.DB
	base  *pebble.Iterator
	head  uint64
	state *state
}

func (l *Log) view(e *engine) (*view, error) {
	head := l.state.Load().head
	base, err := e.db.NewIter(nil)
	if err != nil {
		return nil, fmt.Errorf("disk: cannot read: %w", err)
	}
	return &view{db: e.db, base: base, head: head, state: l.state.Load()}, nil
}

func (v *view) close() error { return v.base.Close() }

// iter returns an iterator over what the view sees of a class.
func (v *view) iter(c *class) (*pebble.Iterator, error) {
	return v.base.Clone(pebble.CloneOptions{IterOptions: &pebble.IterOptions{
		LowerBound: segmentID{class: c.id}.prefix(nil),
		UpperBound: segmentID{class: c.id + 1}.prefix(nil),
	}})
}

func (v *view) read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	if r.Only != nil {
		return v.readOnly(ctx, r)
	}
	if topics, ok := exactTopics(r.Filter); ok {
		sparse, err := v.sparse(r, topics)
		if err != nil {
			return eventlog.Chunk{}, err
		}
		if sparse {
			m, err := v.indexScans(r.Filter, topics)
			if err != nil {
				return eventlog.Chunk{}, err
			}
			return v.collect(ctx, r, m, v.fetch)
		}
	}
	m, err := v.recordScans(r.Filter)
	if err != nil {
		return eventlog.Chunk{}, err
	}
	return v.collect(ctx, r, m, v.decode)
}

// collect walks over m behind r.After and gathers what the filter selects. load gets the record at which a scan
// stands.
func (v *view) collect(ctx context.Context, r eventlog.ReadRequest, m *merge, load func(*scan) (*eventlog.Record, error)) (chunk eventlog.Chunk, err error) {
	defer func() {
		if closed := m.close(); err == nil {
			err = closed
		}
	}()
	for _, s := range m.scans {
		s.seekAfter(r.After)
	}
	chunk.ScannedTo = r.After
	size := 0
	for scanned := 0; ; scanned++ {
		s := m.lowest()
		if err := m.err(); err != nil {
			return eventlog.Chunk{}, err
		}
		if s == nil || s.offset > r.To {
			chunk.ScannedTo = r.To
			return chunk, nil
		}
		if size >= r.MaxBytes || scanned >= r.MaxScan {
			return chunk, nil
		}
		if scanned&0x3ff == 0x3ff && ctx.Err() != nil {
			return eventlog.Chunk{}, ctx.Err()
		}
		record, err := load(s)
		if err != nil {
			return eventlog.Chunk{}, err
		}
		offset := s.offset
		if r.Filter.Match(&record.Update) {
			chunk.Records = append(chunk.Records, record)
			size += record.Size()
		}
		m.pass(offset)
		chunk.ScannedTo = offset
	}
}

// readOnly gets the records of single offsets.
func (v *view) readOnly(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error) {
	m, err := v.recordScans(r.Filter)
	if err != nil {
		return eventlog.Chunk{}, err
	}
	defer m.close()
	chunk := eventlog.Chunk{ScannedTo: r.After}
	size := 0
	for i, offset := range r.Only {
		switch {
		case offset <= r.After:
			continue
		case size >= r.MaxBytes || i&0x3ff == 0x3ff && ctx.Err() != nil:
			return chunk, ctx.Err()
		}
		if offset > r.To {
			break
		}
		for _, s := range m.scans { // a replaced value may be gone: then nobody has the offset
			s.seekAfter(offset - 1)
			if s.offset != offset {
				continue
			}
			record, err := v.decode(s)
			if err != nil {
				return eventlog.Chunk{}, err
			}
			if r.Filter.Match(&record.Update) {
				chunk.Records = append(chunk.Records, record)
				size += record.Size()
			}
		}
		chunk.ScannedTo = offset
	}
	chunk.ScannedTo = r.To
	return chunk, m.err()
}

// sparse reports whether the index is the cheaper way to the next records of topics.
func (v *view) sparse(r eventlog.ReadRequest, topics []string) (bool, error) {
	m, err := v.indexScans(r.Filter, topics)
	if err != nil {
		return false, err
	}
	for _, s := range m.scans {
		s.seekAfter(r.After)
	}
	n, last := uint64(0), r.After
	for s := m.lowest(); s != nil && s.offset <= r.To && n < denseProbe; s = m.lowest() {
		last = s.offset
		m.pass(last)
		n++
	}
	if err := m.close(); err != nil {
		return false, err
	}
	return n < denseProbe || (last-r.After)/n > denseRatio, nil
}

func (v *view) indexScans(f *eventlog.Filter, topics []string) (*merge, error) {
	m := &merge{}
	for _, c := range v.state.reached(f) {
		for _, t := range topics {
			if err := m.add(v, c, t, topicSuffix(t)); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

func (v *view) recordScans(f *eventlog.Filter) (*merge, error) {
	m := &merge{}
	for _, c := range v.state.reached(f) {
		if err := m.add(v, c, "", recordSuffix); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// decode reads the record at which a scan of records stands.
func (v *view) decode(s *scan) (*eventlog.Record, error) {
	value, err := s.iter.ValueAndErr()
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(value, v.state.lineage.At(s.offset))
	if err != nil {
		return nil, fmt.Errorf("record at offset %d: %w", s.offset, err)
	}
	return r, nil
}

// fetch gets the record to which a scan of an index leads.
func (v *view) fetch(s *scan) (*eventlog.Record, error) {
	key := s.segment().recordKey(nil, s.offset)
	if !v.base.SeekGE(key) || !bytes.Equal(v.base.Key(), key) {
		return nil, fmt.Errorf("record at offset %d: %w", s.offset, errors.Join(errRecord, v.base.Error()))
	}
	value, err := v.base.ValueAndErr()
	if err != nil {
		return nil, err
	}
	r, err := decodeRecord(value, v.state.lineage.At(s.offset))
	if err != nil {
		return nil, fmt.Errorf("record at offset %d: %w", s.offset, err)
	}
	return r, nil
}

func getRecord(db pebble.Reader, lineage eventlog.Lineage, segment segmentID, offset uint64) (*eventlog.Record, error) {
	value, closer, err := db.Get(segment.recordKey(nil, offset))
	if err != nil {
		return nil, fmt.Errorf("record at offset %d: %w", offset, err)
	}
	defer closer.Close()
	r, err := decodeRecord(value, lineage.At(offset))
	if err != nil {
		return nil, fmt.Errorf("record at offset %d: %w", offset, err)
	}
	return r, nil
}

// exactTopics returns the topics of a filter that asks for exact topics only, and for not too many.
func exactTopics(f *eventlog.Filter) ([]string, bool) {
	if len(f.Matchers) > maxIndexed {
		return nil, false
	}
	topics := make([]string, len(f.Matchers))
	for i, m := range f.Matchers {
		if m.Kind() != topic.KindExact {
			return nil, false
		}
		topics[i] = m.Value()
	}
	return topics, true
}
