package bench_test

import (
	"context"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// raw is the log with nothing around it but what lets several publishers share one write: what waits becomes the
// next batch.
type raw struct {
	queue chan rawEntry
	done  chan struct{}
}

type rawEntry struct {
	entry eventlog.Entry
	done  chan error
}

func newRaw(log *disk.Log, publishers int) *raw {
	r := &raw{queue: make(chan rawEntry, publishers), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		var waiting []rawEntry
		for first := range r.queue {
			waiting = append(waiting[:0], first)
			for more := true; more; {
				select {
				case next, open := <-r.queue:
					if more = open; open {
						waiting = append(waiting, next)
					}
				default:
					more = false
				}
			}
			entries := make([]eventlog.Entry, len(waiting))
			for i, w := range waiting {
				entries[i] = w.entry
			}
			_, err := log.Append(context.Background(), entries)
			for _, w := range waiting {
				w.done <- err
			}
		}
	}()
	return r
}

func (r *raw) close() {
	close(r.queue)
	<-r.done
}

// publisher returns a publisher of updates of so many bytes.
func (r *raw) publisher(bytes int) func(n int) error {
	done := make(chan error, 1)
	data := payload(bytes)
	return func(n int) error {
		r.queue <- rawEntry{eventlog.Entry{Update: eventlog.Update{Topics: []string{topicOf(n)}, Data: data}}, done}
		return <-done
	}
}
