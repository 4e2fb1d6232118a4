package disk

import (
	"context"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// On returns o for a log on the file system fs.
func On(fs vfs.FS, o Options) Options {
	o.fs = fs
	o.Reserve = -1
	return o
}

// SmallTables returns o for a log with many tables.
func SmallTables(o Options) Options {
	o.tableBytes = 8 << 10
	return o
}

// Flush writes what is in memory to a table, as happens by itself when there is enough of it.
func (l *Log) Flush() error {
	e := l.engine.Load()
	return e.do(e.db.Flush)
}

// TableSize returns how much there is in tables that are in use or wait to be deleted.
func (l *Log) TableSize() uint64 {
	m := l.engine.Load().db.Metrics()
	return uint64(m.Total().TablesSize) + m.Table.ObsoleteSize + m.Table.ZombieSize
}

// Tables returns how many tables are in use.
func (l *Log) Tables() int64 { return l.engine.Load().db.Metrics().Total().TablesCount }

// Settle brings everything to the lowest level, as happens by itself in a log that has been used for a while.
func (l *Log) Settle() error {
	e := l.engine.Load()
	return e.do(func() error {
		return errors.Join(e.db.Flush(), e.db.Compact(context.Background(), nil, []byte{0xff}, false))
	})
}

// Idle reports whether pebble knows everything about its tables, and has nothing to do.
func (l *Log) Idle() bool {
	m := l.engine.Load().db.Metrics()
	return m.Table.InitialStatsCollectionComplete && m.Table.PendingStatsCollectionCount == 0 &&
		m.Compact.NumInProgress == 0 && m.Flush.NumInProgress == 0
}

// HoldDropped hides what was dropped from the goroutine that gives its space back, until resume is called.
func (l *Log) HoldDropped() (resume func()) {
	l.writing.Lock()
	defer l.writing.Unlock()
	held := l.dropped
	l.dropped = nil
	return func() {
		l.writing.Lock()
		defer l.writing.Unlock()
		l.dropped = append(l.dropped, held...)
		select {
		case l.flushed <- struct{}{}:
		default:
		}
	}
}

// ForgetFreeSpace makes the next Append look at the free space.
func (l *Log) ForgetFreeSpace() {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.space.checked = time.Time{}
}

// SetFormat makes the log one of another format.
func (l *Log) SetFormat(version int) error {
	batch := l.engine.Load().db.NewBatch()
	if err := setJSON(batch, keyVersion, versionInfo{Format: version}); err != nil {
		return err
	}
	return l.engine.Load().commit(batch, pebble.Sync)
}

// SetRuleTexts makes the log one that has had a rule with matchers of these texts.
func (l *Log) SetRuleTexts(texts ...string) error {
	batch := l.engine.Load().db.NewBatch()
	if err := setJSON(batch, classKey(nil, 7), classInfo{Topics: texts}); err != nil {
		return err
	}
	return batch.Commit(pebble.Sync)
}
