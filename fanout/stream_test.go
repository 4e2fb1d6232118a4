package fanout_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/sse"
)

// streams serves a rig's updates of the topic "a" and returns a function that opens a stream of them.
func streams(t *testing.T, r *rig, m mode, stall time.Duration) func() (*reader, io.ReadCloser) {
	ids := make(chan fanout.SubscriberID, 1)
	client, url := serve(t, m, func(w http.ResponseWriter, request *http.Request) {
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		o := subscriptionOf("a")
		o.Signals = request.URL.Query().Has("signals")
		sink := fanout.NewResponseSink(stall, fanout.FormEvent)
		if _, err := r.fan.Attach(o, sink); err != nil {
			t.Error(err)
			return
		}
		ids <- o.ID
		_ = sink.Run(request.Context(), w) // the Observer is told how it ended
	})
	return func() (*reader, io.ReadCloser) {
		t.Helper()
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return &reader{rig: r, id: within(t, "attaching", ids)}, response.Body
	}
}

// awaitStory returns when the Observer was told what of the subscriber.
func (c *reader) awaitStory(what string) {
	c.rig.t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	timeout := time.After(eventually)
	for !slices.Contains(c.was(), what) {
		select {
		case <-poll.C:
		case <-timeout:
			c.rig.t.Fatalf("told %v, not %q within %v", c.was(), what, eventually)
		}
	}
}

// next returns the data of the next n updates of a stream.
func next(t *testing.T, d *sse.Decoder, n int) []string {
	t.Helper()
	var list []string
	for len(list) < n {
		e, err := d.Decode()
		if err != nil {
			t.Fatalf("behind %d of %d updates: %v", len(list), n, err)
		}
		list = append(list, strings.TrimRight(e.Data, " "))
	}
	return list
}

// publishLarge publishes updates of ten thousand bytes, one batch each.
func (r *rig) publishLarge(n int) {
	for range n {
		r.next++
		r.publishUpdates(eventlog.Update{Topics: []string{"a"}, Data: numbers(r.next, r.next)[0] + strings.Repeat(" ", 10_000)})
	}
}

// TestStreamSlowReader: a reader that stops for a while beside another one falls behind, and gets everything in order
// when it goes on. The other one gets everything at once.
func TestStreamSlowReader(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		open := streams(t, r, m, time.Minute)
		slow, slowBody := open()
		quick, quickBody := open()
		slow.awaitStory("live")
		quick.awaitStory("live")
		const updates = 100
		quickly := make(chan []string, 1)
		go func() {
			var list []string
			for e, err := range sse.Read(quickBody, sse.Options{}) {
				if err != nil {
					break
				}
				if list = append(list, strings.TrimRight(e.Data, " ")); len(list) == updates {
					break
				}
			}
			quickly <- list
		}()
		r.publishLarge(updates)
		slow.awaitStory("behind slow")
		if diff := cmp.Diff(numbers(1, updates), within(t, "the quick reader", quickly)); diff != "" {
			t.Errorf("the quick reader (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(numbers(1, updates), next(t, sse.NewDecoder(slowBody, sse.Options{}), updates)); diff != "" {
			t.Errorf("the slow reader (-want +got):\n%s", diff)
		}
		if was := slow.was(); slices.ContainsFunc(was, func(what string) bool { return strings.HasPrefix(what, "ended") }) {
			t.Errorf("the slow reader: %v", was)
		}
	})
}

// TestStreamStuckReader: a peer that never reads is ended as stalled, whoever notices first, the sink or the shard.
func TestStreamStuckReader(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) {
		const stall = 300 * time.Millisecond
		for name, limits := range map[string]struct{ sink, shard time.Duration }{
			"the sink notices":  {stall, time.Minute},
			"the shard notices": {5 * time.Second, stall},
		} {
			t.Run(name, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, fanout.Options{Stall: limits.shard})
				stuck, _ := streams(t, r, m, limits.sink)()
				stuck.awaitStory("live")
				r.publishLarge(100)
				stuck.awaitStory("behind slow")
				stuck.awaitStory("ended stalled")
			})
		}
	})
}

func TestStreamClientGone(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		c, body := streams(t, r, m, time.Minute)()
		r.publish(1)
		if diff := cmp.Diff(numbers(1, 1), next(t, sse.NewDecoder(body, sse.Options{}), 1)); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
		body.Close()
		c.awaitStory("ended gone")
	})
}

// TestStreamHeartbeat also outlives the stall limit: no deadline is left armed while nothing is written.
func TestStreamHeartbeat(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) {
		const heartbeat, stall = 200 * time.Millisecond, 50 * time.Millisecond
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: heartbeat})
		_, body := streams(t, r, m, stall)()
		start := time.Now()
		got := make([]byte, 6)
		if _, err := io.ReadFull(body, got); err != nil || string(got) != ":\n:\n:\n" {
			t.Fatalf("read %q, %v; want three comments", got, err)
		}
		if took := time.Since(start); took < 2*heartbeat {
			t.Errorf("three heartbeats came within %v", took)
		}
		r.publish(1)
		next(t, sse.NewDecoder(body, sse.Options{}), 1)
	})
}

// TestStreamShutdown: a stream ends properly, behind everything that was published, with its farewell.
func TestStreamShutdown(t *testing.T) {
	inEveryMode(t, func(t *testing.T, m mode) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		c, body := streams(t, r, m, time.Minute)()
		c.awaitStory("live")
		r.publish(3)
		ctx, cancel := context.WithTimeout(t.Context(), eventually)
		defer cancel()
		if err := r.fan.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		rest, err := io.ReadAll(body)
		if err != nil {
			t.Errorf("the stream ends with %v", err)
		}
		if diff := cmp.Diff(numbers(1, 3), data(decode(string(rest)))); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
		if _, _, err := farewellOf(string(rest), false); err != nil {
			t.Error(err)
		}
		c.wantStory("attached", "live", "ended shutdown")
	})
}
