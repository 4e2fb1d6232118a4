package hub

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// committer is the only writer of the log. What publishers leave waits in its queue; it takes all of it at once.
type committer struct {
	log     eventlog.Log
	fan     *fanout.Fanout
	max     int // bytes that may wait
	observe *Observer

	mu     sync.Mutex
	queue  []waiting
	bytes  int
	closed bool
	woken  chan struct{}
	done   chan struct{}

	fanned uint64 // the offset up to which the shards have been fed
	lost   bool   // the log has failed, and may hold updates that the shards have not been fed
}

// waiting is what one publisher has left, and where it waits.
type waiting struct {
	entries []eventlog.Entry
	answer  chan<- answer
}

// answer has an outcome for each entry.
type answer []Outcome

// retryInterval is how often a log that has failed is looked at.
const retryInterval = 100 * time.Millisecond

func newCommitter(log eventlog.Log, fan *fanout.Fanout, max int, observe *Observer) *committer {
	c := &committer{
		log: log, fan: fan, max: max, observe: observe, fanned: log.Head(),
		woken: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go c.run()
	return c
}

// enqueue leaves entries for the next batch. The answer comes when the batch is durable.
func (c *committer) enqueue(entries []eventlog.Entry, reply chan<- answer) error {
	size := 0
	for i := range entries {
		size += entrySize(&entries[i])
	}
	if len(entries) == 1 && entries[0].Presence {
		size = min(size, c.max) // the hub's own, which nobody can make smaller: it waits until the queue is empty
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return ErrClosed
	}
	switch {
	case size > c.max:
		return &LimitError{Limit: "QueueBytes", Max: c.max, Got: size, Alone: true}
	case c.bytes+size > c.max:
		return &LimitError{Limit: "QueueBytes", Max: c.max, Got: c.bytes + size}
	}
	c.queue = append(c.queue, waiting{entries: entries, answer: reply})
	c.bytes += size
	c.wake()
	return nil
}

// entrySize is what an entry counts for while it waits.
func entrySize(e *eventlog.Entry) int { return e.Size() + len(e.Key) + len(e.Mark.Value) }

func (c *committer) wake() {
	select {
	case c.woken <- struct{}{}:
	default:
	}
}

// take waits for work and returns all that there is; false when the committer is closed and nothing is left.
func (c *committer) take(spare []waiting) ([]waiting, bool) {
	for {
		c.mu.Lock()
		batch, closed := c.queue, c.closed
		c.queue, c.bytes = spare[:0], 0
		c.mu.Unlock()
		if len(batch) > 0 || closed {
			return batch, len(batch) > 0
		}
		spare = batch
		if !c.lost {
			<-c.woken
			continue
		}
		select {
		case <-c.woken:
		case <-time.After(retryInterval):
			_ = c.recover() // it is tried again
		}
	}
}

func (c *committer) run() {
	defer close(c.done)
	var batch []waiting
	var entries []eventlog.Entry
	for {
		var more bool
		if batch, more = c.take(batch); !more {
			return
		}
		entries = entries[:0]
		for i := range batch {
			entries = append(entries, batch[i].entries...)
		}
		outcomes := c.commit(entries)
		for i, w := range batch {
			n := len(w.entries)
			w.answer <- outcomes[:n:n]
			outcomes = outcomes[n:]
			batch[i] = waiting{}
		}
		clear(entries)
	}
}

// commit is the way of a batch: durable, encoded, to the shards, and an outcome for each entry.
func (c *committer) commit(entries []eventlog.Entry) []Outcome {
	outcomes := make([]Outcome, len(entries))
	fail := func(err error) []Outcome {
		c.observe.failed(len(entries), err)
		for i := range outcomes {
			outcomes[i].Err = err
		}
		return outcomes
	}
	if err := c.recover(); err != nil {
		return fail(fmt.Errorf("hub: cannot publish: %w", err))
	}
	appended, err := c.log.Append(context.Background(), entries)
	if err != nil {
		c.lost = errors.Is(err, eventlog.ErrOutcomeUnknown) || errors.Is(err, eventlog.ErrUnavailable)
		return fail(fmt.Errorf("hub: cannot publish: %w", err))
	}
	records := make([]*eventlog.Record, 0, len(appended))
	for i, a := range appended {
		switch {
		case a.Conflict:
			outcomes[i].Err = c.observe.refused(ErrKeyReused)
			continue
		case a.Skipped: // it was said before
			continue
		case !a.Repeated:
			records = append(records, a.Record)
		}
		outcomes[i].Receipt = Receipt{ID: a.Record.EventID(), Position: a.Record.Position, Repeated: a.Repeated}
	}
	if err := c.feed(records); err != nil {
		return fail(fmt.Errorf("hub: cannot publish: %w: %w", eventlog.ErrOutcomeUnknown, err))
	}
	c.observe.committed(len(records))
	return outcomes
}

// feed hands durable records to the shards.
func (c *committer) feed(records []*eventlog.Record) error {
	if len(records) == 0 {
		return nil
	}
	batch, err := fanout.NewBatch(records)
	if err != nil {
		return err
	}
	c.fan.Publish(batch)
	c.fanned = batch.Head
	return nil
}

// recover feeds the shards with what a log that had failed turns out to hold, before anything else is appended.
// Its publishers were told that the outcome is unknown.
func (c *committer) recover() error {
	if !c.lost {
		return nil
	}
	everything := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}
	for after := c.fanned; ; {
		chunk, err := c.log.Read(context.Background(), eventlog.ReadRequest{
			After: after, To: math.MaxUint64, Filter: everything,
		})
		if _, trimmed := errors.AsType[*eventlog.TrimmedError](err); trimmed {
			c.skip()
			return nil
		}
		if err != nil {
			return err
		}
		if err := c.feed(chunk.Records); err != nil {
			return err
		}
		// The head is that of the log as it was opened anew: it is read after what has shown that it was.
		if after = chunk.ScannedTo; after >= c.log.Head() {
			c.lost = false
			return nil
		}
	}
}

// skip gives up feeding the shards with what the log held, because retention has taken some of it. Every subscriber
// reads the log from where it was, and is told what it has lost.
func (c *committer) skip() {
	head := c.log.Head()
	c.fan.Jump(head)
	c.fanned, c.lost = head, false
}

// close refuses further updates and waits until those that wait are durable, or ctx ends.
func (c *committer) close(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.wake()
	select {
	case <-c.done:
		return nil
	default:
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("hub: updates still wait for the log: %w", ctx.Err())
	}
}
