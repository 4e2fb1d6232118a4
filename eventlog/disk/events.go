package disk

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// engineLogger carries pebble's own words to the log's logger.
type engineLogger struct {
	logger *slog.Logger
	engine *engine
}

func (l engineLogger) Infof(format string, args ...any) {
	l.logger.Debug(fmt.Sprintf(format, args...), "from", "pebble")
}

func (l engineLogger) Errorf(format string, args ...any) {
	l.logger.Error(fmt.Sprintf(format, args...), "from", "pebble")
}

// Fatalf ends the calling goroutine, not the process.
func (l engineLogger) Fatalf(format string, args ...any) {
	reason := fmt.Errorf(format, args...)
	l.logger.Error("the log has failed", "error", reason)
	l.engine.fail(reason)
	runtime.Goexit()
}

// listener watches what pebble does in the background.
//
// A flush that fails is tried again at once, and for ever: the engine is given up. A compaction that fails does no
// harm until so much is left to do that pebble stops its writers; then the engine is given up too.
//
// Damage that a reader comes upon is that reader's error. Left to itself pebble would call it fatal.
func (e *engine) listener(failures *repeated) *pebble.EventListener {
	var stalled atomic.Bool
	var flush, compaction atomic.Pointer[error] // why the last one failed
	giveUp := func() {
		if err := compaction.Load(); stalled.Load() && err != nil {
			e.fail(fmt.Errorf("cannot compact: %w", *err))
		}
	}
	return &pebble.EventListener{
		FlushEnd: func(info pebble.FlushInfo) {
			flush.Store(&info.Err)
			if info.Err == nil {
				select {
				case e.flushed <- struct{}{}:
				default:
				}
			}
		},
		CompactionEnd: func(info pebble.CompactionInfo) {
			compaction.Store(nil)
			if info.Err != nil {
				compaction.Store(&info.Err)
				giveUp()
			}
		},
		WriteStallBegin: func(pebble.WriteStallBeginInfo) {
			stalled.Store(true)
			giveUp()
		},
		WriteStallEnd: func() { stalled.Store(false) },
		BackgroundError: func(err error) {
			failures.error("work in the background has failed", "", err, "from", "pebble")
			// Not every flush that ends with an error has failed: there may have been nothing to write.
			if last := flush.Load(); last != nil && *last != nil && errors.Is(err, *last) {
				e.fail(fmt.Errorf("cannot flush: %w", err))
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			failures.error("a file of the log is damaged", info.Path, info.Details, "from", "pebble")
		},
	}
}
