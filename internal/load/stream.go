package load

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// maxOpening is how many streams of net/http are opened at once.
const maxOpening = 256

// streams begins to connect all subscribers by net/http, a goroutine each, and to read their streams until ctx ends.
func streams(ctx context.Context, r *run) {
	shards := make([]*shard, r.threads())
	for i := range shards {
		shards[i] = r.newShard()
	}
	o := &r.options
	together := 1
	if o.HTTP2 {
		together = o.Streams
	}
	opening := make(chan struct{}, maxOpening)
	began := time.Now()
	r.readers.Go(func() {
		for first := 0; first < o.Subscribers; first += together {
			last := min(first+together, o.Subscribers)
			if !r.pace(ctx, began, first) {
				return
			}
			opening <- struct{}{}
			t := o.transport(first)
			// The first stream opens the connection that the others of an HTTP/2 client share.
			opened := make(chan struct{})
			r.readers.Go(func() {
				var all sync.WaitGroup
				defer t.CloseIdleConnections()
				s := &stream{run: r, shard: shards[first%len(shards)], transport: t}
				s.index = first
				all.Go(func() { s.follow(ctx, func() { close(opened); <-opening }) })
				<-opened
				for i := first + 1; i < last; i++ {
					opening <- struct{}{}
					s := &stream{run: r, shard: shards[i%len(shards)], transport: t}
					s.index = i
					all.Go(func() { s.follow(ctx, func() { <-opening }) })
				}
				all.Wait()
			})
		}
	})
}

// pace waits until subscriber i is due; false means that ctx ended before.
func (r *run) pace(ctx context.Context, began time.Time, i int) bool {
	if r.options.Ramp == 0 {
		return ctx.Err() == nil
	}
	due := began.Add(time.Duration(float64(i) / float64(r.options.Ramp) * float64(time.Second)))
	return sleepUntil(ctx, due)
}

// transport returns the client of a connection that begins with subscriber i.
func (o *Options) transport(i int) *http.Transport {
	t := &http.Transport{
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: o.Insecure},
		TLSHandshakeTimeout:   o.Timeout,
		ResponseHeaderTimeout: o.Timeout,
		DisableCompression:    true, // what is asked for is what is read
		Protocols:             new(http.Protocols),
		ReadBufferSize:        4 << 10,
		WriteBufferSize:       1 << 10,
	}
	t.Protocols.SetHTTP1(!o.HTTP2)
	t.Protocols.SetHTTP2(o.HTTP2)
	t.Protocols.SetUnencryptedHTTP2(o.HTTP2)
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		d := &net.Dialer{Timeout: o.Timeout}
		if server, err := net.ResolveTCPAddr(network, addr); err == nil {
			if from, ok := source(server.AddrPort().Addr().Unmap(), i); ok {
				d.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
			}
		}
		return d.DialContext(ctx, network, addr)
	}
	return t
}

// stream is a subscriber that net/http reads.
type stream struct {
	subscriber
	run       *run
	shard     *shard
	transport *http.Transport
}

// follow opens the stream, calls opened, whether or not that went well, and reads to the stream's end or that of ctx.
func (s *stream) follow(ctx context.Context, opened func()) {
	body, err := s.open(ctx)
	opened()
	board := s.shard.board
	if err != nil {
		board.fail(s.index, err)
		return
	}
	defer body.Close()
	board.open()
	if s.run.plan.habits[s.index] == stuck {
		<-ctx.Done()
		return
	}
	if err := s.readAll(ctx, body); ctx.Err() == nil {
		board.end(err)
	}
}

// open opens the stream.
func (s *stream) open(ctx context.Context) (io.ReadCloser, error) {
	u, err := s.run.options.streamURL(s.run.plan, s.index)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	r.Header = s.run.streamHeader()
	r.Host = r.Header.Get("Host")
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if err := checkStream(resp); err != nil {
		defer resp.Body.Close()
		return nil, fmt.Errorf("%w: %.200q", err, textOf(resp.Header.Get("Content-Type"), resp.Body))
	}
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return resp.Body, nil
	}
	return &inflated{body: resp.Body}, nil
}

// readAll reads the body. It returns why that ended.
func (s *stream) readAll(ctx context.Context, body io.Reader) error {
	buffer := make([]byte, 16<<10)
	slowly := s.run.plan.habits[s.index] == slow
	if slowly {
		buffer = buffer[:min(len(buffer), max(1, s.run.options.SlowRate/10))]
	}
	for {
		n, err := body.Read(buffer)
		s.take(buffer[:n])
		if err != nil {
			return err
		}
		if slowly && !sleepUntil(ctx, time.Now().Add(100*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// take reads a piece of the stream.
func (s *stream) take(piece []byte) {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	s.shard.turn()
	s.shard.bytes += uint64(len(piece))
	s.shard.read(&s.subscriber, piece)
	s.shard.report()
}

// inflated is the content of a compressed body. The decoder is made with the first Read, since it waits for the
// first bytes.
type inflated struct {
	body   io.ReadCloser
	reader *gzip.Reader
}

func (z *inflated) Read(b []byte) (n int, err error) {
	if z.reader == nil {
		if z.reader, err = gzip.NewReader(z.body); err != nil {
			return 0, err
		}
	}
	return z.reader.Read(b)
}

func (z *inflated) Close() error { return z.body.Close() }
