package disk_test

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

func (m *model) restart(rt *rapid.T) {
	m.close(rt)
	m.inspect(rt)
	m.open(rt)
}

// inspect reads everything that is in the closed log, and checks that its indexes lead to it.
func (m *model) inspect(rt *rapid.T) (eventlog.Lineage, []*eventlog.Record) {
	x, err := disk.Inspect(m.dir, m.options())
	if err != nil {
		rt.Fatal(err)
	}
	defer x.Close()
	info, _ := x.Info() // the files of a file system in memory have no size
	var records []*eventlog.Record
	err = errors.Join(x.Check(m.ctx, nil), x.Each(m.ctx, 0, func(r *eventlog.Record) error {
		records = append(records, r)
		return nil
	}))
	if err != nil || info.Head != m.head() {
		rt.Fatalf("the head is %d, want %d; %v", info.Head, m.head(), err)
	}
	return info.Lineage, records
}

func (m *model) backUp(rt *rapid.T) {
	m.dirs++
	m.copyDir, m.copied = fmt.Sprint("copy", m.dirs), m.history
	m.copied.updates = slices.Clone(m.updates)
	if err := m.log.Backup(m.copyDir); err != nil {
		rt.Fatal(err)
	}
}

// goBack goes on with the backup, or with a log that is restored from it, as if nothing had happened since.
func (m *model) goBack(rt *rapid.T) {
	if m.copyDir == "" {
		m.backUp(rt)
	}
	m.close(rt)
	for i := range m.lost {
		m.lost[i].had = min(m.lost[i].had, m.copied.head())
	}
	for _, u := range m.updates[m.copied.head():] {
		m.lost = append(m.lost, lostCursor{u.Position, m.copied.head()})
	}
	m.history, m.dir, m.copyDir = m.copied, m.copyDir, ""
	if rapid.Bool().Draw(rt, "restore") {
		m.restore(rt)
	} else {
		m.seen["gone back to a copy"]++
	}
	m.open(rt)
}

// restore makes a log of what the one in dir holds.
func (m *model) restore(rt *rapid.T) {
	lineage, records := m.inspect(rt)
	m.dirs++
	m.dir = fmt.Sprint("restored", m.dirs)
	n, err := disk.Restore(m.dir, m.options(), disk.History{Lineage: lineage, Head: m.head()}, sequence(records))
	if err != nil || n != len(records) {
		rt.Fatalf("%d of %d records, %v", n, len(records), err)
	}
	m.restored()
	m.seen["restored"]++
}

// powerCut takes the log out of the middle of its life, with a part of what was not written through.
func (m *model) powerCut(rt *rapid.T) {
	seed, percent := drawCut(rt)
	m.reopen(rt, powerLoss(m.mem, seed, percent), nil)
}

func drawCut(rt *rapid.T) (seed uint64, percent int) {
	return rapid.Uint64().Draw(rt, "seed"), rapid.SampledFrom([]int{0, 0, 50, 100, 100}).Draw(rt, "percent")
}

// reopen opens what a power cut has left, in which a batch that was begun may be.
func (m *model) reopen(rt *rapid.T, mem *vfs.MemFS, begun []told) {
	m.close(rt)
	m.mem = mem
	for _, offset := range m.unsynced { // it may be back
		m.updates[offset-1].fate = mayGo
	}
	m.open(rt)
	if m.log.Head() > m.head() {
		for _, u := range begun {
			m.add(u.Record)
			m.updates[len(m.updates)-1].first = u.first // what the log has let go before is gone
		}
		m.seen["batch kept"]++
	} else if begun != nil {
		m.seen["batch lost"]++
	}
}

// powerCutInAppend is a power cut before a batch is written through: it is there as a whole, or not at all.
func (m *model) powerCutInAppend(rt *rapid.T) {
	before, unsynced := m.history, m.unsynced
	before.updates = slices.Clone(m.updates)
	seed, percent := drawCut(rt)
	var mem *vfs.MemFS
	m.appendBatch(rt, func() { mem = powerLoss(m.mem, seed, percent) })
	begun := m.updates[before.head():]
	m.history, m.unsynced = before, unsynced
	m.reopen(rt, mem, begun)
}
