package fanout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

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
// Subscribers that ask for the same share one read and its frames, also if some come a little later.
type readers struct {
	log      Log
	maxBytes int
	observer *Observer
	budget   *budget

	mu     sync.Mutex
	more   *sync.Cond
	jobs   map[readKey]*readJob // queued or under way
	queue  []*readJob
	last   chunks
	unused *time.Timer // lets go of last
	closed bool
	cancel context.CancelFunc
	done   sync.WaitGroup
}

type readKey struct {
	after, told uint64
	only        *only
	filter      string
}

type readJob struct {
	key     readKey
	to      uint64
	filter  *eventlog.Filter
	waiting []*Subscriber
}

func newReaders(log Log, o *Options, b *budget) *readers {
	ctx, cancel := context.WithCancel(context.Background())
	p := &readers{
		log: log, maxBytes: o.ChunkBytes, observer: &o.Observer, budget: b,
		jobs: map[readKey]*readJob{}, last: chunks{max: o.KeptBytes, budget: b}, cancel: cancel,
	}
	if o.ReplayRate > 0 {
		p.maxBytes = min(p.maxBytes, o.ReplayRate) // no more at once than a second's worth
	}
	p.more = sync.NewCond(&p.mu)
	p.unused = time.AfterFunc(keptFor, p.forget)
	for range o.Readers {
		p.done.Go(func() { p.run(ctx) })
	}
	return p
}

// submit asks for what lies behind the subscriber's position up to to. The answer comes as a message to its shard.
func (p *readers) submit(sub *Subscriber, to uint64) {
	key := readKey{after: sub.pos, told: sub.told, only: sub.only, filter: filterKey(sub.filter)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.last.find(key, sub.filter); c != nil {
		p.deliver(sub, c)
		return
	}
	if j := p.jobs[key]; j != nil && sameBases(j.filter, sub.filter) {
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
		if p.jobs[j.key] == j {
			delete(p.jobs, j.key)
		}
		p.last.add(j.key, j.filter, c)
		p.mu.Unlock()
		p.observer.logRead(len(j.waiting))
		for _, sub := range j.waiting {
			p.deliver(sub, c)
		}
	}
}

// deliver sends a chunk on its way to a subscriber's shard.
func (p *readers) deliver(sub *Subscriber, c *chunk) {
	p.budget.hold(c.frames...)
	if !sub.shard.mailbox.post(message{kind: msgChunk, sub: sub, chunk: c}) {
		p.budget.release(c.frames...)
	}
}

func (p *readers) read(ctx context.Context, j *readJob) *chunk {
	request := eventlog.ReadRequest{
		After: j.key.after, Told: j.key.told, To: j.to, Filter: j.filter, MaxBytes: p.maxBytes, MaxScan: maxScan,
	}
	if j.key.only != nil {
		request.Only = j.key.only.offsets
	}
	read, err := p.log.Read(ctx, request)
	for errors.Is(err, eventlog.ErrUnavailable) && pause(ctx, retryInterval) { // it is being opened anew
		read, err = p.log.Read(ctx, request)
	}
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

// maxScan bounds the frames of a chunk, of which tiny updates would make very many.
const maxScan = 8192

// retryInterval is how often a log that is not to be had is asked again.
const retryInterval = 100 * time.Millisecond

// pause waits for d, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// rest is called when nobody needs the log any more.
func (p *readers) rest() { p.unused.Reset(keptFor) }

// forget lets go of the last chunks. If somebody is near them after all, they are read again.
func (p *readers) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.clear()
}

// fit keeps the last chunks within their bound together with what was made of them.
func (p *readers) fit() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.fit()
}

// close stops the readers and waits for them. Subscribers that wait for a chunk get none.
func (p *readers) close() {
	p.mu.Lock()
	p.closed = true
	p.more.Broadcast()
	p.mu.Unlock()
	p.cancel()
	p.unused.Stop()
	p.done.Wait()
}

// filterKey is equal for filters that select the same, as far as that can be seen from their texts; see sameBases.
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

// sameBases reports whether filters with equal keys select the same: what a pattern selects may depend on the base that
// it was compiled for, which is not in its text.
func sameBases(a, b *eventlog.Filter) bool {
	same := func(x, y topic.Matcher) bool { return x == y || !x.Relative() && !y.Relative() }
	return a == b || slices.EqualFunc(a.Matchers, b.Matchers, same) &&
		slices.EqualFunc(a.Grant.Subscribe, b.Grant.Subscribe, same)
}
