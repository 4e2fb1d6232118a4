package conformance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/protocol"
)

// patience is how long a test waits for what ought to happen at once.
const patience = 30 * time.Second

// numbers takes the numbers from 1 up to last, and fails if one is missing, comes twice or out of order.
// Behind each it calls then.
func numbers(t *testing.T, source *client.Source, last int, then func(n int)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n := 0
	for event, err := range source.Events(ctx) {
		if err != nil {
			t.Fatalf("behind %d: %v", n, err)
		}
		n++
		if want := fmt.Sprintf("%d\nline", n); event.Data != want || event.Type != "number" || event.ID == "" {
			t.Fatalf("received %+v where %q is due", event, want)
		}
		then(n)
		if n == last {
			return
		}
	}
	t.Fatalf("the source ended behind %d", n)
}

func options(s *server) client.Options {
	return client.Options{
		HTTPClient: s.client, LastEventID: eventlog.Earliest, Signals: true,
		Backoff: time.Millisecond, MaxBackoff: time.Millisecond, MaxRetry: time.Millisecond,
	}
}

// The connection is cut behind each byte that the hub sends, in the head, in an event, and between two: the
// client comes back, and has each update once. Half of them are there before it comes, the others are
// published while it listens.
func TestClientResumesWhereverItIsCut(t *testing.T) {
	const first, last = 3, 6
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			stride := 1
			if m.tls {
				stride = 11 // there are some thousand bytes of handshake before the first of the stream
			}
			cuts := 0
			for limit := 0; ; limit += stride {
				s := serve(t, m)
				s.publish(t, 1, first)
				c := newCutter(t, s.addr, limit)
				gaps := 0
				o := options(s)
				o.OnGap = func(client.Gap) { gaps++ }
				source, err := client.New(s.scheme+"://"+c.addr()+protocol.DefaultPath+"?topic=a", o)
				if err != nil {
					t.Fatal(err)
				}
				numbers(t, source, last, func(n int) {
					if n >= first && n < last {
						s.publish(t, n+1, n+1)
					}
				})
				connections := c.connections()
				c.close()
				if gaps > 0 {
					t.Fatalf("cut behind %d bytes: told of %d gaps", limit, gaps)
				}
				if connections == 1 {
					break // the whole stream went through
				}
				cuts++
			}
			if cuts < 100 {
				t.Errorf("only %d cuts", cuts)
			}
			t.Logf("%d cuts", cuts)
		})
	}
}

// A client whose cursor means nothing to the hub is told so, wherever its connections are cut.
func TestClientIsToldOfTheGapWhereverItIsCut(t *testing.T) {
	const last = 2
	cuts := 0
	for limit, whole := 0, false; !whole; limit++ {
		s := serve(t, modes()[0])
		s.publish(t, 1, last)
		c := newCutter(t, s.addr, limit)
		gaps := 0
		o := options(s)
		o.LastEventID = "#elsewhere.7"
		o.OnGap = func(client.Gap) { gaps++ }
		source, err := client.New(s.scheme+"://"+c.addr()+protocol.DefaultPath+"?topic=a", o)
		if err != nil {
			t.Fatal(err)
		}
		numbers(t, source, last, func(int) {})
		whole = c.connections() == 1
		c.close()
		if gaps != 1 {
			t.Fatalf("cut behind %d bytes: told of %d gaps", limit, gaps)
		}
		cuts++
	}
	if cuts < 100 {
		t.Errorf("only %d cuts", cuts)
	}
}

// A long stream over many connections that are cut at random.
func TestClientResumesAgainAndAgain(t *testing.T) {
	const last = 300
	seed := rand.Uint64()
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 0))
			limits := make([]int, 60)
			for i := range limits {
				limits[i] = rng.IntN(6000)
			}
			s := serve(t, m)
			c := newCutter(t, s.addr, limits...)
			defer c.close()
			source, err := client.New(s.scheme+"://"+c.addr()+protocol.DefaultPath+"?topic=a", options(s))
			if err != nil {
				t.Fatal(err)
			}
			s.publish(t, 1, last/2)
			numbers(t, source, last, func(n int) {
				if n <= last/2 {
					s.publish(t, last/2+n, last/2+n)
				}
			})
			if n := c.connections(); n < 5 {
				t.Errorf("only %d connections, seed %d", n, seed)
			}
		})
	}
}

// What the client makes of the hub's own events.
func TestClientUnderstandsTheHub(t *testing.T) {
	for _, m := range modes() {
		t.Run(m.name, func(t *testing.T) {
			s := serve(t, m)
			s.publish(t, 1, 2)
			var hello client.Hello
			var gaps []client.Gap
			o := options(s)
			o.LastEventID = "#elsewhere.7"
			o.OnHello = func(h client.Hello) { hello = h }
			o.OnGap = func(g client.Gap) { gaps = append(gaps, g) }
			for _, signals := range []bool{true, false} {
				if o.Signals = signals; !signals {
					o.OnHello = nil
				}
				source, err := client.New(s.scheme+"://"+s.addr+protocol.DefaultPath+"?topic=a", o)
				if err != nil {
					t.Fatal(err)
				}
				numbers(t, source, 2, func(int) {})
			}
			want := client.Hello{
				Subscriber: hello.Subscriber, Epoch: hello.Epoch, Position: hello.Position, Verdict: "gap",
				Heartbeat:   s.hub.Options().Fanout.Heartbeat,
				MaxMatchers: s.hub.Options().Limits.Matchers, MaxMatcherBytes: s.hub.Options().Limits.TopicBytes,
			}
			if hello != want || hello.Subscriber == "" || hello.Epoch == "" {
				t.Errorf("hello %+v, want %+v", hello, want)
			}
			if len(gaps) != 2 || gaps[0].From != o.LastEventID || gaps[0].To == "" || gaps[0].To != hello.Position || gaps[0].Why != "lineage" ||
				gaps[1] != (client.Gap{From: o.LastEventID, To: eventlog.Earliest}) {
				t.Errorf("gaps %+v", gaps)
			}
		})
	}
}
