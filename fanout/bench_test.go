package fanout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

func BenchmarkNewFrame(b *testing.B) {
	for _, size := range []int{50, 200, 10_000} {
		b.Run(fmt.Sprintf("data=%d", size), func(b *testing.B) {
			r := record(123_456, strings.Repeat("x", size), "https://example.com/items/1")
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := NewFrame(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkDeliver is a shard's part of a turn without the socket: from a batch to one Offer per subscriber.
func BenchmarkDeliver(b *testing.B) {
	const subscribers = 10_000
	for _, burst := range []int{1, 300} {
		b.Run(fmt.Sprintf("subscribers=%d/burst=%d", subscribers, burst), func(b *testing.B) {
			s := stillShard(Options{})
			for range subscribers {
				s.goLive(attachTo(s, filterA, 0, greedy()))
			}
			next := uint64(1)
			data := strings.Repeat("x", 200)
			batch := func() *Batch {
				records := make([]*eventlog.Record, burst)
				for i := range records {
					records[i] = record(next, data, "a")
					next++
				}
				made, err := NewBatch(records)
				if err != nil {
					b.Fatal(err)
				}
				return made
			}
			s.deliver(batch())
			s.flush(0)
			b.ReportAllocs()
			for b.Loop() {
				s.deliver(batch())
				s.flush(0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*burst*subscribers), "ns/delivery")
		})
	}
}
