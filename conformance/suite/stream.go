package suite

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

// stream is an open subscription.
type stream struct {
	t    *probe
	resp *http.Response
	dec  *sse.Decoder
	// onComment, if not nil, is told of each comment.
	onComment func()
}

// longest is the largest event that is read.
const longest = 8 << 20

// open subscribes, which the hub must allow.
func (t *probe) open(c call) *stream {
	resp := t.send(c)
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		t.fail("subscribing to %s: got %d, want 200", short(c.query), resp.StatusCode)
	}
	s := &stream{t: t, resp: resp}
	s.dec = sse.NewDecoder(resp.Body, sse.Options{MaxLine: longest, MaxEvent: longest, OnComment: func(string) {
		if s.onComment != nil {
			s.onComment()
		}
	}})
	t.streams = append(t.streams, s)
	return s
}

// param returns the name of the parameter that takes an exact topic.
func (t *probe) param() string {
	if t.is(Legacy) {
		return "topic"
	}
	return "match"
}

// exact returns the query for topics, and for the one of the update by which expect knows that it has seen all.
func (t *probe) exact(topics ...string) string {
	var pairs []string
	for _, topic := range append(topics, t.topic("end")) {
		pairs = append(pairs, t.param(), topic)
	}
	return fields(pairs...)
}

// listen subscribes to topics with a token, or without one if it is "".
func (t *probe) listen(token string, topics ...string) *stream {
	return t.open(call{query: t.exact(topics...), token: token})
}

// selects subscribes to what a name and a value select.
func (t *probe) selects(name, value string) *stream {
	return t.open(call{query: with(fields(name, value), t.exact())})
}

func (s *stream) close() { s.resp.Body.Close() }

// next returns the next event.
func (s *stream) next() sse.Event {
	e, err := s.dec.Decode()
	if err != nil {
		s.broken(err)
	}
	return e
}

// broken ends the run because a stream yields nothing more.
func (s *stream) broken(err error) {
	switch {
	case errors.Is(s.t.ctx.Err(), context.DeadlineExceeded):
		s.t.fail("an event that should come did not, within %s", s.t.config.Timeout)
	case errors.Is(err, io.EOF):
		s.t.fail("the stream ended before an event that should come")
	}
	s.t.fail("the stream broke: %v", err)
}

// ended reads to the end of a stream and reports whether it has one before the run's time is over.
func (s *stream) ended() bool {
	for {
		if _, err := s.dec.Decode(); err != nil {
			return s.t.ctx.Err() == nil
		}
	}
}

// labelled returns the next event that the run has labelled, and its label.
func (s *stream) labelled() (sse.Event, string) {
	for {
		e := s.next()
		if label, ok := strings.CutPrefix(e.Data, s.t.nonce); ok {
			return e, label
		}
	}
}

// until publishes a last update, which the stream must receive, and returns the labels of all events before it.
func (s *stream) until() []string {
	s.t.ends++
	last := "end " + strconv.Itoa(s.t.ends)
	s.t.label(last, s.t.topic("end"))
	var got []string
	for {
		_, label := s.labelled()
		switch {
		case label == last:
			return got
		case !strings.HasPrefix(label, "end "): // another stream's
			got = append(got, label)
		}
	}
}

// expect ends the run if a stream has received something else than the labelled updates, in this order.
func (t *probe) expect(s *stream, want ...string) {
	if got := s.until(); !slices.Equal(got, want) {
		t.fail("received %s, want %s", quoted(got), quoted(want))
	}
}

// quoted returns a list as people read it.
func quoted(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = strconv.Quote(short(s))
	}
	return strings.Join(texts, ", ")
}

func numbers(list []int) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, " or ")
}
