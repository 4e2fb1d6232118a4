package bench_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

const (
	// returning is how many subscribers come back at once, and missed how many updates each of them has missed.
	returning = 1000
	missed    = 1000
	// missedBytes is the size of each.
	missedBytes = 200
	// forgotten is how long to wait until the hub has let go of what it had read of the log.
	forgotten = 6 * time.Second
)

// BenchmarkResumeStorm has a thousand subscribers come back at once over HTTP/1.1, each with a cursor behind which
// a thousand updates lie: all of one topic, or each of its own. An operation is a storm, from the first connection
// to the last update. The window holds all that was missed, or less than one subscriber has missed.
//
// Meanwhile ten subscribers of another topic are sent a hundred updates a second: live-p99 is how long these take
// from being published, of which live-publish-p99 goes by until publishing is answered. quiet-p99 is the same as
// live-p99, in a second before. Those who come back are another process on the same processors, and the ten are a third
// one; cpu-s/op is the processors' time of the hub.
func BenchmarkResumeStorm(b *testing.B) {
	for _, topics := range []int{1, returning} {
		dir := b.TempDir()
		var cursor string
		b.Run(fmt.Sprintf("topics=%d/window", topics), func(b *testing.B) {
			var reads atomic.Int64
			r := serve(b, dir, stormOptions(4<<30, &reads))
			defer r.close()
			cursor = r.hub.Head().String()
			r.publish(missedUpdates(topics))
			r.storms(topics, cursor, &reads)
		})
		b.Run(fmt.Sprintf("topics=%d/log", topics), func(b *testing.B) {
			var reads atomic.Int64
			r := serve(b, dir, stormOptions(128<<10, &reads))
			defer r.close()
			if cursor == "" {
				cursor = r.hub.Head().String()
				r.publish(missedUpdates(topics))
			}
			r.storms(topics, cursor, &reads)
		})
	}
}

func stormOptions(window int, reads *atomic.Int64) fanout.Options {
	return fanout.Options{
		WindowBytes:  window,
		MailboxBytes: min(window, 64<<20),
		Observer:     fanout.Observer{LogRead: func(int) { reads.Add(1) }},
	}
}

// missedUpdates returns what is missed: a thousand of each topic, the topics in turn.
func missedUpdates(topics int) []eventlog.Update {
	updates := make([]eventlog.Update, missed*topics)
	data := strings.Repeat("x", missedBytes-1) + string(mark)
	for i := range updates {
		updates[i] = eventlog.Update{Topics: []string{stormTopic(i, topics)}, Data: data}
	}
	return updates
}

func stormTopic(i, topics int) string { return fmt.Sprintf("https://example.com/items/%d", i%topics) }

// storms measures storms.
func (r *running) storms(topics int, cursor string, reads *atomic.Int64) {
	b := r.b
	alone := r.storm(1, topics, cursor)
	live := newLive(r)
	defer live.close()
	var quiet, during latency
	live.measure(&quiet, func() { <-time.After(time.Second) })

	reads.Store(0)
	var total, cpu time.Duration
	runs := 0
	for b.Loop() {
		b.StopTimer()
		<-time.After(forgotten)
		b.StartTimer()
		used := cpuTime(b)
		live.measure(&during, func() { total += r.storm(returning, topics, cursor) })
		cpu += cpuTime(b) - used
		runs++
	}
	b.ReportMetric(float64(runs*returning*missed)/total.Seconds(), "events/s")
	b.ReportMetric(missed/alone.Seconds(), "alone-events/s")
	b.ReportMetric(cpu.Seconds()/float64(runs), "cpu-s/op")
	b.ReportMetric(float64(reads.Load())/float64(runs), "reads/op")
	quiet.received.report(b, 0.99, "quiet-p99")
	during.received.report(b, 0.99, "live-p99")
	during.published.report(b, 0.99, "live-publish-p99")
}

// storm has n subscribers come back from another process, and returns how long it took until each had everything.
func (r *running) storm(n, topics int, cursor string) time.Duration {
	r.b.Helper()
	took, err := stormElsewhere(stormOrder{Addr: r.addr, Subscribers: n, Topics: topics, Cursor: cursor})
	if err != nil {
		r.b.Fatal(err)
	}
	return took
}
