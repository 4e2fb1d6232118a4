package load

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"time"
)

// run is one load from its first connection to its result.
type run struct {
	options Options
	plan    *plan
	board   *board
	filler  *filler
	id      uint32
	began   time.Time
	cursor  string // where subscribers resume; empty if they do not
	cancel  context.CancelCauseFunc
	readers sync.WaitGroup
	lanes   []lane
	shards  []*shard
	since   int64 // see shard
}

// Run puts the load that o describes on a hub, and returns what came of it. What the hub lost, doubled or mixed up is
// no error, it is in the result. If there is an error, the result is nil: the options cannot be (then nothing was
// done), the hub is an [*UnreachableError], it refuses to be published to with a [*RefusedError], or ctx has ended.
func Run(ctx context.Context, o Options) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	if err := needFiles(o.connections()); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p := newPlan(&o)
	r := &run{
		options: o, plan: p, board: newBoard(), filler: newFiller(o.Payload, o.Size), id: rand.Uint32(),
		began: time.Now(), cancel: cancel, lanes: make([]lane, o.Subscribers*p.matchers*p.lanes),
	}
	defer r.stop()
	phase := r.watch(ctx)
	return r.do(ctx, phase)
}

// do goes through the phases.
func (r *run) do(ctx context.Context, phase func(string)) (*Result, error) {
	o := &r.options
	d := newDriver(r)
	defer d.close()
	m := newMeter(o.PID)
	var err error
	if o.Missed > 0 {
		phase("publishing")
		if r.cursor, err = d.history(ctx); err != nil {
			return nil, err
		}
		r.since = int64(time.Since(r.began))
	}
	m.mark(&m.empty)
	phase("connecting")
	connecting := time.Now()
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	connected := time.Since(connecting)
	m.mark(&m.connected)
	var loadBegan time.Time
	if o.Missed > 0 {
		m.loading, loadBegan = m.empty, connecting
		phase("receiving")
		r.arrived(ctx)
	} else {
		phase("settling")
		if !sleepUntil(ctx, time.Now().Add(o.Settle)) {
			return nil, context.Cause(ctx)
		}
		m.mark(&m.loading)
		loadBegan = time.Now()
		if err := r.load(ctx, d, phase); err != nil {
			return nil, err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	m.mark(&m.loaded)
	loadEnded := time.Now()
	r.stop()
	return r.result(d, m, connected, loadBegan, loadEnded), nil
}

// connect opens all streams.
func (r *run) connect(ctx context.Context) error {
	if canPoll(&r.options) {
		if err := poll(ctx, r); err != nil {
			return &UnreachableError{"connecting", err}
		}
	} else {
		streams(ctx, r)
	}
	b := r.board
	all := func() bool { return b.connected.Load()+b.failed.Load() == int64(r.options.Subscribers) }
	if !r.await(ctx, all, 0) {
		return context.Cause(ctx)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.connected.Load() == 0 {
		return &UnreachableError{fmt.Sprintf("not one of %d subscribers could connect", r.options.Subscribers), b.firstError}
	}
	for _, i := range b.missing { // nothing is expected of them
		if r.plan.habits[i] == quick {
			for j := range r.plan.matchers {
				t := r.plan.topic(i, j)
				r.plan.readers[t]--
				b.expected.Add(-int64(r.options.Missed))
			}
		}
	}
	return nil
}

// load publishes, or lets time go by.
func (r *run) load(ctx context.Context, d *driver, phase func(string)) error {
	if !r.options.Idle && !r.options.NoPublish {
		phase("publishing")
		return d.drive(ctx, phase)
	}
	phase("idle")
	if r.options.NoPublish {
		phase("receiving")
	}
	if !sleepUntil(ctx, time.Now().Add(r.options.Duration)) {
		return context.Cause(ctx)
	}
	return nil
}

// arrived waits until all that was published has arrived. It is false if Drain went by, or ctx ended, before.
func (r *run) arrived(ctx context.Context) bool {
	want := r.board.expected.Load()
	r.board.wanted.Store(want)
	return r.await(ctx, func() bool { return r.board.delivered.Load() >= want }, r.options.Drain)
}

// await waits until done says so; false means that ctx, or the limit if there is one, came first.
func (r *run) await(ctx context.Context, done func() bool, limit time.Duration) bool {
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	for !done() {
		select {
		case <-r.board.more:
		case <-expired:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// watch begins to report progress, and returns how to say what is being done.
func (r *run) watch(ctx context.Context) (phase func(string)) {
	if r.options.Progress == nil {
		return func(string) {}
	}
	const often = 200 * time.Millisecond
	var mu sync.Mutex
	now := ""
	r.readers.Go(func() {
		tick := time.NewTicker(often)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			mu.Lock()
			doing := now
			mu.Unlock()
			b := r.board
			r.options.Progress(Progress{
				Phase: doing, Connected: int(b.connected.Load() - b.ended.Load()), Published: b.published.Load(),
				Delivered: b.delivered.Load(), Expected: b.expected.Load(), Elapsed: time.Since(r.began),
			})
		}
	})
	return func(next string) {
		mu.Lock()
		defer mu.Unlock()
		now = next
	}
}

// abort ends the run with an error.
func (r *run) abort(err error) { r.cancel(err) }

// stop ends the streams. It may be called again.
func (r *run) stop() {
	r.board.stopping.Store(true)
	r.cancel(errors.New("load: the run has ended"))
	r.readers.Wait()
}

// threads returns how many threads, or parts of the figures, there are.
func (r *run) threads() int {
	if r.options.Threads > 0 {
		return r.options.Threads
	}
	return runtime.GOMAXPROCS(0)
}

func (r *run) newShard() *shard {
	s := &shard{
		plan: r.plan, board: r.board, run: r.id, began: r.began, lanes: r.lanes, since: r.since,
		count: r.options.NoPublish,
	}
	r.shards = append(r.shards, s)
	return s
}

// streamHeader returns the header of a subscriber's request.
func (r *run) streamHeader() http.Header {
	h := r.options.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", "text/event-stream")
	}
	if r.options.Gzip {
		h.Set("Accept-Encoding", "gzip")
	}
	if r.cursor != "" {
		h.Set("Last-Event-ID", r.cursor)
	}
	return h
}

// streamFields is what the requests of all subscribers share.
type streamFields struct {
	host   string // empty if it is the URL's
	fields []byte // what follows the host
}

func (r *run) streamFields() streamFields {
	h := r.streamHeader()
	host := h.Get("Host")
	h.Del("Host")
	var w bytes.Buffer
	w.WriteString("\r\n")
	_ = h.Write(&w) // a buffer takes everything
	w.WriteString("\r\n")
	return streamFields{host: host, fields: w.Bytes()}
}

// streamRequest appends the request of subscriber i, as it is sent, to b.
func (r *run) streamRequest(b []byte, i int, shared *streamFields) ([]byte, error) {
	u, err := r.options.streamURL(r.plan, i)
	if err != nil {
		return nil, err
	}
	b = append(append(b, "GET "...), u.RequestURI()...)
	b = append(append(b, " HTTP/1.1\r\nHost: "...), cmp.Or(shared.host, u.Host)...)
	return append(b, shared.fields...), nil
}
