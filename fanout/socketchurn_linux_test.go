package fanout_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httputil"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/internal/leaktest"
	"github.com/tidings-hub/tidings/sse"
)

var cycles = flag.Int("cycles", 2000, "how many connections TestSocketChurn opens and closes")

// churn opens and closes connections of one rig.
type churn struct {
	*rig
	shapes    []shape
	listeners []net.Listener
	accept    []sync.Mutex
	publish   sync.Mutex
	leaving   [leavings]atomic.Int32
}

// The ways in which a stream comes to its end.
const (
	leaveReset = iota
	leaveClose
	leaveHalf
	leaveWhileFull
	leaveEnded   // by us
	leaveRefused // it never begins
	leavings
)

// TestSocketChurn: connections come and go in all ways at the same time. Each stream has its own updates only, however
// the numbers of descriptors are used again; those that stay are not disturbed; and in the end no descriptor and no
// goroutine is left.
func TestSocketChurn(t *testing.T) {
	const workers, bystanders = 8, 20
	r := newRig(t, eventlog.Retention{MaxBytes: 4 << 20}, fanout.Options{Shards: 3, PendingBytes: 10_000})
	c := &churn{rig: r}
	for _, s := range append(usual, shape{network: "tcp", segment: 536, send: 5000, receive: 5000}) {
		c.shapes = append(c.shapes, s)
		c.listeners = append(c.listeners, s.listen(t))
	}
	c.accept = make([]sync.Mutex, len(c.shapes))
	for i := range leavings { // all that the runtime opens once is open then
		if err := c.cycle(t.Context(), fmt.Sprint("first ", i), rand.New(rand.NewPCG(1, uint64(i)))); err != nil {
			t.Fatal(err)
		}
	}
	waitUntil(t, func() bool { return r.fan.Sockets() == 0 }, func() string { return "no socket" })
	before, goroutines := descriptors(t), runtime.NumGoroutine()

	streams := make([]*stream, bystanders)
	for i := range streams {
		var err error
		if streams[i], err = c.attach(t.Context(), i%len(c.shapes), fmt.Sprint("bystander ", i)); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	begin := time.Now()
	var next atomic.Int32
	for w := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 6))
			for i := next.Add(1); int(i) <= *cycles; i = next.Add(1) {
				if err := c.cycle(t.Context(), fmt.Sprint("topic ", i), random); err != nil {
					t.Errorf("cycle %d: %v", i, err)
					return
				}
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	for i, s := range streams {
		name := fmt.Sprint("bystander ", i)
		c.send(name, "still here")
		if err := s.want("still here"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.peer.Close()
	}
	waitUntil(t, func() bool { return r.fan.Sockets() == 0 }, func() string {
		return fmt.Sprintf("no socket, but %d", r.fan.Sockets())
	})
	waitUntil(t, func() bool { return descriptors(t) == before }, func() string {
		return fmt.Sprintf("%d descriptors, but %d", before, descriptors(t))
	})
	if err := leaktest.Wait(goroutines); err != nil {
		t.Error(err)
	}
	t.Logf("%d cycles in %v; %d descriptors and %d goroutines before and after", *cycles, took.Round(time.Millisecond), before, goroutines)
	for how := range c.leaving {
		if c.leaving[how].Load() == 0 {
			t.Errorf("nobody left in the way %d", how)
		}
	}
}

// stream is a peer that reads a stream.
type stream struct {
	peer    net.Conn
	sub     *fanout.Subscriber
	decoder *sse.Decoder
}

// want reads an update.
func (s *stream) want(data string) error {
	if err := s.peer.SetReadDeadline(time.Now().Add(eventually)); err != nil {
		return err
	}
	e, err := s.decoder.Decode()
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	if e.Data != data {
		return fmt.Errorf("got %.100q, want %.100q", e.Data, data)
	}
	return nil
}

// connect returns a sink and its peer.
func (c *churn) connect(ctx context.Context, i int) (sink *fanout.SocketSink, peer net.Conn, err error) {
	c.accept[i].Lock() // so that both ends are of one connection
	ours, peer, err := c.shapes[i].connect(ctx, c.listeners[i])
	c.accept[i].Unlock()
	if err != nil {
		return nil, nil, err
	}
	sink, err = fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
	return sink, peer, err
}

// attach opens a stream of what is published to the topic from now on.
func (c *churn) attach(ctx context.Context, i int, topic string) (*stream, error) {
	sink, peer, err := c.connect(ctx, i)
	if err != nil {
		return nil, err
	}
	o := subscriptionOf(topic)
	o.After = c.log.Head()
	sub, err := c.fan.Attach(o, sink)
	if err != nil {
		return nil, err
	}
	in := httputil.NewChunkedReader(bufio.NewReader(peer))
	return &stream{peer: peer, sub: sub, decoder: sse.NewDecoder(in, sse.Options{})}, nil
}

// send publishes an update.
func (c *churn) send(topic, data string) {
	c.publish.Lock()
	defer c.publish.Unlock()
	c.publishUpdates(eventlog.Update{Topics: []string{topic}, Data: data})
}

// cycle opens a stream, gets an update, and leaves in some way.
func (c *churn) cycle(ctx context.Context, topic string, random *rand.Rand) error {
	i, how := random.IntN(len(c.shapes)), random.IntN(leavings)
	c.leaving[how].Add(1)
	if how == leaveRefused {
		sink, peer, err := c.connect(ctx, i)
		if err != nil {
			return err
		}
		defer peer.Close()
		sink.Refuse([]byte(topic))
		if got, err := io.ReadAll(peer); err != nil || string(got) != topic {
			return fmt.Errorf("refused with %q, %w", got, err)
		}
		return nil
	}
	s, err := c.attach(ctx, i, topic)
	if err != nil {
		return err
	}
	defer s.peer.Close()
	c.send(topic, topic+" one")
	if err := s.want(topic + " one"); err != nil {
		return err
	}
	switch how {
	case leaveReset:
		if tcp, ok := s.peer.(*net.TCPConn); ok {
			return reset(tcp)
		}
	case leaveHalf:
		err := s.peer.(interface{ CloseWrite() error }).CloseWrite()
		for err == nil {
			_, err = s.peer.Read(make([]byte, 100))
		}
		if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
			return err // it was not noticed
		}
	case leaveWhileFull:
		c.send(topic, strings.Repeat("x", 300_000))
		_, err := io.ReadFull(s.peer, make([]byte, random.IntN(5000)))
		return err
	case leaveEnded:
		s.sub.Close()
		if _, err := s.decoder.Decode(); err != io.EOF {
			return fmt.Errorf("at the end: %w", err)
		}
	}
	return nil
}
