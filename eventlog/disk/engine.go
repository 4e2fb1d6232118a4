package disk

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/tidings-hub/tidings/eventlog"
)

// engine is one opening of the pebble database.
//
// pebble is of no use any more once a write has failed that must not. The process lives on: the engine is marked as
// failed, its files are fenced off (see [fencedFS]), and the log opens another one. What pebble calls fatal all the
// same ends the goroutine that says so; then goroutines that wait for that one, and the memory that they hold, stay
// until the process ends. Failures are rare.
type engine struct {
	db      *pebble.DB
	using   sync.RWMutex // held shared by readers, so that the caches outlive them
	once    sync.Once
	failed  chan struct{} // closed by fail
	flushed chan struct{} // has one when a table has been written
	reason  error         // set before failed is closed
}

// openEngine opens the database. The directory's lock is the log's affair.
func openEngine(dir string, o Options, failures *repeated) (*engine, error) {
	e := &engine{failed: make(chan struct{}), flushed: make(chan struct{}, 1)}
	cache := pebble.NewCache(o.CacheBytes)
	defer cache.Unref() // the database holds it
	options := &pebble.Options{
		Cache:                       cache,
		FS:                          newFencedFS(o.fs, dir, e),
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      engineLogger{o.Logger, e},
		MaxOpenFiles:                o.OpenFiles,
		MemTableSize:                16 << 20,
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       4,
		L0StopWritesThreshold:       24,
		ReadOnly:                    o.readOnly,
		ErrorIfNotExists:            o.readOnly,
		EventListener:               e.listener(failures),
		FlushDelayDeleteRange:       dropDelay,
	}
	options.Experimental.FileCacheShards = 1 // in each, up to a hundred tables may wait to be closed
	options.TargetFileSizes[0] = o.tableBytes
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10) // most ids that are looked up are not there
		options.Levels[i].FilterType = pebble.TableFilter
	}
	db, err := ask(e, func() (*pebble.DB, error) {
		if err := prepare(dir, options); err != nil {
			return nil, err
		}
		db, err := pebble.Open(dir, options)
		if err == nil && e.failure() != nil {
			_ = db.Close()
		}
		return db, err
	})
	if err != nil {
		return nil, explain(err)
	}
	e.db = db
	return e, nil
}

// explain adds what pebble knows of the place of an error, which its text does not say.
func explain(err error) error {
	if more, ok := errors.AsType[interface {
		error
		ErrorDetail() string
	}](err); ok && more.ErrorDetail() != "" {
		return fmt.Errorf("%w (%s)", err, more.ErrorDetail())
	}
	return err
}

// errIncomplete says that there is a part of a database, which pebble would take for none: it would make a new one, and
// delete the tables that are not in that.
var errIncomplete = errors.New("there are tables or write-ahead logs, but not the marker.manifest file that says which of them " +
	"count: it is lost, or the directory is a copy that is not complete")

// prepare makes a new database. The write-ahead log that pebble begins then is still of its oldest format, in which
// a damaged record cannot be told from the end; that of the next opening is not.
func prepare(dir string, options *pebble.Options) error {
	if found, err := pebble.Peek(dir, options.FS); err != nil || found.Exists {
		return err
	}
	names, err := options.FS.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		number, kind, _ := strings.Cut(name, ".")
		if strings.Trim(number, "0123456789") == "" && (kind == "sst" || kind == "log") {
			return errIncomplete
		}
	}
	if options.ReadOnly {
		return nil // there is none, which pebble will say
	}
	db, err := pebble.Open(dir, options)
	if err != nil {
		return err
	}
	return db.Close()
}

// fail marks the engine as failed.
func (e *engine) fail(reason error) {
	e.once.Do(func() {
		e.reason = fmt.Errorf("disk: %w: %w", eventlog.ErrUnavailable, reason)
		close(e.failed)
	})
}

// failure returns why the engine has failed, nil if it has not.
func (e *engine) failure() error {
	select {
	case <-e.failed:
		return e.reason
	default:
		return nil
	}
}

// do runs f, which may end its goroutine or never return, and gives up waiting when the engine fails.
func (e *engine) do(f func() error) error {
	_, err := ask(e, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// ask is do for what has an answer.
func ask[T any](e *engine, f func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if err := e.failure(); err != nil {
		return none, err
	}
	done := make(chan answer, 1)
	go func() {
		defer e.failOnPanic()
		value, err := f()
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		if err := e.failure(); err != nil {
			return none, err
		}
		return a.value, a.err
	case <-e.failed:
		return none, e.reason
	}
}

// read is ask for what reads: an engine that has failed is not closed under it.
func read[T any](e *engine, f func() (T, error)) (T, error) {
	return ask(e, func() (value T, err error) {
		if !e.using.TryRLock() { // it is being closed
			return value, e.failure()
		}
		defer e.using.RUnlock()
		return f()
	})
}

// failOnPanic is deferred where pebble may panic, in the debris of a failure.
func (e *engine) failOnPanic() {
	if p := recover(); p != nil {
		e.fail(fmt.Errorf("panic: %v", p))
	}
}

// commit applies a batch and closes it. A batch that the engine failed with may still be in use.
func (e *engine) commit(b *pebble.Batch, o *pebble.WriteOptions) error {
	return e.do(func() error {
		if err := b.Commit(o); err != nil {
			e.fail(err) // nobody knows what is in the log now, until it is opened anew
			return err
		}
		return b.Close()
	})
}

// close ends the engine. It does not wait for one that has failed, which may never end.
func (e *engine) close() error {
	if e.failure() == nil {
		return e.do(e.db.Close)
	}
	go func() {
		defer func() { _ = recover() }() // it panics over what is still in use
		e.using.Lock()
		_ = e.db.Close()
	}()
	return nil
}
