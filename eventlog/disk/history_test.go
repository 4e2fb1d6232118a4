package disk_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/bubbletest"
)

// TestHistories lives through random histories of a log (updates, the passing of time, purges, backups that are gone
// back to, restarts, power cuts) and asks after every step what it holds, and what it says to cursors of all kinds.
func TestHistories(t *testing.T) {
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == "100" { // nobody has asked for so many
		defer checks.Value.Set("100")
		if err := checks.Value.Set("20"); err != nil {
			t.Fatal(err)
		}
	}
	seen, histories := map[string]int{}, 0
	rapid.Check(t, func(rt *rapid.T) {
		histories++
		bubbletest.Run(t, rt, func(t *testing.T) {
			m := &model{ctx: t.Context(), mem: vfs.NewCrashableMem(), dir: "log", seen: seen}
			m.open(rt)
			defer func() { m.close(rt) }()
			rt.Repeat(map[string]func(*rapid.T){
				"append": m.append, "append more": m.append, "append still more": m.append,
				"pass time":                m.pass,
				"flush":                    m.flush,
				"purge":                    m.purge,
				"back up":                  m.backUp,
				"go back":                  m.goBack,
				"restart":                  m.restart,
				"power cut":                m.powerCut,
				"power cut while it syncs": m.powerCutInAppend,
				"":                         m.check,
			})
			for range 10 {
				m.check(rt)
			}
			m.restart(rt)
		})
	})
	if histories < 20 || testing.Short() { // in which steps are fewer too
		return // so few may well not have everything
	}
	for _, what := range []string{
		"resumed", "compacted", "gap retention", "gap lineage", "gap unknown-id", "id found",
		"gone back to a copy", "restored", "batch lost", "batch kept",
	} {
		if seen[what] == 0 {
			t.Errorf("no history shows: %s", what)
		}
	}
}

// model is a log, and what it should be.
type model struct {
	history
	ctx  context.Context
	mem  *vfs.MemFS
	disk *onSyncFS
	dir  string
	log  *disk.Log
	seen map[string]int

	copyDir string // of the backup, if there is one
	copied  history
	lost    []lostCursor
	dirs    int

	unsynced []uint64 // what went since something was written through
}

// lostCursor is one of a history that was given up for a backup.
type lostCursor struct {
	eventlog.Position
	had uint64 // up to where that history was this one
}

func (m *model) open(rt *rapid.T) {
	m.disk = &onSyncFS{FS: m.mem}
	l, err := disk.Open(m.dir, m.options())
	if err != nil {
		rt.Fatal(err)
	}
	m.log, m.unsynced = l, nil
}

func (m *model) options() disk.Options { return disk.On(m.disk, keepingOptions()) }

func (m *model) close(rt *rapid.T) {
	if err := m.log.Close(); err != nil {
		rt.Fatal(err)
	}
}

func (m *model) draw(rt *rapid.T) []eventlog.Entry {
	var topics []string
	for _, k := range keepings {
		topics = append(topics, k.topics...)
	}
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) eventlog.Entry {
		return eventlog.Entry{
			Update: eventlog.Update{
				Topics:  rapid.SliceOfN(rapid.SampledFrom(topics), 1, 3).Draw(rt, "topics"),
				ID:      rapid.SampledFrom([]string{"", "", "x", "y", " x", "z"}).Draw(rt, "id"),
				Private: rapid.IntRange(0, 3).Draw(rt, "private") == 0,
				Data:    fmt.Sprint(rapid.IntRange(0, 9).Draw(rt, "data")),
			},
			Presence: rapid.IntRange(0, 7).Draw(rt, "presence") == 0,
		}
	}), 1, 8).Draw(rt, "batch")
}

// append appends a batch, of which nothing is to be seen before it is written through.
func (m *model) append(rt *rapid.T) { m.appendBatch(rt, func() {}) }

func (m *model) appendBatch(rt *rapid.T, atSync func()) {
	synced, early := false, eventlog.Chunk{}
	var err error
	onSync := func() {
		if synced {
			return
		}
		atSync()
		synced = true
		synctest.Wait() // until nothing but this is waited for
		early, err = m.log.Read(m.ctx, eventlog.ReadRequest{After: m.head(), To: math.MaxUint64, Filter: everything})
		early.ScannedTo = max(early.ScannedTo, m.log.Head())
	}
	batch := m.draw(rt)
	synctest.Wait() // for what it does behind a flush
	m.disk.call.Store(&onSync)
	appended, failure := m.log.Append(m.ctx, batch)
	m.disk.call.Store(nil)
	switch {
	case err != nil || failure != nil:
		rt.Fatal(err, failure)
	case !synced:
		rt.Fatal("a batch was acknowledged that was not written through")
	case early.ScannedTo > m.head() || len(early.Records) > 0:
		rt.Fatalf("what lies behind %d was seen before it was written through: %+v", m.head(), early)
	}
	for i, a := range appended {
		if a.Record == nil || a.Record.Position != m.log.Lineage().At(m.head()+1) || a.Record.Data != batch[i].Data {
			rt.Fatalf("%+v of %+v, behind %d", a, batch[i], m.head())
		}
		m.add(a.Record)
	}
	m.unsynced = m.trim(time.Now())
}

func (m *model) pass(rt *rapid.T) {
	seconds := rapid.SampledFrom([]int{1, 3, 20, 60, 5 * 60, 8 * 60, 30 * 60}).Draw(rt, "seconds")
	time.Sleep(time.Duration(seconds) * time.Second)
	if !rapid.Bool().Draw(rt, "and trim") {
		return
	}
	if err := m.log.Trim(m.ctx, time.Now()); err != nil {
		rt.Fatal(err)
	}
	m.unsynced = append(m.unsynced, m.trim(time.Now())...)
}

func (m *model) flush(rt *rapid.T) {
	if err := m.log.Flush(); err != nil {
		rt.Fatal(err)
	}
}

func (m *model) purge(rt *rapid.T) {
	text := rapid.StringMatching("[0-9]").Draw(rt, "purge")
	purged := 0
	for i := range m.updates {
		if u := &m.updates[i]; u.Data == text && u.fate != gone {
			u.fate, u.replaced = gone, false
			m.forgetful = true
			purged++
		}
	}
	if n, err := m.log.Purge(m.ctx, func(r *eventlog.Record) bool { return r.Data == text }); err != nil || n != purged {
		rt.Fatalf("purged %d of %d, %v", n, purged, err)
	}
	if purged > 0 {
		m.unsynced = nil
	}
}
