package disk_test

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

// rulesModel is a log under changing rules, together with all that was ever appended to it.
type rulesModel struct {
	fs      *vfs.MemFS
	log     *disk.Log
	options disk.Options
	records []*modelRecord
}

type modelRecord struct {
	*eventlog.Record
	// replaceable: every topic of it had a rule that keeps only the newest.
	replaceable bool
}

var modelTopics = []string{"a", "b", "n1", "n2", "short", "p/1", "p/2", "https://example.com/p/1", "https://example.com/n/1"}

// ruleSets are chosen from anew whenever the log is opened.
var ruleSets = [][]disk.Rule{
	nil,
	{rule("short", eventlog.Retention{MaxRecords: 3}), newestOf("n1", "n2")},
	{newestOf("n1"), newestOf("n2"), rule("b", eventlog.Retention{MaxAge: 10 * time.Hour})},
	{rule("short", eventlog.Retention{MaxAge: time.Minute}), rule("b", eventlog.Retention{MaxBytes: 2000}), newestOf("n2")},
	{newestOf("n2"), rule("short", eventlog.Retention{MaxAge: time.Minute}), rule("b", eventlog.Retention{MaxBytes: 2000})},
	{
		{Topics: matchers("template:p/{id}", "exact:n1"), NewestOnly: true},
		{Topics: matchers("urlpattern:https://example.com/:kind/1"), Keep: eventlog.Retention{MaxAge: time.Minute}},
		rule("short", eventlog.Retention{MaxRecords: 3}),
	},
	{
		{Topics: matchers("urlpattern:https://example.com/n/*"), NewestOnly: true},
		{Topics: matchers("urlpattern:https://example.com/*", "template:{kind}/1"), Keep: eventlog.Retention{MaxAge: 10 * time.Hour}},
		{Topics: matchers("template:n{number}"), NewestOnly: true},
	},
}

// matchers returns those that the texts of a log's rules stand for.
func matchers(texts ...string) topic.Matchers {
	c, err := topic.NewCompiler(nil)
	if err != nil {
		panic(err)
	}
	var ms topic.Matchers
	for _, text := range texts {
		m, err := c.Parse(text)
		if err != nil {
			panic(err)
		}
		ms = append(ms, m)
	}
	return ms
}

func rule(t string, keep eventlog.Retention) disk.Rule {
	return disk.Rule{Topics: topic.Matchers{topic.Exact(t)}, Keep: keep}
}

func newestOf(topics ...string) disk.Rule {
	return disk.Rule{Topics: exact(topics...).Matchers, NewestOnly: true}
}

func newestOnly(rules []disk.Rule, t string) bool {
	for _, r := range rules {
		if r.Topics.Match(t) {
			return r.NewestOnly
		}
	}
	return false
}

// TestRules plays random updates, trims, restarts and changes of the rules against a model, and looks at what the
// log says to cursors at every offset.
func TestRules(t *testing.T) {
	compacted, gaps, resumed := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		m := &rulesModel{fs: vfs.NewMem()}
		m.open(rt)
		defer func() { m.close(rt) }()
		rt.Repeat(map[string]func(*rapid.T){
			"append":      m.append,
			"append more": m.append,
			"trim":        m.trim,
			"flush":       m.flush,
			"restart": func(rt *rapid.T) {
				m.close(rt)
				m.open(rt)
			},
		})
		for _, kind := range m.resume(rt) {
			switch kind {
			case eventlog.Compacted:
				compacted++
			case eventlog.Gap:
				gaps++
			case eventlog.Resumed:
				resumed++
			}
		}
	})
	if compacted == 0 || gaps == 0 || resumed == 0 {
		t.Errorf("%d resumed, %d gaps, %d compacted: the runs show nothing", resumed, gaps, compacted)
	}
}

func (m *rulesModel) open(rt *rapid.T) {
	m.options = disk.On(m.fs, disk.Options{
		Retention: eventlog.Retention{MaxAge: time.Hour, MaxRecords: rapid.SampledFrom([]int{0, 20}).Draw(rt, "max records")},
		Rules:     rapid.SampledFrom(ruleSets).Draw(rt, "rules"),
	})
	var err error
	if m.log, err = disk.Open("log", m.options); err != nil {
		rt.Fatal(err)
	}
}

func (m *rulesModel) close(rt *rapid.T) {
	if err := m.log.Close(); err != nil {
		rt.Fatal(err)
	}
}

func (m *rulesModel) append(rt *rapid.T) {
	entries := make([]eventlog.Entry, rapid.IntRange(1, 6).Draw(rt, "batch"))
	for i := range entries {
		entries[i].Update = eventlog.Update{
			Topics: rapid.SliceOfNDistinct(rapid.SampledFrom(modelTopics), 1, 3, rapid.ID).Draw(rt, "topics"),
			ID:     rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(rt, "id"),
			Data:   fmt.Sprint(len(m.records) + i),
		}
	}
	appended, err := m.log.Append(rt.Context(), entries)
	if err != nil {
		rt.Fatal(err)
	}
	for _, a := range appended {
		replaceable := !slices.ContainsFunc(a.Record.Topics, func(t string) bool { return !newestOnly(m.options.Rules, t) })
		m.records = append(m.records, &modelRecord{a.Record, replaceable})
	}
}

func (m *rulesModel) trim(rt *rapid.T) {
	later := rapid.SampledFrom([]time.Duration{0, 2 * time.Minute, 2 * time.Hour, 20 * time.Hour}).Draw(rt, "later")
	if err := m.log.Trim(rt.Context(), time.Now().Add(later)); err != nil {
		rt.Fatal(err)
	}
}

func (m *rulesModel) flush(rt *rapid.T) {
	if err := m.log.Flush(); err != nil {
		rt.Fatal(err)
	}
}

func (m *rulesModel) read(rt *rapid.T, f *eventlog.Filter, after, told uint64) ([]*eventlog.Record, error) {
	r := eventlog.ReadRequest{After: after, To: math.MaxUint64, Told: told, Filter: f, MaxBytes: math.MaxInt}
	chunk, err := m.log.Read(rt.Context(), r)
	return chunk.Records, err
}

// present returns what the log holds of what f selects.
func (m *rulesModel) present(rt *rapid.T, f *eventlog.Filter) map[uint64]bool {
	held, err := m.read(rt, f, 0, math.MaxUint64)
	if err != nil {
		rt.Fatal(err)
	}
	present := map[uint64]bool{}
	for _, r := range held {
		if want := m.records[r.Position.Offset-1]; want.Data != r.Data || want.Position != r.Position {
			rt.Fatalf("record %v %q was read as %v %q", want.Position, want.Data, r.Position, r.Data)
		}
		present[r.Position.Offset] = true
	}
	return present
}

// resume comes back with a cursor at every offset.
func (m *rulesModel) resume(rt *rapid.T) []eventlog.VerdictKind {
	f := everything
	if rapid.Bool().Draw(rt, "exact") {
		f = exact(rapid.SliceOfNDistinct(rapid.SampledFrom(modelTopics), 1, 3, rapid.ID).Draw(rt, "filter")...)
	} else if rapid.Bool().Draw(rt, "patterns") {
		f = &eventlog.Filter{Matchers: matchers("template:p/{x}", "urlpattern:https://example.com/:a/1"), Grant: topic.All()}
	}
	all, present := m.present(rt, everything), m.present(rt, f)
	var kinds []eventlog.VerdictKind
	for after := range uint64(len(m.records) + 1) {
		// Of what the reader misses, what was dropped, and what newer values have replaced.
		var dropped, replaced []*modelRecord
		for _, r := range m.records[after:] {
			switch {
			case present[r.Position.Offset] || !f.Match(&r.Update):
			case m.replaced(r, all):
				replaced = append(replaced, r)
			default:
				dropped = append(dropped, r)
			}
		}
		kinds = append(kinds, m.judge(rt, f, after, present, dropped, replaced))
	}
	m.latest(rt, f, present)
	m.newest(rt, f, present)
	return kinds
}

// replaced reports whether r is no longer there because each of its topics has a newer value.
func (m *rulesModel) replaced(r *modelRecord, all map[uint64]bool) bool {
	if !r.replaceable {
		return false
	}
	for _, t := range r.Topics {
		if !slices.ContainsFunc(m.records[r.Position.Offset:], func(newer *modelRecord) bool { return slices.Contains(newer.Topics, t) }) {
			return false
		}
	}
	return true
}

func (m *rulesModel) judge(rt *rapid.T, f *eventlog.Filter, after uint64, present map[uint64]bool, dropped, replaced []*modelRecord) eventlog.VerdictKind {
	v, err := m.log.Verdict(rt.Context(), eventlog.ParseCursor(m.log.Lineage().At(after).String()), f)
	if err != nil {
		rt.Fatal(err)
	}
	switch {
	case v.Kind == eventlog.Gap:
		if v.Why != eventlog.GapRetention && !(v.Why == eventlog.GapLineage && after == 0) { // a first term may be forgotten
			rt.Fatalf("cursor %d: %+v", after, v)
		}
		if v.Why == eventlog.GapRetention && v.After < after {
			rt.Fatalf("cursor %d: %+v, so that what it has had comes again", after, v)
		}
	case len(dropped) > 0:
		rt.Fatalf("cursor %d: %+v, though %v was dropped", after, v, dropped[0].Position)
	case v.After != after:
		rt.Fatalf("cursor %d: %+v", after, v)
	case len(replaced) > 0 && v.Kind != eventlog.Compacted:
		rt.Fatalf("cursor %d: %+v, though %v was replaced", after, v, replaced[0].Position)
	}
	// Whatever was said, all that is there follows.
	got, err := m.read(rt, f, v.After, v.Told)
	if err != nil {
		rt.Fatalf("cursor %d, %+v, read: %v", after, v, err)
	}
	want := 0
	for offset := range present {
		if offset > v.After {
			want++
		}
	}
	if len(got) != want {
		rt.Fatalf("cursor %d, %+v: %d records follow, want %d", after, v, len(got), want)
	}
	// A stream that is at this offset is not carried past a loss in silence.
	_, err = m.log.Read(rt.Context(), eventlog.ReadRequest{After: after, To: math.MaxUint64, Filter: f, MaxBytes: 1})
	if _, trimmed := errors.AsType[*eventlog.TrimmedError](err); !trimmed && (err != nil || len(dropped) > 0) {
		rt.Fatalf("reading on behind %d, with %d dropped: %v", after, len(dropped), err)
	}
	return v.Kind
}

func (m *rulesModel) latest(rt *rapid.T, f *eventlog.Filter, present map[uint64]bool) {
	newest := map[string]uint64{}
	for offset := range present {
		for _, t := range m.records[offset-1].Topics {
			if f.Matchers.Match(t) {
				newest[t] = max(newest[t], offset)
			}
		}
	}
	want := []uint64{}
	for _, offset := range newest {
		want = append(want, offset)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	got, err := m.log.Latest(rt.Context(), f, 100)
	if err != nil || !slices.Equal(got.Offsets, want) || got.More || got.Head != m.log.Head() {
		rt.Fatalf("Latest = %+v, %v; want %v", got, err, want)
	}
}

func (m *rulesModel) newest(rt *rapid.T, f *eventlog.Filter, present map[uint64]bool) {
	n := rapid.IntRange(1, 20).Draw(rt, "newest")
	after, err := m.log.Newest(rt.Context(), f, n)
	if err != nil {
		rt.Fatal(err)
	}
	behind := 0
	for offset := range present {
		if offset > after {
			behind++
		}
	}
	if behind != min(n, len(present)) {
		rt.Fatalf("%d records lie behind Newest(%d) = %d, of %d", behind, n, after, len(present))
	}
}

// TestRulesApart: what one rule drops is no matter to those who read what other rules keep.
func TestRulesApart(t *testing.T) {
	short := rule("short", eventlog.Retention{MaxAge: time.Minute})
	mixed := eventlog.Update{Topics: []string{"short", "long"}}
	byTemplate := disk.Rule{Topics: matchers("template:n{x}"), NewestOnly: true}
	byPattern := disk.Rule{Topics: matchers("urlpattern:https://example.com/short/:x"), Keep: eventlog.Retention{MaxAge: time.Minute}}
	type step func(t *testing.T, l *disk.Log)
	appends := func(updates ...eventlog.Update) step {
		return func(t *testing.T, l *disk.Log) { add(t, l, updates...) }
	}
	later := func(d time.Duration) step {
		return func(t *testing.T, l *disk.Log) {
			if err := l.Trim(t.Context(), time.Now().Add(d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, long, n := update("short", "1"), update("long", "2"), update("n", "3")
	u := update("https://example.com/short/1", "4")
	both := eventlog.Update{Topics: []string{"n", "long"}}
	tests := []struct {
		name   string
		rules  []disk.Rule
		steps  []step
		filter *eventlog.Filter
		want   eventlog.VerdictKind // of a cursor before everything
	}{
		{"the rule that drops", []disk.Rule{short}, []step{appends(s, long), later(2 * time.Minute)}, exact("short"), eventlog.Gap},
		{"another topic", []disk.Rule{short}, []step{appends(s, long), later(2 * time.Minute)}, exact("long"), eventlog.Resumed},
		{"everything", []disk.Rule{short}, []step{appends(s, long), later(2 * time.Minute)}, everything, eventlog.Gap},
		{"an update of two rules stays with the longer", []disk.Rule{short}, []step{appends(mixed), later(2 * time.Minute)}, exact("short"), eventlog.Resumed},
		{"until that is over", []disk.Rule{short}, []step{appends(mixed), later(48 * time.Hour)}, exact("short"), eventlog.Gap},
		{"a later update of one rule, dropped, does not count", []disk.Rule{short}, []step{appends(mixed), appends(s), later(2 * time.Minute)}, exact("long"), eventlog.Resumed},
		{"a value replaced", []disk.Rule{newestOf("n")}, []step{appends(n, n)}, exact("n"), eventlog.Compacted},
		{"a value replaced, read elsewhere", []disk.Rule{newestOf("n")}, []step{appends(n, long, n)}, exact("long"), eventlog.Resumed},
		{"one value", []disk.Rule{newestOf("n")}, []step{appends(n)}, exact("n"), eventlog.Resumed},
		{"a value that others read too is not replaced", []disk.Rule{newestOf("n")}, []step{appends(both, n, n)}, exact("long"), eventlog.Resumed},
		{"a value replaced, by a template", []disk.Rule{byTemplate}, []step{appends(n, n)}, exact("n"), eventlog.Compacted},
		{"values of different topics of a template", []disk.Rule{byTemplate}, []step{appends(n, update("n2", "3"))}, exact("n"), eventlog.Resumed},
		{"dropped by a pattern's rule", []disk.Rule{byPattern}, []step{appends(u, long), later(2 * time.Minute)}, exact(u.Topics[0]), eventlog.Gap},
		{"another topic than the pattern's", []disk.Rule{byPattern}, []step{appends(u, long), later(2 * time.Minute)}, exact("long"), eventlog.Resumed},
		{"a value lives on", []disk.Rule{newestOf("n")}, []step{appends(n), later(1000 * time.Hour)}, exact("n"), eventlog.Resumed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := open(t, "log", disk.On(vfs.NewMem(), disk.Options{Rules: tt.rules}))
			start := l.Lineage().At(0).String()
			for _, step := range tt.steps {
				step(t, l)
			}
			if v := verdict(t, l, start, tt.filter); v.Kind != tt.want {
				t.Errorf("%+v, want %v", v, tt.want)
			}
		})
	}
}

// TestChangedRules: rules may change as often as one likes, and classes that hold nothing are used again.
func TestChangedRules(t *testing.T) {
	fs := vfs.NewMem()
	for i := range 50 {
		name := fmt.Sprint("topic-", i)
		l := open(t, "log", disk.On(fs, disk.Options{Rules: []disk.Rule{rule(name, eventlog.Retention{MaxRecords: cmp.Or(i%3, 1)})}}))
		before := l.Head()
		add(t, l, update(name, "x"), update("other", "y"))
		if err := l.Trim(t.Context(), time.Now().Add(48*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if v := verdict(t, l, l.Lineage().At(before).String(), exact("other")); v.Kind != eventlog.Gap {
			t.Fatalf("after %d changes: %+v", i, v)
		}
		closeLog(t, l)
	}
}

// TestPatternRulesAreFoundAgain: a log knows its rules by their texts, and an update of before is still replaced.
func TestPatternRulesAreFoundAgain(t *testing.T) {
	fs := vfs.NewMem()
	rules := func() []disk.Rule {
		return []disk.Rule{
			{Topics: matchers("template:prices/{item}"), NewestOnly: true},
			{Topics: matchers("urlpattern:https://example.com/:a"), Keep: eventlog.Retention{MaxAge: time.Minute}},
		}
	}
	l := open(t, "log", disk.On(fs, disk.Options{Rules: rules()}))
	start := l.Lineage().At(0).String()
	add(t, l, update("prices/1", "old"), update("prices/2", "other"), update("long", "x"))
	closeLog(t, l)
	l = open(t, "log", disk.On(fs, disk.Options{Rules: rules()}))
	add(t, l, update("prices/1", "new"))
	if v := verdict(t, l, start, exact("prices/1")); v.Kind != eventlog.Compacted {
		t.Errorf("of the price: %+v", v)
	}
	if v := verdict(t, l, start, exact("long")); v.Kind != eventlog.Resumed { // a changed rule would concern it
		t.Errorf("of another topic: %+v", v)
	}
}

// TestNewestOfARuleThatWasGone: a value is not removed while it may be the newest of another of its topics.
func TestNewestOfARuleThatWasGone(t *testing.T) {
	fs := vfs.NewMem()
	both, one := []disk.Rule{newestOf("n1"), newestOf("n2")}, []disk.Rule{newestOf("n1")}
	add(t, open(t, "log", disk.On(fs, disk.Options{Rules: both})), eventlog.Update{Topics: []string{"n2", "n1"}, Data: "1"})
	closeLog(t, open(t, "log", disk.On(fs, disk.Options{Rules: one})))
	l := open(t, "log", disk.On(fs, disk.Options{Rules: both}))
	add(t, l, update("n1", "2"))
	if latest, err := l.Latest(t.Context(), exact("n2"), 1); err != nil || len(latest.Offsets) != 1 {
		t.Errorf("the newest value of n2: %+v, %v", latest, err)
	}
	isSound(t, fs, l)
}

func TestRulesNeedPatternsWithoutBase(t *testing.T) {
	m, err := topic.CompilePattern("/prices/:item", &url.URL{Scheme: "https", Host: "hub.example", Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	o := disk.On(vfs.NewMem(), disk.Options{Rules: []disk.Rule{{Topics: topic.Matchers{m}, NewestOnly: true}}})
	if l, err := disk.Open("log", o); err == nil || !strings.Contains(err.Error(), "base URL") {
		t.Errorf("Open = %v, %v", l, err)
	}
}

func TestRulesOfAnUnknownKind(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, "log", disk.On(fs, disk.Options{}))
	if err := l.SetRuleTexts("exact:a", "later:b"); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	if l, err := disk.Open("log", disk.On(fs, disk.Options{})); err == nil || !strings.Contains(err.Error(), `"later:b"`) {
		t.Errorf("Open = %v, %v; want an error that names the rule", l, err)
	}
}
