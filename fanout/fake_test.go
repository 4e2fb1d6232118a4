package fanout_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/sse"
)

// fakeSink is a connection that takes as many bytes as it has room for, at any byte, and gets room by drain.
type fakeSink struct {
	form fanout.Form
	head int           // bytes of the response's head, which stand before the stream
	hold chan struct{} // if not nil, Offer waits until it is closed: a shard that is held up

	mu      sync.Mutex
	changed *sync.Cond
	notify  fanout.Notifier
	room    int // negative: no bound
	refused bool
	bytes   []byte
	at      []time.Time // when each write came
	left    uint64      // bytes that have left towards the peer
	failed  bool
	end     string // "end" or "abort"
	read    int    // bytes that the peer has read
}

// newFake returns a sink with room for so many bytes; a negative room has no bound.
func newFake(room int) *fakeSink {
	s := &fakeSink{room: room}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *fakeSink) Bind(n fanout.Notifier) { s.notify = n }
func (s *fakeSink) Form() fanout.Form      { return s.form }

func (s *fakeSink) Offer(bufs [][]byte) (int, error) {
	if s.hold != nil {
		<-s.hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.changed.Broadcast()
	switch {
	case s.end != "":
		panic("Offer behind the end")
	case s.refused:
		panic("Offer to a sink that has refused bytes and has not drained")
	case s.failed:
		return 0, io.ErrClosedPipe
	}
	s.at = append(s.at, time.Now())
	n := 0
	for _, b := range bufs {
		k := len(b)
		if s.room >= 0 {
			k = min(k, s.room)
			s.room -= k
		}
		s.bytes = append(s.bytes, b[:k]...)
		n += k
		if k < len(b) {
			s.refused = true
			break
		}
	}
	s.left += uint64(n)
	return n, nil
}

func (s *fakeSink) Taken() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func (s *fakeSink) End()   { s.finish("end") }
func (s *fakeSink) Abort() { s.finish("abort") }

func (s *fakeSink) finish(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != "" {
		panic("ended twice: " + s.end + ", " + how)
	}
	s.end = how
	s.changed.Broadcast()
}

// drain makes room for n more bytes; a negative n is as much as there will ever be.
func (s *fakeSink) drain(n int) {
	s.mu.Lock()
	if n < 0 {
		s.room = -1
	} else if s.room >= 0 {
		s.room += n
	}
	notify := s.refused && s.end == ""
	s.refused = s.refused && !notify
	s.mu.Unlock()
	if notify {
		s.notify.Drained()
	}
}

// limit leaves room for n bytes more.
func (s *fakeSink) limit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room = n
}

// progress lets bytes leave towards the peer without making room.
func (s *fakeSink) progress() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left++
}

// fail is the peer's end of the connection.
func (s *fakeSink) fail() {
	s.mu.Lock()
	s.failed = true
	s.changed.Broadcast()
	s.mu.Unlock()
	s.notify.Gone(fanout.EndGone)
}

// ended returns how the stream was ended.
func (s *fakeSink) ended() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end
}

// stream returns what the peer got, without the coding of the form. What is cut ends where it was cut; a stream that
// was ended properly must be whole, the checksum of a compressed one included.
func (s *fakeSink) stream() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var r io.Reader = bytes.NewReader(s.bytes[min(s.head, len(s.bytes)):])
	if s.form&fanout.FormChunk != 0 {
		if s.end == "end" {
			r = io.MultiReader(r, strings.NewReader("0\r\n\r\n")) // which is the server's to write
		}
		r = httputil.NewChunkedReader(r)
	}
	text, err := readCoded(r, s.form)
	if cut := errors.Is(err, io.ErrUnexpectedEOF); err != nil && !cut || cut && s.end == "end" {
		return fmt.Sprintf("%s and then, ended by %q: %v", text, s.end, err)
	}
	return string(text)
}

// readCoded reads a stream of which the chunked coding is gone.
func readCoded(r io.Reader, form fanout.Form) ([]byte, error) {
	if form&fanout.FormGzip == 0 {
		return io.ReadAll(r)
	}
	unzipped, err := gzip.NewReader(r)
	if err == io.EOF { // nothing has come yet
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

// events decodes what the peer got.
func (s *fakeSink) events() []sse.Event { return decode(s.stream()) }

// decode returns the events of a stream. One that is cut stands at the end as an event of type "cut".
func decode(stream string) []sse.Event {
	var events []sse.Event
	for e, err := range sse.Read(strings.NewReader(stream), sse.Options{}) {
		if err != nil {
			return append(events, sse.Event{Type: "error", Data: err.Error()})
		}
		events = append(events, e)
	}
	if rest := stream[strings.LastIndex("\n\n"+stream, "\n\n"):]; rest != "" && strings.Trim(rest, ":\n") != "" {
		events = append(events, sse.Event{Type: "cut", Data: rest})
	}
	return events
}

// data returns the data of the events that are updates.
func data(events []sse.Event) []string {
	var list []string
	for _, e := range events {
		if !strings.HasPrefix(e.Type, "tidings.") {
			list = append(list, e.Data)
		}
	}
	return list
}

// fakePeer is the other end of a fakeSink, which has as much room as the peer has read.
type fakePeer struct{ *fakeSink }

func (p fakePeer) Read(b []byte) (int, error) {
	p.mu.Lock()
	for p.read == len(p.bytes) && p.end == "" && !p.failed {
		p.changed.Wait()
	}
	n := copy(b, p.bytes[p.read:])
	p.read += n
	end := p.end
	p.mu.Unlock()
	if n > 0 {
		p.drain(n)
		return n, nil
	}
	if end == "end" {
		return 0, io.EOF
	}
	return 0, io.ErrUnexpectedEOF
}

func (p fakePeer) Close() error {
	p.fail()
	return nil
}
