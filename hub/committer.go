package hub

import (
	"context"
	"fmt"
	"sync"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// committer is the only writer of the log. Updates wait in its queue; it takes all of them at once.
type committer struct {
	log     eventlog.Log
	fan     *fanout.Fanout
	max     int // bytes that may wait
	observe *Observer

	mu     sync.Mutex
	more   *sync.Cond
	queue  []waiting
	bytes  int
	closed bool
	done   chan struct{}
}

// waiting is an update on its way into the log, and where its publisher waits.
type waiting struct {
	update eventlog.Update
	answer chan<- answer
}

type answer struct {
	receipt Receipt
	err     error
}

func newCommitter(log eventlog.Log, fan *fanout.Fanout, max int, observe *Observer) *committer {
	c := &committer{log: log, fan: fan, max: max, observe: observe, done: make(chan struct{})}
	c.more = sync.NewCond(&c.mu)
	go c.run()
	return c
}

// enqueue leaves an update for the next batch. The answer comes when the batch is durable.
func (c *committer) enqueue(u eventlog.Update, reply chan<- answer) error {
	size := u.Size()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	if c.bytes+size > c.max {
		return &LimitError{Limit: "QueueBytes", Max: c.max, Got: c.bytes + size}
	}
	c.queue = append(c.queue, waiting{update: u, answer: reply})
	c.bytes += size
	c.more.Signal()
	return nil
}

func (c *committer) run() {
	defer close(c.done)
	var batch []waiting
	var updates []eventlog.Update
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed {
			c.more.Wait()
		}
		if len(c.queue) == 0 {
			c.mu.Unlock()
			return
		}
		batch, c.queue = c.queue, batch[:0]
		c.bytes = 0
		c.mu.Unlock()

		updates = updates[:0]
		for i := range batch {
			updates = append(updates, batch[i].update)
		}
		c.commit(batch, updates)
		clear(batch)
		clear(updates)
	}
}

// commit is the way of a batch: durable, encoded, to the shards, and an answer to each publisher.
func (c *committer) commit(batch []waiting, updates []eventlog.Update) {
	records, err := c.log.Append(context.Background(), updates)
	if err == nil {
		var frames *fanout.Batch
		if frames, err = fanout.NewBatch(records); err == nil {
			c.fan.Publish(frames)
		}
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		c.observe.failed(len(batch), err)
		for _, w := range batch {
			w.answer <- answer{err: err}
		}
		return
	}
	c.observe.committed(len(batch))
	for i, w := range batch {
		w.answer <- answer{receipt: Receipt{ID: records[i].EventID(), Position: records[i].Position}}
	}
}

// close refuses further updates and waits until those that wait are durable.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.more.Broadcast()
	c.mu.Unlock()
	<-c.done
}
