package disk

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Backup copies the log as it is now to dir, which must not be there, while the log is in use. Files that do not
// change any more are linked where the file system can. The copy is a log: opening it begins an epoch of its own.
func (l *Log) Backup(dir string) error {
	l.using.RLock()
	defer l.using.RUnlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	e := l.engine.Load()
	_, err := read(e, func() (struct{}, error) {
		return struct{}{}, e.db.Checkpoint(dir, pebble.WithFlushedWAL())
	})
	if err != nil {
		return fmt.Errorf("disk: cannot back up to %s: %w", dir, err)
	}
	return nil
}
