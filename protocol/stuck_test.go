package protocol_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
)

const (
	crowd      = 100      // readers beside the stuck one
	crowdEvent = 64 << 10 // bytes of data in an event
	crowdBytes = 16 << 20 // bytes of data published
)

// update is the i-th of a series of large updates, counted from 1.
func update(i int) eventlog.Update {
	number := fmt.Sprintf("%d ", i)
	return eventlog.Update{Topics: []string{"a"}, Data: number + strings.Repeat("x", crowdEvent-len(number))}
}

// stuckServer serves a hub whose subscribers hear no heartbeats, so that their streams consist of events alone.
func stuckServer(t *testing.T, m mode, j *journal, stall time.Duration) *server {
	t.Helper()
	return serve(t, m, hub.Options{Fanout: fanout.Options{
		Heartbeat: time.Hour, Stall: stall, Observer: j.observer(),
	}}, protocol.Options{})
}

// stuckReader opens a stream with signals on a connection of its own, with small buffers, and reads no further
// than its hello, which says who it is.
func stuckReader(t *testing.T, s *server, header ...string) (r *reader, id string) {
	t.Helper()
	own := s.transport.Clone()
	own.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(256 << 10)
	}
	own.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
	t.Cleanup(own.CloseIdleConnections)
	r = (&server{url: s.url, transport: own}).subscribe(t, "topic=a&signals=1", header...)
	t.Cleanup(r.leave)
	var hello hub.HelloData
	e := r.next()
	if err := json.Unmarshal([]byte(e.Data), &hello); err != nil || e.Type != fanout.SignalHello {
		t.Fatalf("got %+v, %v", e, err)
	}
	return r, hello.Subscriber
}

// expected is a stream that fails when something else is written to it than the body that a reader must get.
type expected struct{ rest []byte }

func (e *expected) Write(p []byte) (int, error) {
	if !bytes.HasPrefix(e.rest, p) {
		return 0, errors.New("the stream is not what was published")
	}
	e.rest = e.rest[len(p):]
	return len(p), nil
}

// besideCrowd publishes the series to a stuck reader, and every one of share updates to a crowd of readers beside
// it. It returns when everybody in the crowd has got everything, and the stuck one has been seen to go behind.
func besideCrowd(t *testing.T, s *server, j *journal, stuck string, share int) (published int) {
	t.Helper()
	published = crowdBytes / crowdEvent
	body := sse.AppendComment(nil, "")
	epoch := s.hub.Head().Epoch
	for i := share; i <= published; i += share {
		var err error
		id := eventlog.Position{Epoch: epoch, Offset: uint64(i)}.String()
		if body, err = sse.AppendEvent(body, &sse.Event{ID: id, Data: update(i).Data}); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	var some *server
	for i := range crowd {
		if i%25 == 0 { // that many share a connection of HTTP/2
			some = &server{url: s.url, transport: s.transport.Clone()}
			t.Cleanup(some.transport.CloseIdleConnections)
		}
		r := some.subscribe(t, "topic=crowd")
		group.Go(func() {
			if _, err := io.CopyN(&expected{body}, r.response.Body, int64(len(body))); err != nil {
				t.Errorf("reader %d beside the stuck one: %v", i, err)
			}
			r.leave()
		})
	}
	bound := s.hub.Options().Fanout.ChunkBytes + 2*crowdEvent
	for i := 1; i <= published; i++ {
		u := update(i)
		if i%share == 0 {
			u.Topics = append(u.Topics, "crowd")
		}
		s.publish(t, u)
		if i%16 != 0 {
			continue
		}
		subscribers(t, s.hub) // the first look may be in the middle of a turn, before it is written
		for _, sub := range subscribers(t, s.hub) {
			if sub.ID == stuck && sub.PendingBytes > bound {
				t.Errorf("%d bytes are held for the stuck reader, more than %d", sub.PendingBytes, bound)
			}
		}
	}
	group.Wait()
	for wait(t, j.behind, "the stuck reader behind").String() != stuck { // others may fall behind for a while
	}
	return published
}

// wantSeries reads the updates from first to last, and signals between them.
func (r *reader) wantSeries(first, last int) {
	r.t.Helper()
	for i := first; i <= last; i++ {
		if e := r.next(); e.Data != update(i).Data {
			r.t.Fatalf("update %d: got id %s, %.20q", i, e.ID, e.Data)
		}
	}
}

// TestStuckReaderReadsAgain: one that stops reading beside 100 others disturbs none of them; when it reads again
// within the stall limit it gets everything in order, on the same stream.
func TestStuckReaderReadsAgain(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := stuckServer(t, m, j, 10*time.Minute)
		r, id := stuckReader(t, s)
		n := besideCrowd(t, s, j, id, 2)
		state := subscribers(t, s.hub)
		if i := indexOf(state, id); i < 0 || !state[i].Blocked || state[i].Live {
			t.Fatalf("%s is not stuck: %+v", id, state)
		}
		r.wantSeries(1, n)
		s.publish(t, update(n+1))
		r.wantSeries(n+1, n+1)
	})
}

func indexOf(state []fanout.SubscriberState, id string) int {
	for i, s := range state {
		if s.ID == id {
			return i
		}
	}
	return -1
}

// TestStuckReaderStalls: one that does not read again within the stall limit is ended, and comes back with its
// cursor to get the rest.
func TestStuckReaderStalls(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := stuckServer(t, m, j, 2*time.Second)
		r, id := stuckReader(t, s)
		n := besideCrowd(t, s, j, id, 8)
		for e := wait(t, j.ended, "the end of the stuck reader"); ; e = wait(t, j.ended, "the end of the stuck reader") {
			if e.id.String() == id {
				if e.reason != fanout.EndStalled {
					t.Fatalf("ended because of %v", e.reason)
				}
				break
			}
			if e.reason != fanout.EndGone { // the crowd leaves when it has everything
				t.Errorf("one of the crowd ended because of %v", e.reason)
			}
		}
		got, cursor := 0, ""
		for { // what was on its way
			e, err := r.decoder.Decode()
			if err == io.EOF {
				t.Fatal("the stream looks complete")
			}
			if err != nil {
				break
			}
			if got++; e.Data != update(got).Data {
				t.Fatalf("update %d: got id %s, %.20q", got, e.ID, e.Data)
			}
			cursor = e.ID
		}
		if got == n {
			t.Fatal("the stuck reader got everything")
		}
		if cursor == "" {
			cursor = r.decoder.LastEventID() // of the hello
		}
		again, _ := stuckReader(t, s, "Last-Event-ID", cursor)
		if answer := again.answer(); answer != cursor {
			t.Fatalf("came back with %s, and the head says %s", cursor, answer)
		}
		again.wantSeries(got+1, n)
	})
}

// TestStuckReaderCostsNoMemory: the process does not grow with what a stuck reader misses. The log and the window
// keep a quarter of what is published, and only that is held.
func TestStuckReaderCostsNoMemory(t *testing.T) {
	const kept = crowdBytes / 4
	run(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := serve(t, m, hub.Options{
			Log: newMemory(t, eventlog.Retention{MaxBytes: kept}),
			Fanout: fanout.Options{
				Heartbeat: time.Hour, Stall: 10 * time.Minute, WindowBytes: kept, KeptBytes: kept / 8, Observer: j.observer(),
			},
		}, protocol.Options{})
		r, id := stuckReader(t, s)
		n := 0
		heapAfter := func(bytes int) uint64 {
			for range bytes / crowdEvent {
				n++
				s.publish(t, update(n))
			}
			subscribers(t, s.hub) // every shard has taken what was published
			runtime.GC()
			runtime.GC() // pools are emptied by the second
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			return stats.HeapAlloc
		}
		before := heapAfter(2 * kept)
		if got := wait(t, j.behind, "the stuck reader behind").String(); got != id {
			t.Fatalf("%s is behind, not %s", got, id)
		}
		after := heapAfter(crowdBytes)
		if after > before+kept/4 {
			t.Errorf("%d bytes more are held after it missed %d more", after-before, crowdBytes)
		}
		// What it was not sent is gone from the log, and it is told so in its stream.
		gaps := 0
		for next := 1; next <= n; {
			e := r.next()
			if e.Type != fanout.SignalGap {
				if e.Data != update(next).Data {
					t.Fatalf("update %d: got id %s, %.20q", next, e.ID, e.Data)
				}
				next++
				continue
			}
			var gap fanout.GapData
			if err := json.Unmarshal([]byte(e.Data), &gap); err != nil {
				t.Fatal(err)
			}
			to, ok := eventlog.ParsePosition(gap.To)
			if !ok || int(to.Offset) < next {
				t.Fatalf("gap %+v behind update %d", gap, next-1)
			}
			gaps++
			next = int(to.Offset) + 1
		}
		if gaps == 0 {
			t.Error("nothing was lost to it: the test does not test it")
		}
		t.Logf("heap: %d KiB, then %d KiB after %d KiB more were published", before>>10, after>>10, crowdBytes>>10)
	})
}
