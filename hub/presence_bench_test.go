package hub_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// BenchmarkPresence: what it costs that a subscriber comes and goes, with and without others being told, on a log in
// memory. "held" is what is kept for each that is there.
func BenchmarkPresence(b *testing.B) {
	for _, on := range []bool{false, true} {
		b.Run(fmt.Sprintf("on=%t", on), func(b *testing.B) {
			changes := 0
			batches := 0
			h, err := hub.New(hub.Options{
				Subscriptions: on, Limits: hub.Limits{PresenceQueue: 1 << 30},
				Fanout:   fanout.Options{WindowBytes: 1 << 20}, // so that what is held is that of the subscribers
				Observer: hub.Observer{Presence: func(n int) { changes, batches = changes+n, batches+1 }},
			})
			if err != nil {
				b.Fatal(err)
			}
			before := heap()
			subs := make([]*fanout.Subscriber, 0, b.N)
			for i := 0; b.Loop(); i++ {
				sub, err := h.Subscribe(b.Context(), hub.Request{Matchers: matchers("a"), Presence: visits(fmt.Sprint(i), "a")})
				if err != nil {
					b.Fatal(err)
				}
				s := newSink()
				attached, err := sub.Attach(s)
				if err != nil {
					b.Fatal(err)
				}
				subs = append(subs, attached)
			}
			b.ReportMetric(float64(heap()-before)/float64(len(subs)), "held-bytes/sub")
			for _, s := range subs {
				s.Close()
			}
			if err := h.Shutdown(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(changes)/float64(max(batches, 1)), "changes/batch")
		})
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// BenchmarkPresent: what a page of a list of 100,000 costs.
func BenchmarkPresent(b *testing.B) {
	h, err := hub.New(hub.Options{Subscriptions: true, Fanout: fanout.Options{WindowBytes: 1 << 20}})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	const many = 100_000
	for i := range many {
		sub, err := h.Subscribe(b.Context(), hub.Request{Matchers: matchers("a"), Presence: visits(fmt.Sprint(i), "a")})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := sub.Attach(newSink()); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if page := h.Present(visit{to: "a"}.Group(), many/2, 1000); len(page.Presences) == 0 {
			b.Fatal("an empty page")
		}
	}
}
