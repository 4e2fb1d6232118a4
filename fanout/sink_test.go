package fanout_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/fanout"
)

// connection opens a stream: a sink that is bound to n and works, and what the peer sees of it. Closing the peer
// is its going away. stall is the limit for sinks that notice by themselves that a peer takes nothing.
type connection func(t *testing.T, stall time.Duration, n fanout.Notifier) (fanout.Sink, io.ReadCloser)

// testSink is the suite that every Sink passes.
func testSink(t *testing.T, open connection) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, connection)
	}{
		{"Delivers", testSinkDelivers},
		{"RefusesAndDrains", testSinkRefuses},
		{"EndsBehindWhatItTook", testSinkEnds},
		{"Aborts", testSinkAborts},
		{"NoticesThatThePeerHasGone", testSinkGone},
		{"NoticesItAlsoWhileFull", testSinkGoneFull},
		{"Stalls", testSinkStalls},
		{"DoesNotStallWhileSlow", testSinkSlow},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}

func TestFakeSink(t *testing.T) {
	testSink(t, func(_ *testing.T, _ time.Duration, n fanout.Notifier) (fanout.Sink, io.ReadCloser) {
		s := newFake(smallBuffer)
		s.Bind(n)
		return s, fakePeer{s}
	})
}

func TestResponseSink(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) { testSink(t, responses(m)) })
}

// responses opens ResponseSinks of a real server.
func responses(m mode) connection {
	return func(t *testing.T, stall time.Duration, n fanout.Notifier) (fanout.Sink, io.ReadCloser) {
		t.Helper()
		sinks := make(chan fanout.Sink, 1)
		client, url := serve(t, m, func(w http.ResponseWriter, r *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil { // the head goes out at once
				t.Error(err)
			}
			sink := fanout.NewResponseSink(stall, fanout.FormEvent)
			sink.Bind(n)
			sinks <- sink
			_ = sink.Run(r.Context(), w) // the test sees how it ended by the peer and by n
		})
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 + map[bool]int{true: 1}[m.h2]; response.ProtoMajor != want {
			t.Fatalf("the answer came over %s", response.Proto)
		}
		t.Cleanup(func() { response.Body.Close() })
		return <-sinks, response.Body
	}
}

// content returns n bytes of which no part is like another.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // never fails, says its documentation
	return b
}

// split cuts b into buffers of size bytes, as frames are.
func split(b []byte, size int) [][]byte {
	var bufs [][]byte
	for len(b) > 0 {
		n := min(size, len(b))
		bufs = append(bufs, b[:n])
		b = b[n:]
	}
	return bufs
}

// await returns when condition is true of the notes.
func (n *notes) await(t *testing.T, what string, condition func(drained int, gone []fanout.EndReason) bool) {
	t.Helper()
	timeout := time.After(eventually)
	for {
		if condition(n.get()) {
			return
		}
		select {
		case <-n.changed:
		case <-timeout:
			drained, gone := n.get()
			t.Fatalf("%s: not within %v; drained %d times, gone %v", what, eventually, drained, gone)
		}
	}
}

// fill offers until the sink refuses, and returns how many bytes it took.
func fill(t *testing.T, sink fanout.Sink, b []byte) int {
	t.Helper()
	taken := 0
	for taken < len(b) {
		next := b[taken:min(taken+1000, len(b))]
		n := offer(t, sink, [][]byte{next})
		taken += n
		if n < len(next) {
			return taken
		}
	}
	t.Fatalf("a sink of which nothing is read took %d bytes", taken)
	return 0
}

// readAll reads a stream to its end in the background.
func readAll(r io.Reader) <-chan []byte {
	done := make(chan []byte, 1)
	go func() {
		b, err := io.ReadAll(r)
		if err != nil {
			b = append(b, " and then: "+err.Error()...)
		}
		done <- b
	}()
	return done
}

// awaitTaken returns when Taken has come to n, which is when the peer has acknowledged so much. The peer reads.
func awaitTaken(t *testing.T, sink fanout.Sink, n int) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for timeout := time.After(eventually); sink.Taken() != uint64(n); {
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatalf("Taken() = %d, want %d", sink.Taken(), n)
		}
	}
}

func within[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(eventually):
		t.Fatalf("%s: not within %v", what, eventually)
		panic("unreachable")
	}
}

func testSinkDelivers(t *testing.T, open connection) {
	n := newNotes()
	sink, peer := open(t, time.Minute, n)
	b := content(5000)
	for _, part := range split(b, 1250) {
		if took := offer(t, sink, split(part, 100)); took != len(part) {
			t.Fatalf("an idle sink took %d of %d bytes", took, len(part))
		}
		got := make([]byte, len(part))
		if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, part) {
			t.Fatalf("the peer got something else, or %v", err)
		}
	}
	awaitTaken(t, sink, len(b))
	sink.End()
	if rest := within(t, "the end", readAll(peer)); len(rest) > 0 {
		t.Errorf("behind the end the peer got %.100q", rest)
	}
	if drained, gone := n.get(); drained > 0 || len(gone) > 0 {
		t.Errorf("told %d times that it has drained, which it was not asked, and gone: %v", drained, gone)
	}
}

func testSinkRefuses(t *testing.T, open connection) {
	n := newNotes()
	sink, peer := open(t, time.Minute, n)
	b := content(1 << 20)
	at := fill(t, sink, b)
	got := readAll(peer)
	for refused := 1; at < len(b); {
		n.await(t, "draining", func(drained int, _ []fanout.EndReason) bool { return drained == refused })
		if took := offer(t, sink, split(b[at:], 3000)); took < len(b)-at {
			refused++
			at += took
		} else {
			at = len(b)
		}
	}
	awaitTaken(t, sink, len(b))
	sink.End()
	if !bytes.Equal(within(t, "reading", got), b) {
		t.Error("the peer got something else than what the sink took")
	}
}

func testSinkEnds(t *testing.T, open connection) {
	sink, peer := open(t, time.Minute, newNotes())
	b := content(4 << 20)
	taken := fill(t, sink, b)
	sink.End()
	if !bytes.Equal(within(t, "reading", readAll(peer)), b[:taken]) {
		t.Errorf("the peer got something else than the %d bytes that were taken", taken)
	}
}

func testSinkAborts(t *testing.T, open connection) {
	sink, peer := open(t, time.Second, newNotes())
	b := content(4 << 20)
	taken := fill(t, sink, b)
	sink.Abort()
	got := within(t, "the end", readAll(peer))
	got, _, _ = bytes.Cut(got, []byte(" and then: "))
	if !bytes.HasPrefix(b[:taken], got) {
		t.Errorf("the peer got %d bytes, which are not the first of those that were taken", len(got))
	}
}

func testSinkGone(t *testing.T, open connection) {
	n := newNotes()
	sink, peer := open(t, time.Minute, n)
	offer(t, sink, split(content(100), 100))
	if _, err := io.ReadFull(peer, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	peer.Close()
	n.await(t, "noticing", func(_ int, gone []fanout.EndReason) bool {
		return cmp.Equal(gone, []fanout.EndReason{fanout.EndGone})
	})
}

func testSinkGoneFull(t *testing.T, open connection) {
	n := newNotes()
	sink, peer := open(t, time.Minute, n)
	fill(t, sink, content(4<<20))
	peer.Close()
	n.await(t, "noticing", func(_ int, gone []fanout.EndReason) bool {
		return cmp.Equal(gone, []fanout.EndReason{fanout.EndGone})
	})
}

// testSinkStalls: of a sink whose peer reads nothing, Taken stands still for the shard's stall check to see, or it
// notices by itself.
func testSinkStalls(t *testing.T, open connection) {
	n := newNotes()
	const stall = 300 * time.Millisecond
	sink, _ := open(t, stall, n)
	b := content(4 << 20)
	fill(t, sink, b)
	ticks := time.NewTicker(stall)
	defer ticks.Stop()
	_, byItself := sink.(*fanout.ResponseSink)
	for refills, before := 0, sink.Taken(); ; before = sink.Taken() {
		<-ticks.C
		drained, gone := n.get()
		switch {
		case drained > refills: // what lies between sink and peer has taken something
			if refills++; refills > 100 {
				t.Fatal("drained a hundred times, though nobody reads")
			}
			fill(t, sink, b)
		case len(gone) > 0:
			if !cmp.Equal(gone, []fanout.EndReason{fanout.EndStalled}) {
				t.Errorf("gone %v, want stalled", gone)
			}
			return
		case !byItself && sink.Taken() == before:
			return
		}
	}
}

// testSinkSlow: a peer that reads a little now and then is not stalled, however long it goes on like that with
// the sink full.
func testSinkSlow(t *testing.T, open connection) {
	// A step is what TCP on the loopback waits for before it says that there is room.
	const stall, steps, step = 600 * time.Millisecond, 15, 64 << 10
	n := newNotes()
	sink, peer := open(t, stall, n)
	b := content(4 << 20)
	taken, refills := fill(t, sink, b), 0

	slow, rest := make(chan error, 1), make(chan []byte, 1)
	got := make([]byte, steps*step)
	go func() {
		pace := time.NewTicker(2 * stall / steps) // twice the limit in all
		defer pace.Stop()
		for i := range steps {
			<-pace.C
			if _, err := io.ReadFull(peer, got[i*step:(i+1)*step]); err != nil {
				slow <- err
				return
			}
		}
		slow <- nil
		rest <- <-readAll(peer)
	}()
	for reading := true; reading; {
		select {
		case err := <-slow:
			if err != nil {
				t.Fatal(err)
			}
			reading = false
		case <-n.changed:
			if drained, _ := n.get(); drained > refills {
				refills++
				taken += fill(t, sink, b[taken:])
			}
		case <-time.After(eventually):
			t.Fatalf("nothing is read and nothing drains for %v", eventually)
		}
	}
	if refills == 0 {
		t.Error("the sink never drained: it was not the reader that it waited for")
	}
	sink.End()
	got = append(got, within(t, "reading the rest", rest)...)
	if !bytes.Equal(got, b[:taken]) {
		t.Errorf("the peer got %d bytes, which are not the %d that were taken", len(got), taken)
	}
	if _, gone := n.get(); len(gone) > 0 {
		t.Errorf("gone: %v", gone)
	}
}
