package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
)

// Sync says when a batch is written through to the disk.
type Sync uint8

// The sync policies.
const (
	// SyncAlways writes every batch through before its publishers are answered: nothing that was answered is
	// lost, neither by a crash of the process nor by a power cut.
	SyncAlways Sync = iota
	// SyncInterval writes through every Options.SyncInterval. A power cut loses what was answered within the last
	// interval and the time that a write takes. So does, at most, a crash of the process: it loses what it had not
	// handed to the system, which is up to 32 KiB of the newest updates.
	SyncInterval
	// SyncNever leaves it to the system. A power cut loses whatever the system had not written, which may be half a
	// minute's updates or more. A crash of the process loses up to 32 KiB of the newest updates, however old they
	// are. Closing the log loses nothing.
	SyncNever
)

// String returns the name of s as flags spell it.
func (s Sync) String() string {
	switch s {
	case SyncAlways:
		return "always"
	case SyncInterval:
		return "interval"
	case SyncNever:
		return "never"
	}
	return "unknown"
}

// ParseSync reads what [Sync.String] writes.
func ParseSync(s string) (Sync, error) {
	for _, policy := range []Sync{SyncAlways, SyncInterval, SyncNever} {
		if policy.String() == s {
			return policy, nil
		}
	}
	return 0, fmt.Errorf(`disk: sync policy %q is none of "always", "interval", "never"`, s)
}

// Options configure a log. The zero value of each field stands for its default.
type Options struct {
	// Sync says when a batch is written through; default SyncAlways.
	Sync Sync
	// SyncInterval is how often SyncInterval does; default 100 ms.
	SyncInterval time.Duration
	// Retention is for updates of which no topic has a rule of its own; default [DefaultRetention].
	Retention eventlog.Retention
	// Rules are for updates of certain topics. The first rule that selects a topic is that topic's rule; an
	// update belongs to the longest-keeping rule of any of its topics, where one that keeps only the newest counts
	// as the shortest. Rules may change from one opening to the next: what is in the log stays where it is, and
	// what is kept for rules that are gone is kept as Retention says. Until that is over, more cursors than need be
	// are answered with a gap.
	Rules []Rule
	// Reserve is how many bytes must be free in the file system for publishing to go on; default 256 MiB,
	// negative for none.
	Reserve int64
	// CacheBytes bounds the block cache; default 32 MiB.
	CacheBytes int64
	// OpenFiles bounds how many descriptors the log holds at rest; default 74, which is also the least. A log with
	// more tables than that closes some to open others. While readers go from table to table, up to a hundred more
	// wait to be closed, beside the few that are being read: with the default 190 are enough for a log that four
	// goroutines read.
	OpenFiles int
	// Logger, if set, is told of what pebble has to say that an operator may want to know.
	Logger *slog.Logger

	fs         vfs.FS // tests bring file systems that fail
	readOnly   bool
	tableBytes int64 // how large a table gets; pebble's default if 0
}

// DefaultRetention is what a log keeps unless told otherwise: a day, and no more than 1 GiB.
func DefaultRetention() eventlog.Retention {
	return eventlog.Retention{MaxAge: 24 * time.Hour, MaxBytes: 1 << 30}
}

// leastOpenFiles is what pebble takes in any case: 64 tables, and ten files for itself.
const leastOpenFiles = 74

// WithDefaults returns o with zero fields replaced by their defaults.
func (o Options) WithDefaults() Options {
	if o.SyncInterval == 0 {
		o.SyncInterval = 100 * time.Millisecond
	}
	if o.Retention == (eventlog.Retention{}) {
		o.Retention = DefaultRetention()
	}
	if o.Reserve == 0 {
		o.Reserve = 256 << 20
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = 32 << 20
	}
	if o.OpenFiles == 0 {
		o.OpenFiles = leastOpenFiles
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.fs == nil {
		o.fs = vfs.Default
	}
	return o
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	o = o.WithDefaults()
	var errs []error
	if o.Sync > SyncNever {
		errs = append(errs, fmt.Errorf("disk: Options.Sync is %d, which is no policy", o.Sync))
	}
	if o.SyncInterval < time.Millisecond {
		errs = append(errs, fmt.Errorf("disk: Options.SyncInterval is %v, less than a millisecond", o.SyncInterval))
	}
	if o.CacheBytes < 1<<20 {
		errs = append(errs, fmt.Errorf("disk: Options.CacheBytes is %d, less than 1 MiB", o.CacheBytes))
	}
	if o.OpenFiles < leastOpenFiles {
		errs = append(errs, fmt.Errorf("disk: Options.OpenFiles is %d, less than %d", o.OpenFiles, leastOpenFiles))
	}
	return errors.Join(append(errs, validateRules(o.Rules, o.Retention))...)
}
