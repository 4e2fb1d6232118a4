package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrClosed is returned by every method of a closed log.
var ErrClosed = errors.New("eventlog: closed")

// ErrUnavailable is wrapped by what a log returns that has failed and is being opened anew. Nothing was appended.
var ErrUnavailable = errors.New("log unavailable")

// ErrNoSpace is wrapped by what Append returns when the disk is too full. Nothing was appended.
var ErrNoSpace = errors.New("no space left for the log")

// ErrOutcomeUnknown is wrapped by what Append returns when the batch may be in the log or not.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// TrimmedError is returned by [Log.Read] where records behind the asked position have been dropped.
type TrimmedError struct {
	// Floor is the lowest offset from which on the log is complete.
	Floor uint64
}

func (e *TrimmedError) Error() string {
	return fmt.Sprintf("eventlog: records before offset %d have been dropped", e.Floor)
}

// Log is an ordered, durable sequence of updates.
//
// Append is called by one committer at a time. All other methods may be called from anywhere, at any time, also
// during an Append. Methods may block on files; none blocks on subscribers.
type Log interface {
	// Append gives each update of batch the next offset, makes the whole batch durable, then moves the head,
	// and returns what became of each entry, in the order of batch. On an error nothing of the batch is in the
	// log, unless the error wraps [ErrOutcomeUnknown]. The log keeps the updates' strings and slices.
	Append(ctx context.Context, batch []Entry) ([]Appended, error)

	// Read returns records behind r.After up to r.To that r.Filter selects, oldest first, and how far it has
	// looked. It returns a [*TrimmedError] if a record behind both r.After and r.Told has been dropped.
	Read(ctx context.Context, r ReadRequest) (Chunk, error)

	// Find returns the offset of the earliest record that bears the publisher's id. It reports false for an id
	// that the log does not know, and for one whose earliest use is known to have been dropped.
	Find(ctx context.Context, id string) (offset uint64, found bool, err error)

	// Newest returns the offset behind which the newest n records that filter selects lie, or the place before
	// the oldest record if there are fewer.
	Newest(ctx context.Context, filter *Filter, n int) (after uint64, err error)

	// Latest returns where, for each topic that filter matches, the newest record lies that filter selects. Of
	// more than limit topics it returns those with the newest records.
	Latest(ctx context.Context, filter *Filter, limit int) (Latest, error)

	// Verdict judges a subscriber's cursor. It may say Gap where nothing of what filter selects was lost;
	// it never says Resumed where something was.
	Verdict(ctx context.Context, c Cursor, filter *Filter) (Verdict, error)

	// Head returns the highest durable offset, 0 in a log that never had a record.
	Head() uint64

	// Floor returns the lowest offset from which on the log is complete: 1 if nothing was ever dropped, and
	// Head()+1 if nothing is left.
	Floor() uint64

	// Trim drops what the retention rules do not keep at the time now.
	Trim(ctx context.Context, now time.Time) error

	// Lineage returns the terms that the log consists of.
	Lineage() Lineage

	// Marks returns the marks that are set, in the order of their keys.
	Marks(ctx context.Context) ([]Mark, error)

	// Close ends the log. It waits for calls that are under way and may be called twice.
	Close() error
}

// ReadRequest says what [Log.Read] is to return.
type ReadRequest struct {
	// After and To bound the offsets: After < offset <= To. To is cut to the head.
	After, To uint64
	// Only, if it is not nil, names the offsets to read, rising; others are passed over.
	Only []uint64
	// Told is the offset up to which the reader knows, or does not mind, that records are lost.
	Told uint64
	// Filter selects records.
	Filter *Filter
	// MaxBytes ends the chunk when the records in it have this size or more; 0 stands for 256 KiB.
	MaxBytes int
	// MaxScan ends the chunk when this many records have been looked at; 0 stands for 65,536.
	MaxScan int
}

// Latest is what [Log.Latest] returns.
type Latest struct {
	// Offsets are those of the records, rising, each once also if it is the newest of several topics.
	Offsets []uint64
	// Head is the head of the log at that moment.
	Head uint64
	// More says that there are more topics than the limit.
	More bool
}

// WithDefaults returns r with zero limits replaced.
func (r ReadRequest) WithDefaults() ReadRequest {
	if r.MaxBytes <= 0 {
		r.MaxBytes = 256 << 10
	}
	if r.MaxScan <= 0 {
		r.MaxScan = 1 << 16
	}
	return r
}

// Wants reports whether r asks for the record, which lies within its bounds.
func (r *ReadRequest) Wants(record *Record) bool {
	if r.Only != nil {
		if _, found := slices.BinarySearch(r.Only, record.Position.Offset); !found {
			return false
		}
	}
	return r.Filter.Match(&record.Update)
}

// Chunk is a part of a log as a reader asked for it.
type Chunk struct {
	// Records are those that the filter selects, oldest first.
	Records []*Record
	// ScannedTo is the offset up to which everything has been looked at: the next read goes on behind it.
	ScannedTo uint64
}
