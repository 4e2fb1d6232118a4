package logtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// modelRules are strict enough that most of what a run appends is dropped again.
var modelRules = eventlog.Retention{MaxAge: time.Hour, MaxRecords: 20}

// model is a log's history, and how much of it the rules have ever allowed to drop.
type model struct {
	history
	mayDrop int // the first so many records
}

// testModel plays random appends, trims and reads against a slice.
func testModel(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{history: history{log: open(t, modelRules), floor: 1}}
		defer m.close(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"append":  m.appendSome,
			"trim":    m.trim,
			"read":    m.read,
			"find":    m.findOne,
			"newest":  func(rt *rapid.T) { f := drawFilter(rt); m.newest(rt, &f, rapid.IntRange(0, 30).Draw(rt, "n")) },
			"verdict": m.judge,
			"":        m.check,
		})
	})
}

func (m *model) appendSome(rt *rapid.T) {
	batch := rapid.SliceOfN(rapid.Custom(drawUpdate), 1, 8).Draw(rt, "batch")
	m.append(rt, batch...)
	m.allow(time.Now())
}

func (m *model) trim(rt *rapid.T) {
	now := time.Now().Add(rapid.SampledFrom([]time.Duration{0, 59 * time.Minute, farAhead}).Draw(rt, "later"))
	if err := m.log.Trim(rt.Context(), now); err != nil {
		rt.Fatalf("Trim: %v", err)
	}
	m.allow(now)
	if everythingOld := m.mayDrop == len(m.records); everythingOld && m.log.Floor() != m.head()+1 {
		rt.Fatalf("everything is too old, but the floor is %d and the head %d", m.log.Floor(), m.head())
	}
}

// allow notes what the rules do not keep at the time now.
func (m *model) allow(now time.Time) {
	m.mayDrop = max(m.mayDrop, len(m.records)-modelRules.MaxRecords)
	for m.mayDrop < len(m.records) && now.Sub(m.records[m.mayDrop].Time) > modelRules.MaxAge {
		m.mayDrop++
	}
}

// check is called after every step.
func (m *model) check(rt *rapid.T) {
	if head := m.log.Head(); head != m.head() {
		rt.Fatalf("Head() = %d, want %d", head, m.head())
	}
	floor := m.log.Floor()
	if floor < m.floor || floor > m.head()+1 {
		rt.Fatalf("Floor() = %d, was %d, head %d", floor, m.floor, m.head())
	}
	m.floor = floor
	if dropped := len(m.records) - len(m.kept()); dropped > m.mayDrop {
		rt.Fatalf("%d of %d records were dropped, the rules allow %d", dropped, len(m.records), m.mayDrop)
	}
}

func (m *model) read(rt *rapid.T) {
	f := drawFilter(rt)
	r := eventlog.ReadRequest{
		After:    rapid.Uint64Range(0, m.head()+1).Draw(rt, "after"),
		To:       rapid.SampledFrom([]uint64{0, m.head() / 2, m.head(), toHead}).Draw(rt, "to"),
		Filter:   &f,
		MaxBytes: rapid.SampledFrom([]int{0, 1, 50, 200}).Draw(rt, "max bytes"),
		MaxScan:  rapid.SampledFrom([]int{0, 1, 5, 20}).Draw(rt, "max scan"),
	}
	if r.After+1 < m.log.Floor() {
		_, err := m.log.Read(rt.Context(), r)
		dropped := m.records[len(m.records)-len(m.kept())-1].Position.Offset
		if _, ok := errors.AsType[*eventlog.TrimmedError](err); !ok && r.After < dropped {
			rt.Fatalf("Read behind %d, though %d was dropped: %v", r.After, dropped, err)
		}
		return
	}
	compareAll(rt, m.wanted(&f, r.After, r.To), m.readAll(rt, r))
}

func (m *model) findOne(rt *rapid.T) {
	id := rapid.SampledFrom(modelIDs).Draw(rt, "id")
	offset, found := m.find(rt, id)
	uses, lost := m.uses(id)
	switch {
	case len(uses) == 0 && found:
		rt.Fatalf("Find(%q) = %d, though no update of this id is left", id, offset)
	case len(uses) > 0 && !lost && !found:
		rt.Fatalf("Find(%q) finds nothing, though its first use is at %d", id, uses[0])
	case found && offset != uses[0]:
		rt.Fatalf("Find(%q) = %d, want %d", id, offset, uses[0])
	}
}

// uses returns the offsets of an id that are left, and whether some are not.
func (m *model) uses(id string) (left []uint64, lost bool) {
	if id == "" {
		return nil, false
	}
	for _, r := range m.records {
		if r.ID == id {
			if r.Position.Offset < m.log.Floor() {
				lost = true
			} else {
				left = append(left, r.Position.Offset)
			}
		}
	}
	return left, lost
}

func (m *model) judge(rt *rapid.T) {
	f := drawFilter(rt)
	offset := rapid.Uint64Range(0, m.head()+2).Draw(rt, "cursor")
	v := m.verdict(rt, eventlog.Position{Epoch: m.log.Lineage().Current(), Offset: offset}.String(), &f)
	lost := false
	for _, r := range m.records {
		lost = lost || r.Position.Offset > offset && r.Position.Offset < m.log.Floor() && f.Match(&r.Update)
	}
	switch known := offset <= m.head(); {
	case !known && (v.Kind != eventlog.Gap || v.Why != eventlog.GapLineage):
		rt.Fatalf("cursor %d above the head %d: %+v", offset, m.head(), v)
	case lost && v.Kind != eventlog.Gap:
		rt.Fatalf("cursor %d, updates behind it were dropped: %+v", offset, v)
	case known && offset+1 >= m.log.Floor() && (v.Kind != eventlog.Resumed || v.After != offset):
		rt.Fatalf("cursor %d, complete from %d on: %+v", offset, m.log.Floor(), v)
	}
}

var modelIDs = []string{"", "x", "y", "z"}

func drawUpdate(rt *rapid.T) eventlog.Update {
	return eventlog.Update{
		Topics:  rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID).Draw(rt, "topics"),
		Private: rapid.Bool().Draw(rt, "private"),
		ID:      rapid.SampledFrom(modelIDs).Draw(rt, "id"),
		Data:    strings.Repeat("d", rapid.IntRange(0, 100).Draw(rt, "size")),
	}
}

func drawFilter(rt *rapid.T) eventlog.Filter {
	draw := func(name string) (ms topic.Matchers) {
		for _, v := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "*"}), 0, 2, rapid.ID).Draw(rt, name) {
			ms = append(ms, topic.Exact(v))
		}
		return ms
	}
	f := eventlog.Filter{Matchers: draw("matchers"), Grant: topic.Grant{Subscribe: draw("grant")}}
	if len(f.Matchers) == 0 {
		f.Matchers = nothing.Matchers
	}
	return f
}
