package disk

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Log is an [eventlog.Log] in a directory.
type Log struct {
	options Options
	dir     string
	lock    *lock

	engine atomic.Pointer[engine]
	state  atomic.Pointer[state] // what readers may see

	failures repeated // of all engines

	writing sync.Mutex // held by who changes the log
	next    *state     // what the last batch made of it
	space   space

	dropped   []span // since space was given back last
	flushed   chan struct{}
	forgotten uint64 // idempotency keys of buckets before this one are gone

	backup  sync.Mutex   // held by a backup: two to one place would spoil each other
	using   sync.RWMutex // held shared by readers, so that Close waits for them
	closed  bool
	closing context.CancelFunc
	running sync.WaitGroup
}

var _ eventlog.Log = (*Log)(nil)

// Open opens the log in dir, which it makes if it is not there, and begins a new epoch. Only one process can
// have a log open; the error says which one has.
func Open(dir string, o Options) (*Log, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	if err := o.makeDir(dir); err != nil {
		return nil, fmt.Errorf("disk: cannot make %s: %w", dir, err)
	}
	lock, err := lockDir(dir, o.fs)
	if err != nil {
		return nil, err
	}
	l := &Log{options: o, dir: dir, lock: lock, flushed: make(chan struct{}, 1), failures: repeated{logger: o.Logger}}
	l.space = space{fs: o.fs, dir: dir, reserve: o.Reserve}
	if err = o.checkFinished(dir); err == nil {
		err = l.start()
	}
	if err != nil {
		lock.release()
		return nil, fmt.Errorf("disk: cannot open the log in %s: %w", dir, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l.closing = cancel
	l.running.Go(func() { l.keep(ctx) })
	l.running.Go(func() { l.giveBack(ctx) })
	return l, nil
}

// start opens the database and begins an epoch behind what is found in it. The caller holds writing, or is alone.
func (l *Log) start() error {
	e, err := openEngine(l.dir, l.options, &l.failures)
	if err != nil {
		return err
	}
	var s *state
	err = e.do(func() (err error) {
		if s, err = load(e.db, l.options); err != nil {
			return err
		}
		if err = l.options.checkWatermark(l.dir, s.head); err != nil {
			return err
		}
		s, err = beginEpoch(e.db, s)
		return err
	})
	if err != nil {
		_ = e.close()
		return err
	}
	if before := l.state.Load(); before != nil {
		// Without a sync the failure may have taken updates that shards were fed with. The new term begins where
		// they are missing, so that their cursors are told so; but no offset is given out twice in a process.
		s.head = max(s.head, before.head)
	}
	l.next = s
	l.state.Store(s)
	l.engine.Store(e) // last: who sees this engine sees its state
	return nil
}

// keep opens the log anew after a failure, and writes through from time to time if that is the policy.
func (l *Log) keep(ctx context.Context) {
	ticker := time.NewTicker(l.options.SyncInterval)
	defer ticker.Stop()
	for {
		e := l.engine.Load()
		select {
		case <-ctx.Done():
			return
		case <-e.failed:
			l.recover(ctx)
		case <-e.flushed:
			l.noteHead(e)
			select {
			case l.flushed <- struct{}{}:
			default: // it is at work, or will be
			}
		case <-ticker.C:
			if l.options.Sync != SyncInterval {
				continue
			}
			if err := e.do(func() error { return e.db.LogData(nil, pebble.Sync) }); err != nil {
				l.options.Logger.Error("cannot write the log through", "error", err)
			}
		}
	}
}

// recover tries to open the log until that succeeds. The lock on the directory is held all the while.
func (l *Log) recover(ctx context.Context) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		l.writing.Lock()
		failed := l.engine.Load()
		err := l.start()
		l.writing.Unlock()
		if err == nil {
			l.options.Logger.Warn("the log was opened anew", "head", l.Head(), "after", failed.reason)
			_ = failed.close()
			return
		}
		l.failures.error("the log cannot be opened anew", "", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// writeOptions are those of an ordinary batch.
func (l *Log) writeOptions() *pebble.WriteOptions {
	if l.options.Sync == SyncAlways {
		return pebble.Sync
	}
	return pebble.NoSync
}

// readLog lets f read the log, which stays open meanwhile. What fails while the engine fails is ErrUnavailable.
func readLog[T any](l *Log, f func(*view) (T, error)) (T, error) {
	l.using.RLock()
	defer l.using.RUnlock()
	if l.closed {
		var none T
		return none, eventlog.ErrClosed
	}
	e := l.engine.Load()
	return read(e, func() (T, error) {
		v, err := l.view(e)
		if err != nil {
			var none T
			return none, err
		}
		value, err := f(v)
		return value, errors.Join(err, v.close())
	})
}

// Head implements [eventlog.Log].
func (l *Log) Head() uint64 { return l.state.Load().head }

// Lineage implements [eventlog.Log].
func (l *Log) Lineage() eventlog.Lineage { return l.state.Load().lineage }

// Floor implements [eventlog.Log]: it is that of the class that has dropped most.
func (l *Log) Floor() uint64 {
	floor := uint64(1)
	for _, c := range l.state.Load().classes {
		floor = max(floor, c.mark+1)
	}
	return floor
}

// Close implements [eventlog.Log].
func (l *Log) Close() error {
	l.closing()
	l.running.Wait()
	l.writing.Lock()
	defer l.writing.Unlock()
	l.using.Lock()
	defer l.using.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	e := l.engine.Load()
	err := e.close()
	if err == nil && e.failure() == nil {
		err = l.options.writeWatermark(l.dir, l.state.Load().written())
	}
	l.lock.release()
	if err != nil {
		return fmt.Errorf("disk: cannot close the log in %s: %w", l.dir, err)
	}
	return nil
}
