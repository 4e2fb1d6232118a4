package disk_test

import (
	"errors"
	"math"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// check looks at what the log holds, and comes back to it with a cursor of some kind.
func (m *model) check(rt *rapid.T) {
	m.hold(rt)
	m.comeBack(rt, drawFilter(rt))
}

func (m *model) comeBack(rt *rapid.T, f *eventlog.Filter) {
	position := func(e eventlog.Epoch, offset uint64) string {
		return eventlog.Position{Epoch: e, Offset: offset}.String()
	}
	switch rapid.IntRange(0, 9).Draw(rt, "kind of cursor") {
	case 0:
		v := m.verdict(rt, eventlog.Earliest, f)
		if v.Kind == eventlog.Gap {
			rt.Fatalf("earliest: %+v", v)
		}
		m.follow(rt, f, v, 0)
	case 1:
		m.gap(rt, f, "never", eventlog.GapUnknownID, 0)
	case 2:
		m.gap(rt, f, position(eventlog.NewEpoch(), m.head()/2), eventlog.GapLineage, 0)
	case 3:
		m.gap(rt, f, position(m.log.Lineage().Current(), m.head()+1), eventlog.GapLineage, 0)
	case 4:
		if len(m.lost) > 0 {
			c := rapid.SampledFrom(m.lost).Draw(rt, "lost")
			m.gap(rt, f, c.String(), eventlog.GapLineage, c.had)
		}
	case 5, 6:
		m.byID(rt, f, rapid.SampledFrom([]string{"x", "y", "z"}).Draw(rt, "id"))
	default:
		m.resume(rt, f, rapid.Uint64Range(0, m.head()).Draw(rt, "offset"))
	}
}

func (m *model) hold(rt *rapid.T) {
	if m.log.Head() != m.head() {
		rt.Fatalf("the head is %d, %d updates were acknowledged", m.log.Head(), m.head())
	}
	held := m.read(rt, eventlog.ReadRequest{Told: math.MaxUint64, Filter: everything})
	m.unsynced = append(m.unsynced, m.look(rt, held)...)
}

func drawFilter(rt *rapid.T) *eventlog.Filter {
	draw := func(what string) topic.Matchers {
		if rapid.IntRange(0, 2).Draw(rt, what+" by pattern") == 0 {
			return append(matchers(rapid.SampledFrom([]string{"template:n{x}", "template:{+x}"}).Draw(rt, what)), topic.Exact("b"))
		}
		var topics []string
		for _, k := range keepings {
			topics = append(topics, k.topics...)
		}
		return exact(rapid.SliceOfNDistinct(rapid.SampledFrom(topics), 1, 3, rapid.ID).Draw(rt, what)...).Matchers
	}
	f := &eventlog.Filter{Matchers: draw("filter")}
	if rapid.IntRange(0, 2).Draw(rt, "granted") > 0 {
		f.Grant.Subscribe = draw("grant")
	}
	return f
}

// read reads to the head, in chunks of some size.
func (m *model) read(rt *rapid.T, r eventlog.ReadRequest) (all []*eventlog.Record) {
	for r.To = math.MaxUint64; r.After < m.head(); {
		chunk, err := m.log.Read(m.ctx, r)
		if err != nil || chunk.ScannedTo <= r.After {
			rt.Fatalf("Read(%+v) = %+v, %v", r, chunk, err)
		}
		all = append(all, chunk.Records...)
		r.After = chunk.ScannedTo
	}
	return all
}

// follow reads what follows a verdict: everything that is there of what f selects behind an offset, once, in order.
func (m *model) follow(rt *rapid.T, f *eventlog.Filter, v eventlog.Verdict, had uint64) {
	var got, want []uint64
	request := eventlog.ReadRequest{After: v.After, Told: v.Told, Filter: f}
	request.MaxBytes = rapid.SampledFrom([]int{0, 0, 20}).Draw(rt, "max bytes")
	request.MaxScan = rapid.SampledFrom([]int{0, 0, 7}).Draw(rt, "max scan")
	for _, r := range m.read(rt, request) {
		got = append(got, r.Position.Offset)
	}
	for _, u := range m.updates[had:] {
		if u.fate != gone && f.Match(&u.Update) {
			want = append(want, u.Position.Offset)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("%+v of %v, who has had %d, follow (-want +got):\n%s", v, f.Matchers, had, diff)
	}
}

func (m *model) verdict(rt *rapid.T, cursor string, f *eventlog.Filter) eventlog.Verdict {
	v, err := m.log.Verdict(m.ctx, eventlog.ParseCursor(cursor), f)
	if err != nil {
		rt.Fatal(err)
	}
	what := v.Kind.String()
	if v.Kind == eventlog.Gap {
		what += " " + v.Why.String()
	}
	m.seen[what]++
	return v
}

// resume comes back with a cursor of an offset.
func (m *model) resume(rt *rapid.T, f *eventlog.Filter, offset uint64) {
	at := m.log.Lineage().At(0)
	if offset > 0 {
		at = m.updates[offset-1].Position
	}
	m.judge(rt, f, at.String(), offset)
	// A stream that is there is not carried past a loss in silence.
	_, err := m.log.Read(m.ctx, eventlog.ReadRequest{After: offset, To: math.MaxUint64, Filter: f})
	missing := m.missing(f, offset)
	if _, trimmed := errors.AsType[*eventlog.TrimmedError](err); !trimmed && (err != nil || missing.dropped > 0) || trimmed && missing.anyDropped == 0 {
		rt.Fatalf("reading on behind %d: %v, of which is missing %+v", offset, err, missing)
	}
}

// judge comes back with a cursor whose place is known.
func (m *model) judge(rt *rapid.T, f *eventlog.Filter, cursor string, had uint64) {
	v := m.verdict(rt, cursor, f)
	missing := m.missing(f, had)
	wrong := false
	switch v.Kind {
	case eventlog.Resumed:
		wrong = v.After != had || missing.dropped+missing.replaced > 0
	case eventlog.Compacted:
		wrong = v.After != had || missing.dropped > 0 || missing.anyReplaced == 0
	case eventlog.Gap:
		wrong = v.After < had || v.Why != eventlog.GapRetention || missing.anyDropped == 0
	default:
		wrong = true
	}
	if wrong {
		rt.Fatalf("cursor %q at %d, of %v: %+v, and of what follows is missing %+v", cursor, had, f.Matchers, v, missing)
	}
	m.follow(rt, f, v, had)
}

// byID comes back with a publisher's id. It means the first update that bears it, unless that may have been another one.
func (m *model) byID(rt *rapid.T, f *eventlog.Filter, id string) {
	first, all := uint64(0), true
	for _, u := range m.updates {
		if u.ID == "" || !sameID(u.ID, id) {
			continue
		}
		all = all && u.fate != gone
		if first == 0 && u.fate != gone {
			first = u.Position.Offset
		}
	}
	offset, found, err := m.log.Find(m.ctx, id)
	switch {
	case err != nil:
		rt.Fatal(err)
	case found && (offset != first || !m.updates[offset-1].first):
		rt.Fatalf("Find(%q) = %d, and the first that is there is at %d", id, offset, first)
	case !found && all && first > 0:
		rt.Fatalf("Find(%q) finds nothing, and it is at %d", id, first)
	case found:
		m.seen["id found"]++
		m.judge(rt, f, id, offset)
	default:
		m.gap(rt, f, id, eventlog.GapUnknownID, 0)
	}
}

// gap comes back with a cursor that cannot be honoured, of a reader that has had no more than up to an offset.
func (m *model) gap(rt *rapid.T, f *eventlog.Filter, cursor string, why eventlog.GapReason, had uint64) {
	v := m.verdict(rt, cursor, f)
	if v.Kind != eventlog.Gap || v.Why != why {
		rt.Fatalf("cursor %q: %+v, want a gap: %v", cursor, v, why)
	}
	m.follow(rt, f, v, min(had, v.After))
}
