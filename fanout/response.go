package fanout

import (
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ResponseSink writes a subscriber's stream to an [http.ResponseWriter], in the goroutine of its handler. It
// works on every kind of connection: TLS, HTTP/2, HTTP/3, and wrapped writers.
type ResponseSink struct {
	stall  time.Duration
	form   Form
	notify Notifier
	taken  atomic.Uint64
	woken  chan struct{}
	until  time.Time // when no update may be written any more; zero for never
	limit  writeLimit

	mu      sync.Mutex
	queue   [][]byte
	queued  int  // bytes taken and not yet written
	refused bool // the shard waits for Drained
	ended   bool
	aborted bool
}

var _ Sink = (*ResponseSink)(nil)

const (
	// responseLimit is how many bytes a ResponseSink takes before it refuses.
	responseLimit = 64 << 10
	// responsePiece is how much is written under one deadline. A peer that takes that much within the stall
	// limit, however slowly, is not stalled.
	responsePiece = 16 << 10
	// farewellTime is how long a peer may take to accept the farewell of a stream whose time has come. It is offered
	// then, and is no update.
	farewellTime = time.Second
)

// pieces are the buffers in which many small frames become one write.
var pieces = sync.Pool{New: func() any { return new([responsePiece]byte) }}

// NewResponseSink returns a sink whose writes fail when the peer takes nothing for stall. net/http does its own
// framing, so that form is either FormEvent or FormGzip.
func NewResponseSink(stall time.Duration, form Form) *ResponseSink {
	return &ResponseSink{stall: stall, form: form, woken: make(chan struct{}, 1)}
}

// Until says from when on no update may be written any more; the zero time is never. What the shard offers from then on
// is the stream's farewell. It is called before Run.
func (s *ResponseSink) Until(t time.Time) { s.until = t.Round(0) } // by the clock on the wall, as the shard has it

// Bind implements [Sink].
func (s *ResponseSink) Bind(n Notifier) { s.notify = n }

// Form implements [Sink].
func (s *ResponseSink) Form() Form { return s.form }

// Taken implements [Sink].
func (s *ResponseSink) Taken() uint64 { return s.taken.Load() }

// Offer implements [Sink].
func (s *ResponseSink) Offer(bufs [][]byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, b := range bufs {
		fits := min(len(b), responseLimit-s.queued)
		if fits > 0 {
			s.queue = append(s.queue, b[:fits])
			s.queued += fits
			n += fits
		}
		if fits < len(b) {
			s.refused = true
			break
		}
	}
	s.wake()
	return n, nil
}

// End implements [Sink].
func (s *ResponseSink) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.wake()
}

// Abort implements [Sink]. A write that is under way ends by its deadline at the latest, and is the last.
func (s *ResponseSink) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.aborted = true, true
	s.queue = nil
	s.wake()
}

// cut reports whether the stream was aborted.
func (s *ResponseSink) cut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aborted
}

func (s *ResponseSink) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// Run writes what the shard offers until the stream ends, and returns nil if it ended properly. It is called
// once, by the handler that owns w, after the subscriber was attached; when it returns, the handler should too.
// ctx is the request's: its end means that the peer has gone, and so does a panic of w.
func (s *ResponseSink) Run(ctx context.Context, w http.ResponseWriter) error {
	returned := false
	defer func() {
		if !returned {
			s.notify.Gone(EndGone)
		}
	}()
	err := s.run(ctx, w)
	returned = true
	return err
}

func (s *ResponseSink) run(ctx context.Context, w http.ResponseWriter) error {
	rc := http.NewResponseController(w)
	defer s.limit.close()
	if err := s.limit.open(rc); err != nil {
		s.notify.Gone(EndGone)
		return err
	}
	var spare [][]byte
	for {
		s.mu.Lock()
		bufs, ended, aborted := s.queue, s.ended, s.aborted
		s.queue = spare[:0]
		s.mu.Unlock()
		switch {
		case aborted:
			return context.Canceled
		case len(bufs) > 0:
			n := size(bufs)
			if err := s.write(rc, w, bufs, s.lastMoment()); err != nil {
				s.notify.Gone(s.reasonOf(err))
				return err
			}
			s.wrote(n)
			clear(bufs)
			spare = bufs
			if cap(spare) > 64 {
				spare = nil // a burst is over: a quiet subscriber holds no memory
			}
		case ended:
			return nil
		default:
			spare = nil
			select {
			case <-s.woken:
			case <-ctx.Done():
				s.notify.Gone(EndGone)
				return ctx.Err()
			}
		}
	}
}

// lastMoment returns when what is written next must be done at the latest; zero for never.
func (s *ResponseSink) lastMoment() time.Time {
	if s.until.IsZero() {
		return time.Time{}
	}
	if now := time.Now(); !now.Before(s.until) {
		return now.Add(farewellTime)
	}
	return s.until
}

// write writes everything, until last, and flushes once.
func (s *ResponseSink) write(rc *http.ResponseController, w http.ResponseWriter, bufs [][]byte, last time.Time) error {
	var room *[responsePiece]byte // only for who has several to join: in a burst thousands wait in Write
	defer func() {
		if room != nil {
			pieces.Put(room)
		}
	}()
	for len(bufs) > 0 {
		if s.cut() {
			return context.Canceled
		}
		if room == nil && joins(bufs) {
			room = pieces.Get().(*[responsePiece]byte)
		}
		piece := nextPiece(&bufs, room)
		s.arm(last)
		n, err := w.Write(piece)
		s.taken.Add(uint64(n))
		if err != nil {
			return err
		}
	}
	defer s.limit.disarm()
	return rc.Flush() // has its time with the last piece
}

// arm lets what is written from now on fail if it lasts for the stall limit, or until last.
func (s *ResponseSink) arm(last time.Time) {
	d := s.stall
	if !last.IsZero() {
		d = min(d, time.Until(last))
	}
	s.limit.arm(d)
}

// wrote tells the shard that there is room again, if it was told that there was none.
func (s *ResponseSink) wrote(n int) {
	s.mu.Lock()
	s.queued -= n
	drained := s.refused && s.queued < responseLimit && !s.ended
	if drained {
		s.refused = false
	}
	s.mu.Unlock()
	if drained {
		s.notify.Drained()
	}
}

// joins reports whether the next write is of several buffers.
func joins(bufs [][]byte) bool { return len(bufs) > 1 && len(bufs[0]) < responsePiece }

// nextPiece takes at most responsePiece bytes from the front of bufs. It copies, to room, only where several buffers
// become one write.
func nextPiece(bufs *[][]byte, room *[responsePiece]byte) []byte {
	b := *bufs
	if !joins(b) {
		piece := b[0]
		if len(piece) > responsePiece {
			b[0] = piece[responsePiece:]
			return piece[:responsePiece]
		}
		*bufs = b[1:]
		return piece
	}
	n := 0
	for len(b) > 0 && n < responsePiece {
		copied := copy(room[n:], b[0])
		n += copied
		if copied < len(b[0]) {
			b[0] = b[0][copied:]
			break
		}
		b = b[1:]
	}
	*bufs = b
	return room[:n]
}

func size(bufs [][]byte) int {
	n := 0
	for _, b := range bufs {
		n += len(b)
	}
	return n
}

// reasonOf says why a write failed. An HTTP/2 stream that is cut for its limit only learns that it is closed.
func (s *ResponseSink) reasonOf(err error) EndReason {
	if !s.until.IsZero() && !time.Now().Before(s.until) {
		return EndExpired
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || s.limit.exceeded() {
		return EndStalled
	}
	return EndGone
}

func ignoreUnsupported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
