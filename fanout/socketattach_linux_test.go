package fanout_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// body returns a reader of what is in a stream of the form that ends when the connection or the coding does. What
// follows the coding is an error, and so is a coding that does not end.
func body(form fanout.Form, conn io.Reader) (io.Reader, error) {
	in := bufio.NewReader(conn)
	r := io.Reader(in)
	if form&fanout.FormChunk != 0 {
		r = &ended{Reader: httputil.NewChunkedReader(in), under: in, last: "\r\n"}
	}
	if form&fanout.FormGzip != 0 {
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		unzipped.Multistream(false)
		r = &ended{Reader: unzipped, under: r}
	}
	return r, nil
}

// ended is a reader of a coding that is to end with its stream.
type ended struct {
	io.Reader
	under io.Reader
	last  string // of the coding, which the reader leaves
	over  bool   // the end was seen, and was right
}

func (e *ended) Read(p []byte) (int, error) {
	if e.over {
		return 0, io.EOF
	}
	n, err := e.Reader.Read(p)
	if err != io.EOF {
		return n, err
	}
	if rest, under := io.ReadAll(e.under); under != nil || string(rest) != e.last {
		return n, fmt.Errorf("behind the coding: %q, %w", rest, under)
	}
	e.over = true
	return n, io.EOF
}

// socketOf returns a sink and its peer.
func socketOf(t testing.TB, c shape, form fanout.Form) (*fanout.SocketSink, net.Conn) {
	t.Helper()
	ours, peer := c.pair(t)
	sink, err := fanout.NewSocketSink(ours, form, fanout.SocketOptions{Stall: time.Minute, NotSentBytes: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return sink, peer
}

// TestSocketStream: in every form, a subscriber that reads slowly goes behind, and gets all of it, and a proper end.
func TestSocketStream(t *testing.T) {
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			onEverySocket(t, func(t *testing.T, c shape) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{PendingBytes: 4000, ChunkBytes: 8000, WindowBytes: 100_000})
				sink, peer := socketOf(t, c, form)
				o := subscriptionOf("a")
				if _, err := r.fan.Attach(o, sink); err != nil {
					t.Fatal(err)
				}
				r.await(o.ID, "live")
				random := content(3000)
				var want []string
				for i := 0; i < 20 || !r.was(o.ID, "behind slow"); i++ {
					if i == 1000 {
						t.Fatal("never behind")
					}
					batch := make([]eventlog.Update, 100)
					for k := range batch {
						text := fmt.Sprintf("%d %d ", i, k) + base64.StdEncoding.EncodeToString(random[i+k:i+k+k*i%1000])
						batch[k] = eventlog.Update{Topics: []string{"a"}, Data: text}
						want = append(want, text)
					}
					r.publishUpdates(batch...)
					if _, err := r.fan.State(t.Context()); err != nil { // the shard has taken it
						t.Fatal(err)
					}
				}
				var got []string
				done := make(chan error, 1)
				arrived := make(chan struct{})
				go func() {
					in, err := body(form, peer)
					if err != nil {
						done <- err
						return
					}
					text := new(strings.Builder)
					buf := make([]byte, 3000)
					for {
						n, err := in.Read(buf)
						text.Write(buf[:n])
						if strings.Contains(string(buf[:n]), "\n\n") && strings.Contains(text.String(), "data: "+want[len(want)-1]+"\n\n") {
							select {
							case <-arrived:
							default:
								close(arrived)
							}
						}
						if err != nil {
							got = data(decode(text.String()))
							if err == io.EOF {
								err = nil
							}
							done <- err
							return
						}
					}
				}()
				select {
				case <-arrived:
				case err := <-done:
					t.Fatalf("the stream ended early: %v, %d updates", err, len(got))
				case <-time.After(eventually):
					t.Fatal("the updates do not arrive")
				}
				peerGone := make(chan struct{})
				go func() {
					defer close(peerGone)
					if err := <-done; err != nil {
						t.Error(err)
					}
					peer.Close()
				}()
				if err := r.fan.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				<-peerGone
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("updates (-want +got):\n%.1000s", diff)
				}
				if n := r.fan.Sockets(); n != 0 {
					t.Errorf("%d sockets are left", n)
				}
			})
		})
	}
}

// was reports whether the Observer was told something of a subscriber.
func (r *rig) was(id fanout.SubscriberID, what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.told[id], what)
}

// await waits until it was.
func (r *rig) await(id fanout.SubscriberID, what string) {
	r.t.Helper()
	waitUntil(r.t, func() bool { return r.was(id, what) }, func() string { return what })
}

// TestSocketGoneBeforeAttach: a peer that has gone before its subscriber is a subscriber leaves nothing behind.
func TestSocketGoneBeforeAttach(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, fanout.Options{})
	for range 100 {
		sink, peer := socketOf(t, usual[0], fanout.FormChunk)
		go peer.Close() // before or behind Attach
		o := subscriptionOf("a")
		var ended atomic.Int32
		o.Done = func() { ended.Add(1) }
		if _, err := r.fan.Attach(o, sink); err != nil {
			t.Fatal(err)
		}
		r.await(o.ID, "ended gone")
		waitUntil(t, func() bool { return r.fan.Sockets() == 0 }, func() string { return "no socket" })
		if n := ended.Load(); n != 1 {
			t.Fatalf("Done was called %d times", n)
		}
	}
}

// TestSocketAttachWhileShutdown: who comes while the fan-out ends gets either a stream with a proper end, or the
// answer that refuses it, and no descriptor stays.
func TestSocketAttachWhileShutdown(t *testing.T) {
	const answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n"
	var streams, refused atomic.Int32
	for range 30 {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 3})
		l := usual[0].listen(t)
		before := descriptors(t)
		var group sync.WaitGroup
		var attached sync.WaitGroup
		attached.Add(1)
		shut := make(chan struct{})
		for i := range 20 {
			ours, peer, err := usual[0].connect(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			group.Go(func() {
				defer peer.Close()
				sink, err := fanout.NewSocketSink(ours, fanout.FormChunk, fanout.SocketOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				o := subscriptionOf("a")
				o.Head = []byte("HTTP/1.1 200 OK\r\n\r\n")
				if i == 1 {
					<-shut
				}
				_, err = r.fan.Attach(o, sink)
				if i == 0 {
					attached.Done()
				}
				if err != nil {
					if !errors.Is(err, fanout.ErrClosed) {
						t.Error(err)
					}
					sink.Refuse([]byte(answer))
				}
				got, readErr := io.ReadAll(peer)
				switch text := string(got); {
				case readErr != nil:
					t.Errorf("%q, %v", text, readErr)
				case err != nil && text == answer:
					refused.Add(1)
				case err == nil && strings.HasPrefix(text, string(o.Head)) && strings.HasSuffix(text, lastChunk):
					streams.Add(1)
				default:
					t.Errorf("Attach: %v, and the peer got %q", err, text)
				}
			})
		}
		attached.Wait()
		if err := r.fan.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		close(shut)
		group.Wait()
		waitUntil(t, func() bool { return descriptors(t) == before }, func() string { return "the descriptors are back" })
	}
	t.Logf("%d streams, %d refused", streams.Load(), refused.Load())
	if streams.Load() < 30 || refused.Load() < 30 {
		t.Errorf("%d streams and %d refused: one at least of each in every round", streams.Load(), refused.Load())
	}
}

// TestSocketShutdownKills: sockets whose streams do not come to their end are closed when there is no more time: those
// that are full, those of which only the last chunk is missing, and those whose peer does not close.
func TestSocketShutdownKills(t *testing.T) {
	first, peer := socketOf(t, usual[0], fanout.FormChunk) // all that the runtime opens once is open then
	first.Abort()
	peer.Close()
	before := descriptors(t)
	r := newRig(t, eventlog.Retention{}, fanout.Options{Shards: 2})
	var peers []net.Conn
	for _, topics := range []string{"a", "nothing"} {
		for range 10 {
			sink, peer := socketOf(t, usual[0], fanout.FormChunk)
			if _, err := r.fan.Attach(subscriptionOf(topics), sink); err != nil {
				t.Fatal(err)
			}
			peers = append(peers, peer)
		}
	}
	// One that no socket takes whole: between two updates there might be room for the last chunk.
	r.publishUpdates(eventlog.Update{Topics: []string{"a"}, Data: strings.Repeat("x", 1_000_000)})
	ctx, cancel := context.WithTimeout(t.Context(), fanout.LingerTime/5)
	defer cancel()
	if err := r.fan.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if n := r.fan.Sockets(); n != 0 {
		t.Errorf("%d sockets", n)
	}
	complete := 0
	for _, peer := range peers {
		if got := within(t, "the end", readAll(peer)); strings.HasSuffix(string(got), lastChunk) {
			complete++
		}
		peer.Close()
	}
	if complete != len(peers)/2 {
		t.Errorf("%d of %d streams look complete, want half of them", complete, len(peers))
	}
	r.close()
	waitUntil(t, func() bool { return descriptors(t) <= before+len(peers) }, func() string { return "the descriptors are back" })
}
