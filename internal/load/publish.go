package load

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
)

// publisher publishes one update, or one burst of lines, after the other.
type publisher struct {
	run     *run
	lane    uint16
	poster  poster
	seqs    []uint32 // of each topic, the last number that was acknowledged
	took    Histogram
	late    time.Duration // at worst
	refused uint64
	first   error // of the refusals
	data    []byte
}

func newPublisher(r *run, lane int) *publisher {
	return &publisher{
		run: r, lane: uint16(lane), poster: poster{options: &r.options}, seqs: make([]uint32, r.options.Topics),
	}
}

// publish publishes update k of the run, whose topic follows from k. It was due at sent.
func (p *publisher) publish(ctx context.Context, k int, sent time.Duration) error {
	o := &p.run.options
	t := k % o.Topics
	name := o.topicName(t)
	u, err := o.publishURL(name)
	if err != nil {
		return err
	}
	data := string(p.dataOf(t, p.seqs[t]+1, sent))
	if err := p.post(ctx, u, o.PublishType, o.publishBody(name, data)); err != nil {
		return p.orRefused(err, 1)
	}
	p.seqs[t]++
	p.acknowledged(t, 1)
	return nil
}

// publishLines publishes the n updates from k on in one request.
func (p *publisher) publishLines(ctx context.Context, k, n int, sent time.Duration) error {
	o := &p.run.options
	u, err := o.publishURL(o.topicName(k % o.Topics))
	if err != nil {
		return err
	}
	numbers := map[int]uint32{} // of each topic, how many of the n are its own
	var body strings.Builder
	lines := json.NewEncoder(&body)
	for i := k; i < k+n; i++ {
		t := i % o.Topics
		numbers[t]++
		line := struct {
			Topic string `json:"topic"`
			Data  string `json:"data"`
		}{o.topicName(t), string(p.dataOf(t, p.seqs[t]+numbers[t], sent))}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	if err := p.post(ctx, u, typeLines, body.String()); err != nil {
		return p.orRefused(err, uint64(n))
	}
	for t, more := range numbers {
		p.seqs[t] += more
		p.acknowledged(t, int64(more))
	}
	return nil
}

func (p *publisher) dataOf(topic int, seq uint32, sent time.Duration) []byte {
	p.data = p.run.filler.append(p.data[:0], stamp{
		run: p.run.id, topic: uint32(topic), lane: p.lane, seq: seq, sent: int64(sent),
	})
	return p.data
}

// post posts and counts how long it took.
func (p *publisher) post(ctx context.Context, u *url.URL, kind, body string) error {
	began := time.Now()
	answer, err := p.poster.post(ctx, u, kind, body)
	if err != nil {
		return err
	}
	p.took.Record(time.Since(began))
	if kind == typeLines && strings.Contains(answer, `"status":`) {
		// Which of the lines it is would have to be told to the lanes; it is a limit that is set too low anyway.
		return errors.Join(errHalfRefused, &RefusedError{"200 OK, but refused a line", answer[strings.Index(answer, `"status":`):]})
	}
	return nil
}

// errHalfRefused is a request of which a part was published.
var errHalfRefused = errors.New("load: a part of a burst was refused")

// acknowledged counts n updates of a topic that the hub has.
func (p *publisher) acknowledged(topic int, n int64) {
	p.run.board.published.Add(n)
	p.run.board.expected.Add(n * p.run.plan.readers[topic])
}

// orRefused counts n updates as refused if that is what err says. Their numbers are used again. It returns err if
// the run cannot go on with it: also if the very first update is refused, since the others will be.
func (p *publisher) orRefused(err error, n uint64) error {
	_, refused := errors.AsType[*RefusedError](err)
	if !refused || errors.Is(err, errHalfRefused) || p.run.board.published.Load() == 0 {
		return err
	}
	p.refused += n
	if p.first == nil {
		p.first = err
	}
	return nil
}
