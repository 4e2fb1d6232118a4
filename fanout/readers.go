package fanout

import (
	"context"
	"strings"
	"sync"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// chunk is a part of the log as a reader hands it to shards.
type chunk struct {
	frames []*Frame
	to     uint64 // everything up to it has been looked at
	err    error
}

// readers is the bounded pool that reads the log for subscribers that are behind further than the window goes.
// Subscribers that ask for the same at the same time share one read and its frames.
type readers struct {
	log      Log
	maxBytes int
	observer *Observer

	mu     sync.Mutex
	more   *sync.Cond
	jobs   map[readKey]*readJob // queued or under way
	queue  []*readJob
	closed bool
	cancel context.CancelFunc
	done   sync.WaitGroup
}

type readKey struct {
	after  uint64
	filter string
}

type readJob struct {
	key     readKey
	to      uint64
	filter  *eventlog.Filter
	waiting []*Subscriber
}

func newReaders(log Log, n, maxBytes int, observer *Observer) *readers {
	ctx, cancel := context.WithCancel(context.Background())
	p := &readers{log: log, maxBytes: maxBytes, observer: observer, jobs: map[readKey]*readJob{}, cancel: cancel}
	p.more = sync.NewCond(&p.mu)
	for range n {
		p.done.Go(func() { p.run(ctx) })
	}
	return p
}

// submit asks for what lies behind after up to to. The answer comes as a message to sub's shard.
func (p *readers) submit(sub *Subscriber, after, to uint64) {
	key := readKey{after: after, filter: filterKey(sub.filter)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if j := p.jobs[key]; j != nil {
		j.waiting = append(j.waiting, sub)
		return
	}
	j := &readJob{key: key, to: to, filter: sub.filter, waiting: []*Subscriber{sub}}
	p.jobs[key] = j
	p.queue = append(p.queue, j)
	p.more.Signal()
}

func (p *readers) run(ctx context.Context) {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 && !p.closed {
			p.more.Wait()
		}
		if p.closed {
			p.mu.Unlock()
			return
		}
		j := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		p.mu.Unlock()

		c := p.read(ctx, j)

		p.mu.Lock()
		delete(p.jobs, j.key)
		p.mu.Unlock()
		p.observer.logRead(len(j.waiting))
		for _, sub := range j.waiting {
			sub.shard.mailbox.post(message{kind: msgChunk, sub: sub, chunk: c})
		}
	}
}

func (p *readers) read(ctx context.Context, j *readJob) *chunk {
	read, err := p.log.Read(ctx, eventlog.ReadRequest{
		After: j.key.after, To: j.to, Filter: j.filter, MaxBytes: p.maxBytes,
	})
	if err != nil {
		return &chunk{err: err}
	}
	c := &chunk{frames: make([]*Frame, len(read.Records)), to: read.ScannedTo}
	for i, r := range read.Records {
		if c.frames[i], err = NewFrame(r); err != nil {
			return &chunk{err: err}
		}
	}
	return c
}

// close stops the readers and waits for them. Subscribers that wait for a chunk get none.
func (p *readers) close() {
	p.mu.Lock()
	p.closed = true
	p.more.Broadcast()
	p.mu.Unlock()
	p.cancel()
	p.done.Wait()
}

// filterKey is equal for filters that select the same, as far as that can be seen from their texts.
func filterKey(f *eventlog.Filter) string {
	var b strings.Builder
	for _, ms := range []topic.Matchers{f.Matchers, f.Grant.Subscribe} {
		for _, m := range ms {
			b.WriteByte(byte(m.Kind()))
			b.WriteString(m.Value()) // holds no control characters, so 0 ends it
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}
