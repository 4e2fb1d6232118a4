package fanout

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// ErrClosed is returned to who attaches to a fan-out that shuts down.
var ErrClosed = errors.New("fanout: closed")

// Log is what a fan-out needs of the log: to read what the window no longer holds, and to name positions.
type Log interface {
	Read(ctx context.Context, r eventlog.ReadRequest) (eventlog.Chunk, error)
	Lineage() eventlog.Lineage
}

// Options tune a fan-out. The zero value of each field stands for its default.
type Options struct {
	// Shards is the number of fan-out loops; default GOMAXPROCS.
	Shards int
	// Heartbeat is how long a stream may be quiet before a heartbeat is sent; default 15 s.
	Heartbeat time.Duration
	// Stall is how long a connection may take no byte before it is ended; default 60 s.
	Stall time.Duration
	// WindowBytes bounds the recent window, shared by all subscribers; default 16 MiB.
	WindowBytes int
	// MailboxBytes bounds the batches that wait in one shard's mailbox, and those that the shard takes out of it while it
	// writes; default half of WindowBytes, so that what a mailbox drops is still in the window.
	MailboxBytes int
	// PendingBytes bounds what a live subscriber with a full socket has pending before it falls behind;
	// default 64 KiB.
	PendingBytes int
	// ChunkBytes bounds what a subscriber that is behind is handed at once; default 256 KiB. The last
	// chunks of the log, at most 64 and 8 MiB, are kept for others while any subscriber needs the log.
	ChunkBytes int
	// KeptBytes bounds the last chunks that were read from the log, which are kept for others who come to the
	// same place as long as anybody needs the log; default 8 MiB.
	KeptBytes int
	// Readers is the number of goroutines that read the log for subscribers that are behind; default 4.
	Readers int
	// MaxBehind is how many subscribers may be served from the log at once; default 1,000. The others wait in
	// the order in which they came, connected and kept alive by heartbeats. A subscriber keeps its place until
	// the window reaches back to it; one whose socket is found full, once in a heartbeat's time, goes to the
	// end of the line while others wait. Who is served from the window needs no place.
	MaxBehind int
	// ReplayRate bounds the bytes per second that one subscriber is sent from the log; default 0, no bound. It
	// is kept chunk by chunk, each of at most a second's worth or one event. What comes from the window, and
	// what is live, is not counted.
	ReplayRate int
	// BufferLimit bounds the bytes of updates that are held in all: by the window, by the kept chunks, and for
	// subscribers with a full socket; default 512 MiB. Beyond it these subscribers give up what they have not begun,
	// to read it again later, and if that is not enough, those that have begun the oldest updates are ended. Before that,
	// the window and the kept chunks let go of what they hold beyond their bounds because of their updates' other forms.
	BufferLimit int
	// NotSentBytes bounds what the kernel holds of a [SocketSink] that it has not sent; default 128 KiB. What a slow
	// reader has yet to get stays in the log.
	NotSentBytes int
	// ReturnSpread is over how long a time subscribers are asked to spread their return when their stream is ended,
	// beginning a second later; default 4 s.
	ReturnSpread time.Duration
	// ExpiryWarning is how long before a stream ends because the leave to receive expires its subscriber is told, if
	// it asked for signals; default 30 s.
	ExpiryWarning time.Duration
	// Observer is told what happens.
	Observer Observer
}

// WithDefaults returns o with zero fields replaced by their defaults.
func (o Options) WithDefaults() Options {
	setDefault(&o.Shards, runtime.GOMAXPROCS(0))
	setDefault(&o.Heartbeat, 15*time.Second)
	setDefault(&o.Stall, 60*time.Second)
	setDefault(&o.WindowBytes, 16<<20)
	setDefault(&o.MailboxBytes, o.WindowBytes/2)
	setDefault(&o.PendingBytes, 64<<10)
	setDefault(&o.ChunkBytes, 256<<10)
	setDefault(&o.KeptBytes, 8<<20)
	setDefault(&o.Readers, 4)
	setDefault(&o.MaxBehind, 1000)
	setDefault(&o.BufferLimit, o.WindowBytes+o.KeptBytes+256<<20)
	setDefault(&o.NotSentBytes, 128<<10)
	setDefault(&o.ReturnSpread, 4*time.Second)
	setDefault(&o.ExpiryWarning, 30*time.Second)
	return o
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	o = o.WithDefaults()
	for _, f := range []struct {
		name  string
		value int64
		least int64
	}{
		{"Shards", int64(o.Shards), 1},
		{"Heartbeat", int64(o.Heartbeat), int64(time.Millisecond)},
		{"Stall", int64(o.Stall), int64(time.Millisecond)},
		{"WindowBytes", int64(o.WindowBytes), 1},
		{"MailboxBytes", int64(o.MailboxBytes), 1},
		{"PendingBytes", int64(o.PendingBytes), 1},
		{"ChunkBytes", int64(o.ChunkBytes), 1},
		{"KeptBytes", int64(o.KeptBytes), 1},
		{"Readers", int64(o.Readers), 1},
		{"MaxBehind", int64(o.MaxBehind), 1},
		{"ReplayRate", int64(o.ReplayRate), 0},
		{"BufferLimit", int64(o.BufferLimit), 1},
		{"NotSentBytes", int64(o.NotSentBytes), 1},
		{"ReturnSpread", int64(o.ReturnSpread), int64(time.Millisecond)},
		{"ExpiryWarning", int64(o.ExpiryWarning), int64(time.Millisecond)},
	} {
		if f.value < f.least {
			return fmt.Errorf("fanout: Options.%s is %d, less than %d", f.name, f.value, f.least)
		}
	}
	if o.MailboxBytes > o.WindowBytes {
		return fmt.Errorf("fanout: Options.MailboxBytes (%d) is more than Options.WindowBytes (%d): what a mailbox drops would have to be read from the log",
			o.MailboxBytes, o.WindowBytes)
	}
	if least := o.WindowBytes + o.KeptBytes; o.BufferLimit <= least {
		return fmt.Errorf("fanout: Options.BufferLimit (%d) is not more than Options.WindowBytes and Options.KeptBytes together (%d)",
			o.BufferLimit, least)
	}
	return nil
}

// Fanout owns the shards, the recent window and the readers.
type Fanout struct {
	options Options
	log     Log
	window  *window
	readers *readers
	places  *places
	budget  budget
	shards  []*shard
	next    atomic.Uint32
	working atomic.Int32 // shards that are in a turn
	running sync.WaitGroup
	stopped chan struct{} // every shard has ended
	once    sync.Once
}

// New starts a fan-out of what is appended to log from now on; head is the log's present head.
func New(log Log, head uint64, o Options) (*Fanout, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.WithDefaults()
	f := &Fanout{options: o, log: log, stopped: make(chan struct{})}
	f.budget.limit = int64(o.BufferLimit)
	f.window = newWindow(o.WindowBytes, head, &f.budget)
	f.readers = newReaders(log, &f.options, &f.budget)
	f.places = newPlaces(o.MaxBehind)
	for range o.Shards {
		f.shards = append(f.shards, newShard(f))
	}
	for _, s := range f.shards {
		f.running.Go(s.run)
	}
	return f, nil
}

// Publish hands a durable batch to every shard. It is called by one committer, in the order of the log, and
// never waits for a shard.
func (f *Fanout) Publish(b *Batch) {
	f.window.append(b)
	size := b.size()
	for _, s := range f.shards {
		s.mailbox.put(b, size)
	}
}

// Jump moves every shard to head, the log's present head, without what lies before it: subscribers read that from the
// log by themselves. It is called by the one who publishes.
func (f *Fanout) Jump(head uint64) {
	f.window.jump(head)
	for _, s := range f.shards {
		s.mailbox.jump(head)
	}
}

// Attach gives a new subscriber to a shard, which writes to sink from then on.
func (f *Fanout) Attach(o Subscription, sink Sink) (*Subscriber, error) {
	s := f.shards[f.next.Add(1)%uint32(len(f.shards))]
	sub := &Subscriber{
		shard: s, sink: sink, filter: o.Filter, id: o.ID, pos: o.After, replay: &replay{told: o.Told},
		pending: o.opening(sink.Form()), form: sink.Form(), signals: o.Signals, done: o.Done,
	}
	if !o.Expires.IsZero() || o.Bearer != nil {
		sub.leave = &leave{bearer: o.Bearer, at: o.Expires, why: o.ExpiresWhy, place: -1}
	}
	if o.Only != nil {
		sub.only = &only{offsets: o.Only, to: o.OnlyTo}
	}
	sink.Bind(sub)
	if !s.mailbox.post(message{kind: msgAttach, sub: sub}) {
		return nil, ErrClosed
	}
	return sub, nil
}

// Sockets returns how many descriptors [SocketSink]s hold, those included whose stream is ending.
func (f *Fanout) Sockets() int {
	n := 0
	for _, s := range f.shards {
		n += s.sockets.sockets()
	}
	return n
}

// Shutdown ends every stream properly and waits until they have ended. If ctx ends first, the rest are cut, and
// the error is that of ctx. It may be called again.
func (f *Fanout) Shutdown(ctx context.Context) error {
	f.once.Do(func() {
		f.post(msgShutdown)
		go func() {
			f.running.Wait()
			f.readers.close()
			close(f.stopped)
		}()
	})
	select {
	case <-f.stopped:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-f.stopped: // both had come
		return nil
	default:
	}
	f.post(msgKill)
	for _, s := range f.shards {
		s.sockets.kill()
	}
	<-f.stopped
	return fmt.Errorf("fanout: streams were cut: %w", ctx.Err())
}

func (f *Fanout) post(kind messageKind) {
	for _, s := range f.shards {
		s.mailbox.post(message{kind: kind})
	}
}
