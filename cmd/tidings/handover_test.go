package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
)

var (
	handoverTime = flag.Duration("handover", 3*time.Second, "how long TestHandover publishes")
	handoverRate = flag.Int("handover-rate", 5000, "how many updates a second TestHandover publishes")
)

const (
	loadPublishers = 32
	loadData       = 1000 // bytes
	loadEnd        = "end"
)

// loadPublisher publishes numbered updates over one connection, with as little work of its own as possible.
type loadPublisher struct {
	name  int
	conn  net.Conn
	reply *bufio.Reader
	sent  int // all of them were answered with 200
}

// publish publishes one update for each of turns.
func (p *loadPublisher) publish(turns <-chan struct{}) error {
	padding := strings.Repeat("x", loadData)
	for range turns {
		p.sent++
		if err := p.post(fmt.Sprintf("%d %d %s", p.name, p.sent, padding)); err != nil {
			return err
		}
	}
	return nil
}

func (p *loadPublisher) post(data string) error {
	body := "topic=load&data=" + url.QueryEscape(data)
	_, err := fmt.Fprintf(p.conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", protocol.DefaultPath, len(body), body)
	if err != nil {
		return err
	}
	resp, err := http.ReadResponse(p.reply, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("publishing: %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// loadSubscriber checks that it gets every update once and in order, whatever happens to its connection.
type loadSubscriber struct {
	client *http.Client
	url    string

	begin time.Duration        // when it comes first
	stops func() time.Duration // for how long it stops reading after some 100 ms; nil for never
	falls func() int           // how often anybody fell behind: it stops reading until that happens; nil for never
	lives func() time.Duration // for how long a connection lives; nil for ever
	calm  <-chan struct{}      // closed when it shall read on and on

	cursor  string
	offset  uint64
	numbers [loadPublishers]int // the last one of each publisher
	streams int
}

// watch follows the stream to its end, over as many connections as it takes.
func (s *loadSubscriber) watch(ctx context.Context) error {
	s.cursor = eventlog.Earliest
	if !s.pause(ctx, s.begin) {
		return ctx.Err()
	}
	for {
		done, err := s.stream(ctx)
		if done || err != nil {
			return err
		}
		if !s.pause(ctx, rand.N(200*time.Millisecond)) {
			return ctx.Err()
		}
	}
}

// stream follows one connection, and reports whether the end was seen.
func (s *loadSubscriber) stream(ctx context.Context) (bool, error) {
	s.streams++
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"?topic=load", nil)
	if err != nil {
		return false, err
	}
	r.Header.Set("Last-Event-ID", s.cursor)
	resp, err := s.client.Do(r)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close() // with what is unread, that resets the connection
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("subscribing behind %s: %s", s.cursor, resp.Status)
	}
	var death <-chan time.Time
	if s.lives != nil {
		death = time.After(s.lives())
	}
	stop := time.Now().Add(100 * time.Millisecond)
	for event, err := range sse.Read(resp.Body, sse.Options{}) {
		if err != nil {
			return false, err
		}
		if event.Data == loadEnd {
			return true, nil
		}
		if err := s.take(&event); err != nil {
			return false, err
		}
		select {
		case <-death:
			return false, nil
		case <-s.calm:
			death, stop = nil, time.Now().Add(time.Hour)
		default:
		}
		if time.Now().After(stop) {
			if !s.stop(ctx) {
				return false, ctx.Err()
			}
			stop = time.Now().Add(100 * time.Millisecond)
		}
	}
	return false, fmt.Errorf("the stream ended behind %s", s.cursor)
}

// stop does not read for a while, and reports false if ctx ends meanwhile.
func (s *loadSubscriber) stop(ctx context.Context) bool {
	if s.falls != nil {
		for before := s.falls(); s.falls() == before; {
			if !s.pause(ctx, 20*time.Millisecond) {
				return false
			}
			select {
			case <-s.calm:
				return true
			default:
			}
		}
	}
	return s.stops == nil || s.pause(ctx, s.stops())
}

// take checks that the event is the next one of its publisher, and behind all others.
func (s *loadSubscriber) take(event *sse.Event) error {
	var name, n int
	if _, err := fmt.Sscanf(event.Data, "%d %d ", &name, &n); err != nil || len(event.Data) < loadData {
		return fmt.Errorf("received %q, %v", event.Data, err)
	}
	if want := s.numbers[name] + 1; n != want {
		return fmt.Errorf("update %d of publisher %d came where %d is due, behind %s in stream %d", n, name, want, s.cursor, s.streams)
	}
	p, ok := eventlog.ParsePosition(event.ID)
	if !ok || p.Offset <= s.offset {
		return fmt.Errorf("id %q follows offset %d", event.ID, s.offset)
	}
	s.numbers[name], s.offset, s.cursor = n, p.Offset, event.ID
	return nil
}

// pause waits, not longer than until calm, and reports false if ctx ends meanwhile.
func (s *loadSubscriber) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.calm:
		return true
	case <-ctx.Done():
		return false
	}
}

// between returns a function that returns random durations.
func between(least, most time.Duration) func() time.Duration {
	return func() time.Duration { return least + rand.N(most-least) }
}

// loadSubscribers returns subscribers of every kind: such as read on and on, such as stop reading, such as are killed
// and come back, such as do both, and such as come late and want everything.
func loadSubscribers(t *testing.T, h *hubProcess, whole time.Duration, calm <-chan struct{}) []*loadSubscriber {
	stops, lives := between(300*time.Millisecond, 900*time.Millisecond), between(50*time.Millisecond, 500*time.Millisecond)
	kinds := []loadSubscriber{
		{},
		{stops: stops},
		{falls: h.falls},
		{lives: lives},
		{lives: lives},
		{lives: between(400*time.Millisecond, 900*time.Millisecond), stops: stops},
		{begin: whole / 3},
		{begin: whole / 2, lives: lives},
	}
	var subscribers []*loadSubscriber
	for _, s := range kinds {
		// What lies in the kernel's buffers hides that nobody reads.
		transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err == nil {
				_ = conn.(*net.TCPConn).SetReadBuffer(256 << 10) // a wish; less than a few segments would be slow
			}
			return conn, err
		}}
		t.Cleanup(transport.CloseIdleConnections)
		s.client, s.url, s.calm = &http.Client{Transport: transport}, h.url, calm
		subscribers = append(subscribers, &s)
	}
	return subscribers
}

// TestHandover publishes at full rate while subscribers connect, stop reading, are killed and come back: each gets
// every update, once, in order.
func TestHandover(t *testing.T) {
	h := startHub(t, "--data", t.TempDir(), "--window-bytes", "2MiB", "--log-level", "debug")
	ctx, cancel := context.WithTimeout(t.Context(), *handoverTime+patience)
	defer cancel()
	calm := make(chan struct{})
	subscribers := loadSubscribers(t, h, *handoverTime, calm)
	var watching sync.WaitGroup
	for i, s := range subscribers {
		watching.Go(func() {
			if err := s.watch(ctx); err != nil {
				t.Errorf("subscriber %d, behind offset %d: %v", i, s.offset, err)
				cancel()
			}
		})
	}
	publishers, took := publishLoad(ctx, t, h)
	close(calm)
	if !t.Failed() {
		h.publish(t, "--topic", "load", "--data", loadEnd)
	}
	late := time.AfterFunc(patience/2, func() { t.Logf("not everybody has caught up: %s", stateOf(h)) })
	watching.Wait()
	late.Stop()

	var sent [loadPublishers]int
	total, streams := 0, 0
	for i, p := range publishers {
		sent[i] = p.sent
		total += p.sent
	}
	for i, s := range subscribers {
		if s.numbers != sent {
			t.Errorf("subscriber %d received up to %v, want %v", i, s.numbers, sent)
		}
		streams += s.streams
	}
	rate := float64(total) / took.Seconds()
	if least := float64(*handoverRate) / 5; rate < least {
		t.Errorf("%.0f updates a second were published, too few to show anything: want %.0f", rate, least)
	}
	if streams < 2*len(subscribers) {
		t.Errorf("%d streams of %d subscribers: nobody came back", streams, len(subscribers))
	}
	if h.falls() == 0 {
		t.Error("no subscriber fell behind")
	}
	t.Logf("%d updates in %v, %.0f a second; %d subscribers in %d streams fell behind %d times",
		total, took.Round(time.Millisecond), rate, len(subscribers), streams, h.falls())
}

// falls returns how often a subscriber fell behind because it did not read.
func (h *hubProcess) falls() int {
	n := 0
	for line := range strings.Lines(h.stderr.String()) {
		if strings.Contains(line, `msg="subscriber behind"`) && strings.Contains(line, "reason=slow") {
			n++
		}
	}
	return n
}

// stateOf returns what the hub says of itself, or why it says nothing.
func stateOf(h *hubProcess) string {
	resp, err := http.Get(h.base + "/debug/state")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// publishLoad publishes at the rate and for the time that the flags say, and on until somebody has fallen behind.
func publishLoad(ctx context.Context, t *testing.T, h *hubProcess) ([]*loadPublisher, time.Duration) {
	t.Helper()
	turns := make(chan struct{}, *handoverRate)
	var publishers []*loadPublisher
	var publishing sync.WaitGroup
	var failed atomic.Bool
	for name := range loadPublishers {
		conn, err := net.Dial("tcp", hostOf(t, h.url))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p := &loadPublisher{name: name, conn: conn, reply: bufio.NewReader(conn)}
		publishers = append(publishers, p)
		publishing.Go(func() {
			if err := p.publish(turns); err != nil {
				t.Errorf("publisher %d: %v", name, err)
				failed.Store(true)
			}
		})
	}
	begun := time.Now()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for given := 0; ctx.Err() == nil && !failed.Load(); <-tick.C {
		if time.Since(begun) >= *handoverTime && h.falls() > 0 {
			break
		}
		for due := int(time.Since(begun).Seconds() * float64(*handoverRate)); given < due; given++ {
			select {
			case turns <- struct{}{}:
			default: // the hub does not keep up: its rate is looked at in the end
			}
		}
	}
	close(turns)
	publishing.Wait()
	return publishers, time.Since(begun)
}
