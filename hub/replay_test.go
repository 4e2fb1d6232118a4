package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// past is what the tests of replay find in the log; a leading "!" marks what is private.
func past(t testing.TB, h *hub.Hub) {
	t.Helper()
	for _, text := range []string{"a1", "b1", "!b2", "a2", "ab", "c1", "!c2", "!a3", "d1"} {
		data := strings.TrimPrefix(text, "!")
		u := eventlog.Update{Topics: []string{data[:1]}, Data: data, Private: data != text}
		if data == "ab" {
			u.Topics = []string{"a", "b"}
		}
		if _, err := h.Publish(t.Context(), u, topic.All()); err != nil {
			t.Fatal(err)
		}
	}
}

func exactly(names ...string) topic.Matchers {
	var ms topic.Matchers
	for _, n := range names {
		ms = append(ms, topic.Exact(n))
	}
	return ms
}

// TestReplay: the state on arrival is what this subscriber may receive, each once, in the order of the log; then
// comes what is live.
func TestReplay(t *testing.T) {
	latest := hub.Replay{Latest: true}
	tests := []struct {
		name     string
		matchers topic.Matchers
		grant    topic.Matchers
		replay   hub.Replay
		want     []string
	}{
		{"nothing", exactly("*"), nil, hub.Replay{}, nil},
		{"latest, public", exactly("*"), nil, latest, []string{"ab", "c1", "d1"}},
		{"latest, all", exactly("*"), exactly("*"), latest, []string{"ab", "c2", "a3", "d1"}},
		{"latest, private of one topic", exactly("*"), exactly("c"), latest, []string{"ab", "c2", "d1"}},
		{"latest of one topic", exactly("c", "live"), nil, latest, []string{"c1"}},
		{"latest of two topics with one update", exactly("a", "b", "live"), nil, latest, []string{"ab"}},
		{"latest of a topic without updates", exactly("x", "live"), nil, latest, nil},
		{"newest 2, public", exactly("*"), nil, hub.Replay{Newest: 2}, []string{"c1", "d1"}},
		{"newest 2, all", exactly("*"), exactly("*"), hub.Replay{Newest: 2}, []string{"a3", "d1"}},
		{"newest 3 of a topic", exactly("a", "live"), nil, hub.Replay{Newest: 3}, []string{"a1", "a2", "ab"}},
		{"newest of more than there are", exactly("b", "live"), exactly("b"), hub.Replay{Newest: 100}, []string{"b1", "b2", "ab"}},
	}
	for _, window := range []fanout.Options{{}, tinyWindow()} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, window %d", tt.name, window.WindowBytes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := startHub(t, hub.Options{Fanout: window})
					past(t, h)
					l := listen(t, h, func(r *hub.Request) {
						r.Matchers, r.Grant.Subscribe, r.Replay = tt.matchers, tt.grant, tt.replay
					})
					if l.sub.Verdict.Kind != eventlog.Fresh {
						t.Errorf("verdict %v", l.sub.Verdict)
					}
					l.want(tt.want...)
					publishData(t, h, "live", "live")
					l.want("live")
				})
			})
		}
	}
}

// TestReplayIsForFreshStreams: a cursor beats it.
func TestReplayIsForFreshStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startHub(t, hub.Options{GapReplay: 2})
		past(t, h)
		for _, replay := range []hub.Replay{{Latest: true}, {Newest: 5}} {
			l := listen(t, h, func(r *hub.Request) {
				r.Replay, r.Cursor = replay, eventlog.ParseCursor(h.Head().String())
			})
			l.want()
			l = listen(t, h, func(r *hub.Request) { r.Replay, r.Cursor = replay, eventlog.ParseCursor("unknown") })
			if l.sub.Verdict.Kind != eventlog.Gap {
				t.Errorf("verdict %v", l.sub.Verdict)
			}
			l.want("c1", "d1")
		}
	})
}

// TestReplayHasNoSeam: streams that begin with the state on arrival while others publish have, of each topic, the
// newest update of that moment or a newer one first, and then every one that follows, once.
func TestReplayHasNoSeam(t *testing.T) {
	const topics, publishers, subscribers, updates = 7, 4, 12, 150
	for _, window := range []fanout.Options{{}, tinyWindow()} {
		t.Run(fmt.Sprintf("window %d", window.WindowBytes), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := memoryLog(t)
				h := startHub(t, hub.Options{Log: log, Fanout: window})
				var counts [publishers][topics]atomic.Int64 // published and durable
				name := func(p, k int) string { return fmt.Sprintf("%d-%d", p, k) }
				var due [subscribers]chan struct{} // closed when it is time to come
				for i := range due {
					due[i] = make(chan struct{})
				}
				var running sync.WaitGroup
				for p := range publishers {
					running.Go(func() {
						for i := range updates {
							if at := i / (updates / subscribers); p == at%publishers && i%(updates/subscribers) == 0 && at < subscribers {
								close(due[at])
							}
							k := i * (p + 1) % topics
							n := counts[p][k].Load() + 1
							if o := submit(h, name(p, k), fmt.Sprint(n), ""); o.Err != nil {
								t.Error(o.Err)
							}
							counts[p][k].Store(n)
						}
					})
				}
				type arrival struct {
					*listener
					least map[string]int64
				}
				arrivals := make([]arrival, subscribers)
				for i := range arrivals {
					running.Go(func() {
						<-due[i]
						least := map[string]int64{}
						for p := range publishers {
							for k := range topics {
								least[name(p, k)] = counts[p][k].Load()
							}
						}
						r := hub.Request{Matchers: exactly("*"), Replay: hub.Replay{Latest: true}}
						sub, err := h.Subscribe(context.Background(), r)
						if err != nil {
							t.Error(err)
							return
						}
						l := &listener{t: t, sub: sub, sink: &sink{room: 1 << 30}}
						if _, err := sub.Attach(l.sink); err != nil {
							t.Error(err)
							return
						}
						arrivals[i] = arrival{l, least}
					})
				}
				running.Wait()
				synctest.Wait()
				midway, names := 0, topicsByID(t, log)
				for i, a := range arrivals {
					have, last := map[string]int64{}, uint64(0)
					for _, e := range a.read() {
						at, ok := eventlog.ParsePosition(e.ID)
						if !ok || at.Offset <= last {
							t.Fatalf("subscriber %d: event %+v behind offset %d", i, e, last)
						}
						last = at.Offset
						of := names[e.ID]
						n, err := strconv.ParseInt(e.Data, 10, 64)
						switch {
						case err != nil:
							t.Fatal(err)
						case have[of] == 0 && n < a.least[of]:
							t.Fatalf("subscriber %d: topic %s begins with %d, but %d was durable", i, of, n, a.least[of])
						case have[of] != 0 && n != have[of]+1:
							t.Fatalf("subscriber %d: topic %s has %d behind %d", i, of, n, have[of])
						}
						if have[of] == 0 && n > 1 {
							midway++
						}
						have[of] = n
					}
					for p := range publishers {
						for k := range topics {
							if got, want := have[name(p, k)], counts[p][k].Load(); got != want {
								t.Errorf("subscriber %d: topic %s ends with %d of %d", i, name(p, k), got, want)
							}
						}
					}
				}
				if midway == 0 {
					t.Error("no stream began while its topics were being published to: the test does not test it")
				}
			})
		})
	}
}

// topicsByID says to which topic each event of the log belongs.
func topicsByID(t testing.TB, log eventlog.Log) map[string]string {
	t.Helper()
	names := map[string]string{}
	for after := uint64(0); after < log.Head(); {
		chunk, err := log.Read(context.Background(), eventlog.ReadRequest{
			After: after, To: log.Head(), Filter: &eventlog.Filter{Matchers: exactly("*")},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range chunk.Records {
			names[r.EventID()] = r.Topics[0]
		}
		after = chunk.ScannedTo
	}
	return names
}

// TestLatestBeyondTheLimit: the topics with the newest updates are sent, and that there are more is said.
func TestLatestBeyondTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startHub(t, hub.Options{Limits: hub.Limits{Latest: 3}})
		past(t, h)
		change := func(r *hub.Request) { r.Replay.Latest = true }
		listen(t, h, change).want("ab", "c1", "d1")

		for _, name := range []string{"e", "f"} {
			publishData(t, h, name, name)
		}
		listen(t, h, change).want("d1", "e", "f")
		l := listen(t, h, func(r *hub.Request) { r.Replay.Latest, r.Signals = true, true })
		synctest.Wait()
		events := l.read()
		if len(events) != 5 || events[0].Type != fanout.SignalHello {
			t.Fatalf("events %+v", events)
		}
		wantHello(t, events[0], "fresh")
		wantGap(t, events[1], fanout.GapData{From: eventlog.Earliest, To: h.Head().String(), Why: "limit"})
	})
}

func wantHello(t *testing.T, e sse.Event, verdict string) {
	t.Helper()
	var hello hub.HelloData
	if err := json.Unmarshal([]byte(e.Data), &hello); err != nil || e.Type != fanout.SignalHello || hello.Verdict != verdict {
		t.Errorf("got %+v, want a hello with verdict %s: %v", e, verdict, err)
	}
}

func wantGap(t *testing.T, e sse.Event, want fanout.GapData) {
	t.Helper()
	var gap fanout.GapData
	if err := json.Unmarshal([]byte(e.Data), &gap); err != nil || e.Type != fanout.SignalGap || gap != want {
		t.Errorf("got %+v, want a gap %+v: %v", e, want, err)
	}
}

func TestNewestBeyondTheLimit(t *testing.T) {
	h := startHub(t, hub.Options{Limits: hub.Limits{Newest: 5}})
	_, err := h.Subscribe(t.Context(), hub.Request{Matchers: exactly("a"), Replay: hub.Replay{Newest: 6}})
	limit, ok := errors.AsType[*hub.LimitError](err)
	if !ok || *limit != (hub.LimitError{Limit: "Newest", Max: 5, Got: 6}) {
		t.Errorf("got %v", err)
	}
	if _, err := h.Subscribe(t.Context(), hub.Request{Matchers: exactly("a"), Replay: hub.Replay{Newest: 5}}); err != nil {
		t.Errorf("as many as the limit: %v", err)
	}
}

// TestSkipGap: nothing of the past follows, and the gap reaches up to now.
func TestSkipGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startHub(t, hub.Options{})
		past(t, h)
		l := listen(t, h, func(r *hub.Request) {
			r.SkipGap, r.Signals, r.Cursor = true, true, eventlog.ParseCursor("unknown")
		})
		if l.sub.LastEventID != h.Head().String() || l.sub.Verdict.Kind != eventlog.Gap {
			t.Errorf("verdict %v behind %q", l.sub.Verdict, l.sub.LastEventID)
		}
		synctest.Wait()
		events := l.read()
		if len(events) != 2 {
			t.Fatalf("events %+v", events)
		}
		wantHello(t, events[0], "gap")
		wantGap(t, events[1], fanout.GapData{From: "unknown", To: h.Head().String(), Why: "unknown-id"})
		publishData(t, h, "a", "live")
		l.want("live")

		l = listen(t, h, func(r *hub.Request) { r.SkipGap, r.Cursor = true, eventlog.ParseCursor(eventlog.Earliest) })
		l.want("a1", "b1", "a2", "ab", "c1", "d1", "live") // no gap, so nothing is skipped
	})
}

// judgedLog is a log with a verdict and a lineage of the test's own.
type judgedLog struct {
	eventlog.Log
	verdict func(eventlog.Cursor) eventlog.Verdict
	lineage eventlog.Lineage
}

func (l *judgedLog) Verdict(ctx context.Context, c eventlog.Cursor, f *eventlog.Filter) (eventlog.Verdict, error) {
	if l.verdict != nil {
		return l.verdict(c), nil
	}
	return l.Log.Verdict(ctx, c, f)
}

func (l *judgedLog) Lineage() eventlog.Lineage {
	if l.lineage != nil {
		return l.lineage
	}
	return l.Log.Lineage()
}

// TestCompacted: the verdict of a log that keeps only the newest of some topics reaches the subscriber, who is
// where it was and has lost nothing that counts.
func TestCompacted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := startHub(t, hub.Options{Log: &judgedLog{
			Log: memoryLog(t),
			verdict: func(c eventlog.Cursor) eventlog.Verdict {
				return eventlog.Verdict{Kind: eventlog.Compacted, After: c.Position().Offset, Told: 6}
			},
		}})
		past(t, h)
		cursor := eventlog.Position{Epoch: h.Head().Epoch, Offset: 4}.String()
		l := listen(t, h, func(r *hub.Request) { r.Signals, r.Cursor = true, eventlog.ParseCursor(cursor) })
		if l.sub.Verdict.Kind != eventlog.Compacted || l.sub.LastEventID != cursor {
			t.Errorf("verdict %v behind %q", l.sub.Verdict, l.sub.LastEventID)
		}
		synctest.Wait()
		events := l.read()
		if len(events) != 4 || events[1].Data != "ab" || events[2].Data != "c1" || events[3].Data != "d1" {
			t.Fatalf("events %+v", events)
		}
		wantHello(t, events[0], "compacted")
		if events[0].ID != cursor {
			t.Errorf("hello stands at %q, want %q", events[0].ID, cursor)
		}
	})
}

// TestLastEventID: the place where a stream begins is named by the epoch in which it was written.
func TestLastEventID(t *testing.T) {
	old, now := eventlog.NewEpoch(), eventlog.NewEpoch()
	h := startHub(t, hub.Options{
		Log:       &judgedLog{Log: memoryLog(t), lineage: eventlog.Lineage{{Epoch: old, First: 1}, {Epoch: now, First: 6}}},
		GapReplay: 4,
	})
	at := func(e eventlog.Epoch, offset uint64) string {
		return eventlog.Position{Epoch: e, Offset: offset}.String()
	}
	tests := []struct {
		name    string
		request hub.Request
		want    string
		empty   bool // before anything was published
	}{
		{name: "empty log", want: eventlog.Earliest, empty: true},
		{name: "empty log, latest", request: hub.Request{Replay: hub.Replay{Latest: true}}, want: eventlog.Earliest, empty: true},
		{name: "live", want: at(now, 9)},
		{name: "newest 2", request: hub.Request{Replay: hub.Replay{Newest: 2}}, want: at(old, 5)},
		{name: "newest 1", request: hub.Request{Replay: hub.Replay{Newest: 1}}, want: at(now, 8)},
		{name: "newest of the old epoch", request: hub.Request{Replay: hub.Replay{Newest: 4}}, want: at(old, 3)},
		{name: "all", request: hub.Request{Replay: hub.Replay{Newest: 100}}, want: eventlog.Earliest},
		{name: "latest", request: hub.Request{Replay: hub.Replay{Latest: true}}, want: at(old, 4)},
		{name: "gap", request: hub.Request{Cursor: eventlog.ParseCursor("unknown")}, want: at(old, 3)},
	}
	for _, empty := range []bool{true, false} {
		if !empty {
			past(t, h)
		}
		for _, tt := range tests {
			if tt.empty != empty {
				continue
			}
			t.Run(tt.name, func(t *testing.T) {
				tt.request.Matchers = exactly("*")
				sub, err := h.Subscribe(t.Context(), tt.request)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, sub.LastEventID); diff != "" {
					t.Errorf("behind offset %d (-want +got):\n%s", sub.Verdict.After, diff)
				}
			})
		}
	}
}
