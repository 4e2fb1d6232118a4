package eventlog

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Memory is a [Log] that lives in the process and ends with it. It is durable only in the sense that a batch
// is visible to every later read as soon as Append returns.
type Memory struct {
	lineage   Lineage
	retention Retention

	mu      sync.RWMutex
	records []*Record // records[i] has offset floor+i
	floor   uint64
	bytes   int64
	ids     idIndex
	keys    keyIndex
	closed  bool
}

var _ Log = (*Memory)(nil)

// recordOverhead is what a record costs beside its texts: the structure, its index entries, slice headers.
const recordOverhead = 256

// slicePart is how many records are looked at under one hold of the lock, so that a long scan never holds up
// the committer for more than some microseconds.
const slicePart = 1024

// DefaultMemoryRetention is what a log in memory keeps unless told otherwise: a day, and no more than 64 MiB.
func DefaultMemoryRetention() Retention {
	return Retention{MaxAge: 24 * time.Hour, MaxBytes: 64 << 20}
}

// NewMemory returns an empty log. The zero Retention stands for [DefaultMemoryRetention].
func NewMemory(r Retention) (*Memory, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	if r == (Retention{}) {
		r = DefaultMemoryRetention()
	}
	return &Memory{
		lineage:   Lineage{{Epoch: NewEpoch(), First: 1}},
		retention: r,
		floor:     1,
		ids:       idIndex{},
	}, nil
}

// Append implements [Log].
func (m *Memory) Append(_ context.Context, batch []Entry) ([]Appended, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	now := time.Now()
	m.trim(now)
	added := make([]Appended, len(batch))
	for i := range batch {
		var used bool
		if added[i], used = m.keys.find(&batch[i]); used {
			continue
		}
		r := &Record{
			Update:   batch[i].Update,
			Position: Position{Epoch: m.lineage.Current(), Offset: m.head() + 1},
			Time:     now,
		}
		added[i].Record = r
		m.records = append(m.records, r)
		m.bytes += cost(r)
		m.ids.add(r)
		m.keys.add(&batch[i], r)
	}
	m.trim(now)
	return added, nil
}

// Read implements [Log].
func (m *Memory) Read(ctx context.Context, r ReadRequest) (Chunk, error) {
	r = r.WithDefaults()
	chunk := Chunk{ScannedTo: r.After}
	size := 0
	var part [slicePart]*Record
	for scanned := 0; scanned < r.MaxScan && ctx.Err() == nil; {
		n, to, err := m.copyRecords(part[:min(slicePart, r.MaxScan-scanned)], chunk.ScannedTo, r.Told, r.To)
		if err != nil && scanned == 0 {
			return Chunk{}, err
		}
		if err != nil { // what was dropped since the first part is for the next read to say
			break
		}
		if n == 0 {
			chunk.ScannedTo = max(chunk.ScannedTo, to)
			break
		}
		for _, rec := range part[:n] {
			chunk.ScannedTo = rec.Position.Offset
			if r.Wants(rec) {
				chunk.Records = append(chunk.Records, rec)
				if size += rec.Size(); size >= r.MaxBytes {
					return chunk, nil
				}
			}
		}
		scanned += n
	}
	return chunk, ctx.Err()
}

// copyRecords copies into dst the records with offsets behind after, up to to, which it cuts to the head.
func (m *Memory) copyRecords(dst []*Record, after, told, to uint64) (n int, end uint64, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	switch {
	case m.closed:
		return 0, 0, ErrClosed
	case max(after, told)+1 < m.floor:
		return 0, 0, &TrimmedError{Floor: m.floor}
	}
	after = max(after, m.floor-1)
	to = min(to, m.head())
	if after >= to {
		return 0, to, nil
	}
	return copy(dst, m.records[after+1-m.floor:to+1-m.floor]), to, nil
}

// Find implements [Log].
func (m *Memory) Find(_ context.Context, id string) (uint64, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return 0, false, ErrClosed
	}
	offset, found := m.ids.find(id)
	return offset, found, nil
}

// Newest implements [Log].
func (m *Memory) Newest(ctx context.Context, filter *Filter, n int) (uint64, error) {
	var part [slicePart]*Record
	after := m.Head() // everything behind it has been looked at
	for ctx.Err() == nil {
		got, err := m.copyBackward(part[:], after)
		if err != nil || n <= 0 {
			return after, err
		}
		if got == 0 { // the floor, or what lay here was dropped meanwhile
			return max(after, m.Floor()-1), nil
		}
		for _, r := range slices.Backward(part[:got]) {
			after = r.Position.Offset - 1
			if filter.Match(&r.Update) {
				if n--; n == 0 {
					return after, nil
				}
			}
		}
	}
	return 0, ctx.Err()
}

// Latest implements [Log].
func (m *Memory) Latest(ctx context.Context, filter *Filter, limit int) (Latest, error) {
	var part [slicePart]*Record
	set := NewLatestSet(filter, limit)
	head := m.Head()
	for to := head; ctx.Err() == nil; {
		got, err := m.copyBackward(part[:], to)
		if err != nil {
			return Latest{}, err
		}
		if got == 0 {
			return set.Result(head), nil
		}
		for _, r := range slices.Backward(part[:got]) {
			if !set.Add(r) {
				return set.Result(head), nil
			}
		}
		to = part[0].Position.Offset - 1
	}
	return Latest{}, ctx.Err()
}

// copyBackward copies into dst the last records with offsets up to to, oldest first.
func (m *Memory) copyBackward(dst []*Record, to uint64) (int, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return 0, ErrClosed
	}
	if to < m.floor {
		return 0, nil
	}
	end := int(to + 1 - m.floor)
	return copy(dst, m.records[max(0, end-len(dst)):end]), nil
}

// Verdict implements [Log].
func (m *Memory) Verdict(_ context.Context, c Cursor, _ *Filter) (Verdict, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return Verdict{}, ErrClosed
	}
	return Judge(c, Extent{Lineage: m.lineage, Head: m.head(), Oldest: m.floor, Floor: m.floor}, func(id string) (uint64, bool, error) {
		offset, found := m.ids.find(id)
		return offset, found, nil
	})
}

// Head implements [Log].
func (m *Memory) Head() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.head()
}

// Floor implements [Log].
func (m *Memory) Floor() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.floor
}

// Trim implements [Log].
func (m *Memory) Trim(_ context.Context, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	m.trim(now)
	return nil
}

// Lineage implements [Log].
func (m *Memory) Lineage() Lineage { return m.lineage }

// Close implements [Log].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *Memory) head() uint64 { return m.floor + uint64(len(m.records)) - 1 }

func (m *Memory) trim(now time.Time) {
	drop := 0
	for ; drop < len(m.records); drop++ {
		r, left := m.records[drop], len(m.records)-drop
		tooOld := m.retention.MaxAge > 0 && now.Sub(r.Time) > m.retention.MaxAge
		tooMany := m.retention.MaxRecords > 0 && left > m.retention.MaxRecords
		tooMuch := m.retention.MaxBytes > 0 && m.bytes > m.retention.MaxBytes && left > 1
		if !tooOld && !tooMany && !tooMuch {
			break
		}
		m.bytes -= cost(r)
		m.ids.drop(r)
	}
	clear(m.records[:drop])
	m.records = m.records[drop:]
	m.floor += uint64(drop)
	m.keys.trim(now, KeyWindow, m.floor)
}

func cost(r *Record) int64 { return int64(r.Size()) + recordOverhead }
