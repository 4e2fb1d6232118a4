package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A manifest or a write-ahead log that was cut short looks to pebble like one that a power cut has torn: it opens
// what is left. So the log notes in a file of its own up to which offset it is sure to be on the disk, whenever a
// table has been written and when it is closed, and refuses to open if it finds less than that.
const watermarkName = "tidings.head"

func (o *Options) writeWatermark(dir string, head uint64) error {
	name, next := o.fs.PathJoin(dir, watermarkName), o.fs.PathJoin(dir, watermarkName+".new")
	file, err := o.fs.Create(next, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, head)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return o.fs.Rename(next, name)
}

// checkWatermark refuses a head that is lower than it was.
func (o *Options) checkWatermark(dir string, head uint64) error {
	name := o.fs.PathJoin(dir, watermarkName)
	file, err := o.fs.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a new log, a backup, or one whose operator lives with the loss
	}
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 32))
	if err != nil {
		return err
	}
	was, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", name, err)
	}
	if head < was {
		return fmt.Errorf("%s says that the log reached offset %d, but it ends at %d: a MANIFEST or .log file in %s has been cut "+
			"short or is damaged (to go on without what is lost, remove %s)", name, was, head, dir, name)
	}
	return nil
}

// noteHead writes the head through, and the watermark after it.
func (l *Log) noteHead(e *engine) {
	head := l.state.Load().written()
	err := e.do(func() error { return e.db.LogData(nil, pebble.Sync) })
	if err == nil {
		err = l.options.writeWatermark(l.dir, head)
	}
	if err != nil {
		l.options.Logger.Error("cannot note how far the log is on the disk", "error", err)
	}
}
