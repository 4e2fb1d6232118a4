package disk

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Backup copies the log as it is now to dir, which must not be there, while the log is in use. Files that do not
// change any more are linked where the file system can. The copy is a log: opening it begins an epoch of its own.
//
// A backup that is not complete is never at dir: it lies beside it, under a name that begins with a dot and ends in
// ".partial", until it is. The next backup to dir removes what an interrupted one has left there. Backups wait for one
// another.
func (l *Log) Backup(dir string) error {
	l.backup.Lock()
	defer l.backup.Unlock()
	l.using.RLock()
	defer l.using.RUnlock()
	if l.closed {
		return eventlog.ErrClosed
	}
	e := l.engine.Load()
	_, err := read(e, func() (struct{}, error) { return struct{}{}, e.backup(l.options, dir) })
	if err != nil {
		return fmt.Errorf("disk: cannot back up to %s: %w", dir, err)
	}
	return nil
}

// backup makes the copy, and gives it its name when all of it has reached the disk.
func (e *engine) backup(o Options, dir string) error {
	dir = o.fs.PathJoin(dir)
	switch _, err := o.fs.Stat(dir); {
	case err == nil:
		return &fs.PathError{Op: "backup", Path: dir, Err: fs.ErrExist}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := o.fs.PathDir(dir)
	partial := o.fs.PathJoin(parent, "."+o.fs.PathBase(dir)+".partial")
	if err := o.fs.RemoveAll(partial); err != nil {
		return err
	}
	if err := e.db.Checkpoint(partial, pebble.WithFlushedWAL()); err != nil {
		return err
	}
	if err := e.failure(); err != nil {
		return err // then a part of it may never have been written
	}
	return errors.Join(o.fs.Rename(partial, dir), o.syncDir(parent))
}
