package fanout_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/fanout"
)

const lastChunk = "0\r\n\r\n"

// cram fills the socket until it takes not one byte more, and returns how many it took.
func (w *wire) cram(t *testing.T, b []byte) int {
	t.Helper()
	taken := 0
	for _, size := range []int{1000, 1} {
		for quiet := false; !quiet; {
			n := offer(t, w, [][]byte{b[taken : taken+size]})
			taken += n
			if quiet = n == 0; quiet {
				<-time.After(50 * time.Millisecond) // what lies between may still move
				n = offer(t, w, [][]byte{b[taken : taken+size]})
				taken += n
				quiet = n == 0
			}
		}
	}
	return taken
}

// wantGone waits until the sink has said why its stream has ended.
func (w *wire) wantGone(t *testing.T, why fanout.EndReason) {
	t.Helper()
	w.notes.await(t, "the end", func(_ int, gone []fanout.EndReason) bool { return len(gone) > 0 })
	if _, gone := w.notes.get(); !cmp.Equal(gone, []fanout.EndReason{why}) {
		t.Errorf("gone: %v, want once: %v", gone, why)
	}
}

// TestSocketEndsWhenFull: the last chunk of a stream whose socket is full goes out as soon as the peer reads, and
// nothing of the stream is lost.
func TestSocketEndsWhenFull(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		w := newWire(t, c, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
		b := content(4 << 20)
		taken := w.cram(t, b)
		w.End()
		<-time.After(fanout.LingerTime + fanout.LingerTime/2) // longer than a peer has that has got everything
		if w.set.Sockets() != 1 {
			t.Fatal("the socket was not waited for")
		}
		if want := string(b[:taken]) + lastChunk; string(within(t, "reading", readAll(w.peer))) != want {
			t.Errorf("the peer did not get the %d bytes that were taken, and the last chunk", taken)
		}
		w.peer.Close()
		wantSockets(t, w.set, 0)
	})
}

// TestSocketEndIsGivenUp: who does not take the last chunk within the stall limit is cut, and can see that it was.
func TestSocketEndIsGivenUp(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		ours, peer := c.pair(t)
		// The set's limit, not the kernel's, is tried here.
		sink, err := fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{})
		if err != nil {
			t.Fatal(err)
		}
		set := fanout.NewSocketSet(200 * time.Millisecond)
		set.Bind(sink, newNotes())
		w := &wire{SocketSink: sink, peer: peer, set: set}
		b := content(4 << 20)
		taken := w.cram(t, b)
		begin := time.Now()
		w.End()
		wantSockets(t, set, 0)
		if took := time.Since(begin); took < 200*time.Millisecond {
			t.Errorf("given up after %v", took)
		}
		got := within(t, "reading", readAll(peer))
		if bytes.HasSuffix(got, []byte(lastChunk)) {
			t.Error("the stream looks complete")
		}
		if c.network == "tcp" && !bytes.HasSuffix(got, []byte(syscall.ECONNRESET.Error())) {
			t.Errorf("the connection was not reset: the peer got %d bytes of %d", len(got), taken)
		}
		set.Close()
	})
}

// TestSocketKill: who waits for room for the last chunk is cut when there is no more time, and so is who comes after.
func TestSocketKill(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		for _, before := range []bool{true, false} {
			ours, peer := c.pair(t)
			sink, err := fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{})
			if err != nil {
				t.Fatal(err)
			}
			set := fanout.NewSocketSet(24 * time.Hour)
			set.Bind(sink, newNotes())
			w := &wire{SocketSink: sink, peer: peer, set: set}
			w.cram(t, content(4<<20))
			if before {
				w.End()
				set.Kill()
			} else {
				set.Kill()
				w.End()
			}
			wantSockets(t, set, 0)
			if got := within(t, "reading", readAll(peer)); bytes.HasSuffix(got, []byte(lastChunk)) {
				t.Errorf("killed before the end %t: the stream looks complete", !before)
			}
			peer.Close()
			set.Close()
		}
	})
}

// TestSocketIsNotKept: a peer that has got everything and does not close is left after a second, and not cut short.
func TestSocketIsNotKept(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		for _, form := range []fanout.Form{fanout.FormEvent, fanout.FormChunk} {
			w := newWire(t, c, form, fanout.SocketOptions{Stall: time.Minute})
			offer(t, w, [][]byte{[]byte("hello")})
			begin := time.Now()
			w.End()
			wantSockets(t, w.set, 0)
			if took := time.Since(begin); took < fanout.LingerTime {
				t.Errorf("closed after %v", took)
			}
			want := "hello"
			if form == fanout.FormChunk {
				want += lastChunk
			}
			if got := within(t, "reading", readAll(w.peer)); string(got) != want {
				t.Errorf("the peer got %q, want %q", got, want)
			}
		}
	})
}

// TestSocketAborts: what is cut does not look complete, also if all that was taken has been read.
func TestSocketAborts(t *testing.T) {
	w := newWire(t, usual[0], fanout.FormEvent, fanout.SocketOptions{Stall: time.Minute})
	offer(t, w, [][]byte{[]byte("hello")})
	if _, err := io.ReadFull(w.peer, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := w.peer.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the peer saw %v", err)
	}
	wantSockets(t, w.set, 0)
}

// TestSocketHears: what a peer sends is discarded, up to a limit.
func TestSocketHears(t *testing.T) {
	onEverySocket(t, func(t *testing.T, c shape) {
		const early = 4000 // bytes that the server has read already
		w := newWire(t, c, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute, Heard: early})
		send := func(n int) {
			t.Helper()
			if _, err := w.peer.Write(bytes.Repeat([]byte("GET / HTTP/1.1\r\n\r\n"), n)[:n]); err != nil {
				t.Fatal(err)
			}
		}
		send(fanout.ChattyLimit - early)
		got := make([]byte, 5)
		offer(t, w, [][]byte{[]byte("hello")})
		if _, err := io.ReadFull(w.peer, got); err != nil || string(got) != "hello" {
			t.Fatalf("the peer got %q, %v", got, err)
		}
		if _, gone := w.notes.get(); len(gone) > 0 {
			t.Errorf("at the limit: %v", gone)
		}
		send(1)
		w.wantGone(t, fanout.EndChatty)
		w.Abort()
		wantSockets(t, w.set, 0)
	})
}

// TestSocketHearsWhileItEnds: a peer that goes on talking while its stream ends, and then pauses for longer than it is
// waited for, gets all of it: a socket that is closed with something unread would be reset.
func TestSocketHearsWhileItEnds(t *testing.T) {
	w := newWire(t, shape{network: "tcp", segment: 1460, send: socketBuffer, receive: 5000}, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
	b := content(4 << 20)
	taken := w.cram(t, b)
	got := make([]byte, 0, len(b))
	before, _ := w.notes.get()
	// When it has drained there is room for the last chunk. It has, long before three quarters of it were read; when
	// that is told is another matter, and to read on until then could be to read all.
	for len(got) < taken/4*3 {
		n, err := w.peer.Read(got[len(got) : len(got)+1000])
		if err != nil {
			t.Fatal(err)
		}
		got = got[:len(got)+n]
	}
	w.notes.await(t, "draining", func(drained int, _ []fanout.EndReason) bool { return drained > before })
	if taken-len(got) < 5_000 {
		t.Fatalf("only %d bytes are on their way", taken-len(got))
	}
	w.End()
	for range 10 {
		if _, err := w.peer.Write(make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	wantSockets(t, w.set, 0)
	got = append(got, within(t, "reading", readAll(w.peer))...)
	if string(got) != string(b[:taken])+lastChunk {
		t.Fatalf("the peer got %d bytes, not the %d that were taken and the last chunk: ... %q", len(got), taken, got[max(0, len(got)-100):])
	}
}

// TestSocketNoticesTheEndOfThePeer: in each way in which one goes.
func TestSocketNoticesTheEndOfThePeer(t *testing.T) {
	tests := []struct {
		name  string
		full  bool
		leave func(peer *net.TCPConn) error
	}{
		{"closes", false, (*net.TCPConn).Close},
		{"closes its half", false, (*net.TCPConn).CloseWrite},
		{"resets", false, reset},
		{"says something and closes its half", false, func(peer *net.TCPConn) error {
			_, err := peer.Write(make([]byte, 10_000))
			return errors.Join(err, peer.CloseWrite())
		}},
		{"closes, with the socket full", true, (*net.TCPConn).Close},
		{"closes its half, with the socket full", true, (*net.TCPConn).CloseWrite},
		{"resets, with the socket full", true, reset},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, usual[0], fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
			if tt.full {
				w.cram(t, content(4<<20))
			}
			if err := tt.leave(w.peer.(*net.TCPConn)); err != nil {
				t.Fatal(err)
			}
			w.wantGone(t, fanout.EndGone)
			w.Abort()
			wantSockets(t, w.set, 0)
			if _, gone := w.notes.get(); len(gone) != 1 {
				t.Errorf("told %v", gone)
			}
		})
	}
}

func reset(peer *net.TCPConn) error { return errors.Join(peer.SetLinger(0), peer.Close()) }

// TestSocketWriteFails: a write to a peer that has gone is an error, for a shard that has not been told yet.
func TestSocketWriteFails(t *testing.T) {
	w := newWire(t, usual[0], fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
	if err := reset(w.peer.(*net.TCPConn)); err != nil {
		t.Fatal(err)
	}
	w.wantGone(t, fanout.EndGone)
	for _, bufs := range [][][]byte{{[]byte("a")}, {[]byte("a"), []byte("b")}} {
		if n, err := w.Offer(bufs); err == nil || n != 0 {
			t.Errorf("Offer of %d buffers = %d, %v", len(bufs), n, err)
		}
	}
	w.End() // a shard that was about to end it properly
	wantSockets(t, w.set, 0)
}

// TestSocketStalls: the kernel notices by itself that a peer acknowledges nothing.
func TestSocketStalls(t *testing.T) {
	w := newWire(t, usual[0], fanout.FormChunk, fanout.SocketOptions{Stall: 500 * time.Millisecond})
	w.cram(t, content(4<<20))
	w.wantGone(t, fanout.EndStalled)
	w.Abort()
	wantSockets(t, w.set, 0)
}

// TestSocketRefuses: the answer to who cannot have a stream reaches it whole, though it has sent more than its
// request.
func TestSocketRefuses(t *testing.T) {
	answer := bytes.Repeat([]byte("no\n"), 500)
	for _, bound := range []bool{true, false} {
		t.Run(map[bool]string{true: "bound", false: "unbound"}[bound], func(t *testing.T) {
			onEverySocket(t, func(t *testing.T, c shape) {
				ours, peer := c.pair(t)
				if _, err := peer.Write(make([]byte, 10_000)); err != nil {
					t.Fatal(err)
				}
				before := descriptors(t)
				sink, err := fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
				if err != nil {
					t.Fatal(err)
				}
				set := fanout.NewSocketSet(time.Minute)
				if bound {
					set.Bind(sink, newNotes())
				}
				sink.Refuse(answer)
				if got := within(t, "the answer", readAll(peer)); !bytes.Equal(got, answer) {
					t.Errorf("the peer got %.100q of %d bytes", got, len(got))
				}
				peer.Close()
				set.Close()
				wantSockets(t, set, 0)
				waitUntil(t, func() bool { return descriptors(t) == before-2 }, func() string { return "the descriptors are back" })
			})
		})
	}
}

// TestSocketAddressedRightly: a socket that somebody else holds too, as a process that was just forked, is not in the
// set once its stream has ended: what happens to it is not taken for what happens to its successor.
func TestSocketAddressedRightly(t *testing.T) {
	ours, peer := usual[0].pair(t)
	held, err := ours.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := syscall.SetNonblock(int(held.Fd()), true); err != nil { // File has made both blocking
		t.Fatal(err)
	}
	set := fanout.NewSocketSet(time.Minute)
	first, err := fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	set.Bind(first, newNotes())
	first.Abort()
	wantSockets(t, set, 0)

	second := newWireOf(t, usual[0], fanout.FormChunk, fanout.SocketOptions{}, newNotes(), set)
	peer.Close()
	// Both happen to the set in this order, and the first event has been handled when the second has.
	third := newWireOf(t, usual[0], fanout.FormChunk, fanout.SocketOptions{}, newNotes(), set)
	third.peer.Close()
	third.wantGone(t, fanout.EndGone)
	if _, gone := second.notes.get(); len(gone) > 0 {
		t.Errorf("the end of another connection was taken for its own: %v", gone)
	}
	second.Abort()
	third.Abort()
	set.Close()
}
