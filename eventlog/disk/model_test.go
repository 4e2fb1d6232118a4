package disk_test

import (
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// keeping is what the model's log is told to keep of some topics.
type keeping struct {
	topics []string
	keep   eventlog.Retention
}

// keepings begin with those that keep longest: an update with topics of several belongs to the first of these.
var keepings = []keeping{
	{[]string{"few"}, eventlog.Retention{MaxRecords: 3}},
	{[]string{"small"}, eventlog.Retention{MaxBytes: 1600}},
	{[]string{"long"}, eventlog.Retention{MaxAge: 30 * time.Minute}},
	{[]string{"a", "b"}, eventlog.Retention{MaxAge: 8 * time.Minute, MaxRecords: 32}}, // Options.Retention
	{[]string{"short"}, eventlog.Retention{MaxAge: time.Minute}},
	newest:   {[]string{"n1", "n2", "n3"}, eventlog.Retention{}},
	presence: {nil, eventlog.PresenceRetention()},
}

const (
	others   = 3
	newest   = 5
	presence = 6
)

// keepingOptions tell a log of keepings.
func keepingOptions() disk.Options {
	o := disk.Options{Retention: keepings[others].keep, SyncInterval: 24 * time.Hour}
	for i, k := range keepings[:presence] {
		switch i {
		case others:
		case newest:
			o.Rules = append(o.Rules, disk.Rule{Topics: matchers("template:n{number}"), NewestOnly: true})
		default:
			o.Rules = append(o.Rules, rule(k.topics[0], k.keep))
		}
	}
	return o
}

// fate is what must have become of an update.
type fate uint8

const (
	there fate = iota
	mayGo      // its rule does not ask for it any more; it goes together with its neighbours
	gone
)

// told is an update that was acknowledged.
type told struct {
	*eventlog.Record
	keeping  int // its place in keepings
	fate     fate
	replaced bool // each of its topics has a newer value
	first    bool // when it came, no update with its id was there, or none that was sure to be
}

// history is what there is to know of a log: everything that was appended to it, by offset.
type history struct {
	updates []told
	// forgetful: a purge or a restore has made the log forget of some topics that they had newer values.
	forgetful bool
}

func (h *history) head() uint64 { return uint64(len(h.updates)) }

// add notes that r was appended.
func (h *history) add(r *eventlog.Record) {
	u := told{Record: r, keeping: presence}
	if !r.Presence {
		u.keeping = slices.IndexFunc(keepings, func(k keeping) bool {
			return slices.ContainsFunc(k.topics, func(t string) bool { return slices.Contains(r.Topics, t) })
		})
	}
	h.updates = append(h.updates, u)
	h.noteFirst(len(h.updates) - 1)
	for i := range h.updates {
		if u := &h.updates[i]; u.keeping == newest && u.fate != gone && h.hasNewer(i) {
			u.replaced, u.fate = true, gone
			if h.forgetful {
				u.fate = mayGo
			}
		}
	}
}

// noteFirst notes whether an update is the first with its id, as far as the log can know.
func (h *history) noteFirst(i int) {
	u := &h.updates[i]
	u.first = u.ID != "" && !slices.ContainsFunc(h.updates[:i], func(earlier told) bool {
		return sameID(earlier.ID, u.ID) && earlier.fate != gone && !earlier.replaced
	})
}

func sameID(a, b string) bool { return eventlog.TrimID(a) == eventlog.TrimID(b) }

// hasNewer reports whether each topic of an update has a newer value.
func (h *history) hasNewer(i int) bool {
	newer := map[string]bool{}
	for _, u := range h.updates[i+1:] {
		for _, t := range u.Topics {
			newer[t] = newer[t] || !u.Presence
		}
	}
	return !slices.ContainsFunc(h.updates[i].Topics, func(t string) bool { return !newer[t] })
}

// trim notes what the rules do not ask for at the time now, and what must be gone: a rule is exceeded by no more than
// an eighth. It returns the offsets of what went.
func (h *history) trim(now time.Time) (went []uint64) {
	for class, k := range keepings {
		records, size := 0, int64(0)
		for i := len(h.updates) - 1; i >= 0 && class != newest; i-- {
			u := &h.updates[i]
			if u.keeping != class || u.fate == gone {
				continue
			}
			if !asksFor(k.keep, now.Sub(u.Time), records, size) {
				u.fate = mayGo
			}
			most := eventlog.Retention{MaxAge: k.keep.MaxAge / 8 * 9, MaxRecords: k.keep.MaxRecords * 9 / 8, MaxBytes: k.keep.MaxBytes / 8 * 9}
			if !asksFor(most, now.Sub(u.Time), records, size) {
				u.fate = gone
				went = append(went, u.Position.Offset)
			}
			records++
			size += int64(u.Size()) + 128
		}
	}
	return went
}

// asksFor reports whether a rule keeps an update of that age, behind which lie that many others.
func asksFor(k eventlog.Retention, age time.Duration, records int, size int64) bool {
	return (k.MaxAge == 0 || age <= k.MaxAge) && (k.MaxRecords == 0 || records < k.MaxRecords) && (k.MaxBytes == 0 || size < k.MaxBytes)
}

// look compares what the log holds with what it should hold, and returns the offsets of what it has let go.
func (h *history) look(rt *rapid.T, held []*eventlog.Record) (went []uint64) {
	at := map[uint64]*eventlog.Record{}
	for _, r := range held {
		if r.Position.Offset > h.head() {
			rt.Fatalf("%v was read, and the last that was acknowledged is at %d", r.Position, h.head())
		}
		at[r.Position.Offset] = r
	}
	for i := range h.updates {
		u := &h.updates[i]
		r := at[u.Position.Offset]
		switch {
		case r != nil && !cmp.Equal(r, u.Record):
			rt.Fatalf("what was appended is not what is read:\n%s", cmp.Diff(u.Record, r))
		case u.fate == there && r == nil:
			rt.Fatalf("%v, of %q, is lost", u.Position, u.Topics)
		case u.fate == gone && r != nil:
			rt.Fatalf("%v, of %q, should be gone", u.Position, u.Topics)
		case u.fate == mayGo && r == nil:
			u.fate = gone
			went = append(went, u.Position.Offset)
		}
	}
	return went
}

// missing says what a reader behind an offset will not get any more: how much of what it asks for was dropped and how
// much replaced, and whether anything else was.
func (h *history) missing(f *eventlog.Filter, after uint64) (m struct{ dropped, replaced, anyDropped, anyReplaced int }) {
	for _, u := range h.updates[after:] {
		match := f.Match(&u.Update)
		switch {
		case u.fate != gone:
		case u.replaced:
			m.anyReplaced++
			if match {
				m.replaced++
			}
		default:
			m.anyDropped++
			if match {
				m.dropped++
			}
		}
	}
	return m
}

// restored notes that the log was made anew of what it held.
func (h *history) restored() {
	h.forgetful = true // of values that newer ones replaced which are gone too
	for i := range h.updates {
		u := &h.updates[i]
		u.replaced = false // nobody can tell it from what was dropped
		h.noteFirst(i)
	}
}
