package disk

import "context"

// span is a range of keys that was dropped.
type span struct{ from, to []byte }

// giveBack rewrites the tables that hold a part of what was dropped, once the drop itself is in a table. pebble
// deletes a table of which nothing is left by itself; one that shares its table with something that is kept it
// rewrites when it finds the time, which in a log that is quiet may be never.
func (l *Log) giveBack(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.flushed:
		}
		l.writing.Lock()
		spans := l.dropped
		l.dropped = nil
		l.writing.Unlock()
		e := l.engine.Load()
		for _, s := range spans {
			err := e.do(func() error { return e.db.Compact(ctx, s.from, s.to, false) })
			if err != nil && ctx.Err() == nil && e.failure() == nil {
				l.options.Logger.Error("cannot give space back", "error", err.Error())
			}
		}
	}
}
