package disk

import (
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
)

// space watches the free space of the file system, so that publishing stops before a write fails: pebble does
// not survive that.
type space struct {
	fs      vfs.FS
	dir     string
	reserve int64

	checked time.Time
	free    uint64
}

// spaceInterval is how long a look at the free space is good for.
const spaceInterval = time.Second

// check returns an error that wraps [eventlog.ErrNoSpace] when there is less left than the reserve.
func (s *space) check(now time.Time) error {
	if s.reserve <= 0 {
		return nil
	}
	if now.Sub(s.checked) >= spaceInterval {
		usage, err := s.fs.GetDiskUsage(s.dir)
		if errors.Is(err, vfs.ErrUnsupported) {
			s.reserve = 0
			return nil
		}
		if err != nil {
			return fmt.Errorf("disk: cannot learn the free space: %w", err)
		}
		s.checked, s.free = now, usage.AvailBytes
	}
	if s.free < uint64(s.reserve) {
		return fmt.Errorf("disk: %w: %d bytes are free, less than the reserve of %d", eventlog.ErrNoSpace, s.free, s.reserve)
	}
	return nil
}
