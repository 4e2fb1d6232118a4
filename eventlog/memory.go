package eventlog

import (
	"context"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/internal/topicindex"
)

// Memory is a [Log] that lives in the process and ends with it. It is durable only in the sense that a batch
// is visible to every later read as soon as Append returns.
type Memory struct {
	lineage   Lineage
	retention Retention

	mu       sync.RWMutex
	head     uint64
	updates  lane
	presence lane
	topics   byTopic // of both lanes
	reach    PresenceReach
	ids      idIndex
	keys     keyIndex
	marks    markIndex
	closed   bool
}

var _ Log = (*Memory)(nil)

// recordOverhead is what a record costs beside its texts: the structure, its index entries, slice headers.
const recordOverhead = 256

// topicOverhead is what each further topic of a record costs: its place in the index, where it may be the only one.
const topicOverhead = 128

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
		topics:    byTopic{},
		ids:       idIndex{},
		marks:     markIndex{},
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
		if m.marks.skips(&batch[i]) {
			added[i].Skipped = true
			continue
		}
		r := &Record{
			Update:   batch[i].Update,
			Position: Position{Epoch: m.lineage.Current(), Offset: m.head + 1},
			Time:     now,
			Presence: batch[i].Presence,
		}
		added[i].Record = r
		m.add(r)
		m.keys.add(&batch[i], r)
		m.marks.apply(&batch[i])
	}
	m.trim(now)
	return added, nil
}

func (m *Memory) add(r *Record) {
	m.head++
	m.ids.add(r)
	m.topics.Add(r.Topics, indexed{r})
	if r.Presence {
		m.reach.Add(&r.Update)
		m.presence.add(r)
	} else {
		m.updates.add(r)
	}
}

// lanes returns where records may lie that filter selects.
func (m *Memory) lanes(filter *Filter) (updates, presence *lane) {
	if m.reach.Reached(filter) {
		return &m.updates, &m.presence
	}
	return &m.updates, &lane{}
}

// Read implements [Log].
func (m *Memory) Read(ctx context.Context, r ReadRequest) (Chunk, error) {
	r = r.WithDefaults()
	chunk := Chunk{ScannedTo: r.After}
	size := 0
	var part [slicePart]*Record
	for scanned := 0; scanned < r.MaxScan && ctx.Err() == nil; {
		most := min(slicePart, r.MaxScan-scanned)
		n, to, err := m.copyForward(part[:most], chunk.ScannedTo, &r)
		if err != nil && scanned == 0 {
			return Chunk{}, err
		}
		if err != nil { // what was dropped since the first part is for the next read to say
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
		if n < most {
			chunk.ScannedTo = max(chunk.ScannedTo, to)
			break
		}
		scanned += n
	}
	return chunk, ctx.Err()
}

// copyForward copies into dst the records with offsets behind after, up to r.To, which it cuts to the head. For exact
// topics these are only the records of these topics.
func (m *Memory) copyForward(dst []*Record, after uint64, r *ReadRequest) (n int, to uint64, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return 0, 0, ErrClosed
	}
	updates, presence := m.lanes(r.Filter)
	if lost := max(updates.lost, presence.lost); max(after, r.Told) < lost {
		return 0, 0, &TrimmedError{Floor: lost + 1}
	}
	to = min(r.To, m.head)
	var room [8]topicindex.Run[indexed]
	if merge, exact := m.topics.Select(room[:0], r.Filter.Matchers); exact {
		merge.Forward(after)
		return taken(dst, &merge, to), to, nil
	}
	return mergeForward(dst, updates, presence, after, to), to, nil
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
		got, oldest, err := m.copyBackward(part[:], after, filter)
		if err != nil || n <= 0 {
			return after, err
		}
		if got == 0 { // there are fewer
			return oldest - 1, nil
		}
		for _, r := range part[:got] {
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
		got, _, err := m.copyBackward(part[:], to, filter)
		if err != nil {
			return Latest{}, err
		}
		if got == 0 {
			return set.Result(head), nil
		}
		for _, r := range part[:got] {
			if !set.Add(r) {
				return set.Result(head), nil
			}
			to = r.Position.Offset - 1
		}
	}
	return Latest{}, ctx.Err()
}

// copyBackward copies into dst the last records with offsets up to to, newest first, for exact topics only those of
// these topics, and returns the offset of the oldest one that there is.
func (m *Memory) copyBackward(dst []*Record, to uint64, filter *Filter) (n int, oldest uint64, err error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return 0, 0, ErrClosed
	}
	updates, presence := m.lanes(filter)
	oldest = m.oldest(updates, presence)
	var room [8]topicindex.Run[indexed]
	if merge, exact := m.topics.Select(room[:0], filter.Matchers); exact {
		merge.Backward(to)
		return taken(dst, &merge, to), oldest, nil
	}
	return mergeBackward(dst, updates, presence, to), oldest, nil
}

// oldest returns the lowest offset at which a record lies in one of the lanes, the one behind the head if they are
// empty.
func (m *Memory) oldest(lanes ...*lane) uint64 {
	oldest := m.head + 1
	for _, l := range lanes {
		if len(l.records) > 0 {
			oldest = min(oldest, l.records[0].Position.Offset)
		}
	}
	return oldest
}

// Verdict implements [Log].
func (m *Memory) Verdict(_ context.Context, c Cursor, filter *Filter) (Verdict, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return Verdict{}, ErrClosed
	}
	updates, presence := m.lanes(filter)
	extent := Extent{
		Lineage: m.lineage, Head: m.head,
		Oldest: m.oldest(updates, presence), Floor: max(updates.lost, presence.lost) + 1,
	}
	return Judge(c, extent, func(id string) (uint64, bool, error) {
		offset, found := m.ids.find(id)
		return offset, found, nil
	})
}

// Head implements [Log].
func (m *Memory) Head() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.head
}

// Floor implements [Log].
func (m *Memory) Floor() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return max(m.updates.lost, m.presence.lost) + 1
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

// Marks implements [Log].
func (m *Memory) Marks(context.Context) ([]Mark, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, ErrClosed
	}
	return m.marks.list(), nil
}

// Close implements [Log].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

func (m *Memory) trim(now time.Time) {
	m.updates.trim(m.retention, now, m.dropped)
	m.presence.trim(PresenceRetention(), now, m.dropped)
	m.keys.trim(now, KeyWindow, m.updates.lost+1)
}

// dropped forgets what the indexes have of a record.
func (m *Memory) dropped(r *Record) {
	m.ids.drop(r)
	m.topics.Drop(r.Topics, indexed{r})
}
