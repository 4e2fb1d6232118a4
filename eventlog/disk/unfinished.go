package disk

import (
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// unfinishedName is the file that marks a directory in which only a part of a log is: the first one that [Restore]
// makes there, and the last one that it removes.
const unfinishedName = "tidings.unfinished"

// ErrUnfinished says that a log cannot be opened because the [Restore] that was to make it was interrupted.
var ErrUnfinished = errors.New("its restore was interrupted, and a part of it may be missing: empty the directory and restore it again")

// markUnfinished makes the mark, which is there after a power cut if anything is that follows.
func (o *Options) markUnfinished(dir string) error {
	file, err := o.fs.Create(o.fs.PathJoin(dir, unfinishedName), vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close(), o.syncDir(dir))
}

// unmarkUnfinished removes the mark after everything else has reached the disk.
func (o *Options) unmarkUnfinished(dir string) error {
	err := o.syncDir(dir)
	if err == nil {
		err = o.fs.Remove(o.fs.PathJoin(dir, unfinishedName))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return o.syncDir(dir)
}

// checkFinished refuses a directory that has the mark.
func (o *Options) checkFinished(dir string) error {
	_, err := o.fs.Stat(o.fs.PathJoin(dir, unfinishedName))
	switch {
	case err == nil:
		return ErrUnfinished
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// makeDir makes dir and what is missing above it, and has the disk know of them: what is written through to a file is
// lost in a power cut if a directory above it is.
func (o *Options) makeDir(dir string) error {
	var above []string // directories that get a new entry
	for at := o.fs.PathJoin(dir); ; at = above[len(above)-1] {
		_, err := o.fs.Stat(at)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil || o.fs.PathDir(at) == at {
			break
		}
		above = append(above, o.fs.PathDir(at))
	}
	err := o.fs.MkdirAll(dir, 0o750)
	for _, parent := range above {
		err = errors.Join(err, o.syncDir(parent))
	}
	return err
}

func (o *Options) syncDir(dir string) error {
	file, err := o.fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
