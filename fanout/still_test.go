package fanout

import (
	"fmt"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// The tests of this package that reach into it play a shard by hand: one that does not run, so that they say
// when each part of a turn comes.

const testEpoch = eventlog.Epoch("testepoch2")

// record returns an update in its place in a log.
func record(offset uint64, data string, topics ...string) *eventlog.Record {
	return &eventlog.Record{
		Update:   eventlog.Update{Topics: topics, Data: data},
		Position: eventlog.Position{Epoch: testEpoch, Offset: offset},
	}
}

// batchOf returns the batch of the updates with the offsets first to last, of the topic "a".
func batchOf(t testing.TB, first, last uint64) *Batch {
	t.Helper()
	var records []*eventlog.Record
	for offset := first; offset <= last; offset++ {
		records = append(records, record(offset, fmt.Sprint(offset), "a"))
	}
	b, err := NewBatch(records)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func offsets(frames []*Frame) []uint64 {
	list := make([]uint64, len(frames))
	for i, f := range frames {
		list[i] = f.Offset()
	}
	return list
}

var (
	filterA   = &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}}
	filterB   = &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("b")}}
	filterAny = &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}}
)

// lineageLog is a log that can name positions, and of which nobody reads.
type lineageLog struct{ Log }

func (lineageLog) Lineage() eventlog.Lineage { return eventlog.Lineage{{Epoch: testEpoch, First: 1}} }

// stillShard returns the only shard of a fan-out that does not run and has no readers' goroutines.
func stillShard(o Options) *shard {
	o.Shards, o.Readers = 1, 0
	return stillFanout(lineageLog{}, o).shards[0]
}

// stillFanout returns a fan-out of which the shards do not run. It has as many readers as o says, and may be smaller
// than what Validate allows.
func stillFanout(log Log, o Options) *Fanout {
	readers := o.Readers
	o = o.WithDefaults()
	o.Readers = readers
	f := &Fanout{options: o, log: log}
	f.budget.limit = int64(o.BufferLimit)
	f.window = newWindow(o.WindowBytes, 0, &f.budget)
	f.readers = newReaders(f.log, &f.options, &f.budget)
	f.places = newPlaces(o.MaxBehind)
	for range o.Shards {
		f.shards = append(f.shards, newShard(f))
	}
	return f
}

// attachTo attaches a subscriber as a turn would.
func attachTo(s *shard, filter *eventlog.Filter, after uint64, sink Sink) *Subscriber {
	sub := &Subscriber{shard: s, sink: sink, filter: filter, pos: after, form: sink.Form(), replay: new(replay)}
	sink.Bind(sub)
	s.attach(sub)
	return sub
}

// countSink takes everything, or as many bytes as room says, and keeps only what it has to.
type countSink struct {
	form   Form
	room   int // negative: no bound
	taken  int
	offers int
	frames int
	ends   []string
}

func (c *countSink) Bind(Notifier) {}
func (c *countSink) Form() Form    { return c.form }
func (c *countSink) Taken() uint64 { return uint64(c.taken) }
func (c *countSink) End()          { c.ends = append(c.ends, "end") }
func (c *countSink) Abort()        { c.ends = append(c.ends, "abort") }

func (c *countSink) Offer(bufs [][]byte) (int, error) {
	c.offers++
	n := 0
	for _, b := range bufs {
		if c.room >= 0 && len(b) > c.room {
			n += c.room
			c.room = 0
			break
		}
		if c.room >= 0 {
			c.room -= len(b)
		}
		n += len(b)
		c.frames++
	}
	c.taken += n
	return n, nil
}

func greedy() *countSink { return &countSink{room: -1} }

func filterOf(matchers, grant []string) *eventlog.Filter {
	f := &eventlog.Filter{}
	for _, m := range matchers {
		f.Matchers = append(f.Matchers, topic.Exact(m))
	}
	for _, m := range grant {
		f.Grant.Subscribe = append(f.Grant.Subscribe, topic.Exact(m))
	}
	return f
}

var someMatchers = [][]string{nil, {"*"}, {"a"}, {"b"}, {"ab"}, {"a", "b"}, {"b", "a"}, {"a", "*"}, {"*", "a"}, {"a", "*", "b"}}
