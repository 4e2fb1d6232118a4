package topic_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/tidings-hub/tidings/topic"
)

// BenchmarkIndexMatch shows that a match costs what the topic's subscribers cost, however many topics there are.
func BenchmarkIndexMatch(b *testing.B) {
	for _, shape := range []struct{ topics, each int }{{1, 1}, {1000, 1}, {100_000, 1}, {1, 10_000}, {100, 10_000}} {
		b.Run(fmt.Sprintf("topics=%d/subscribers=%d", shape.topics, shape.each), func(b *testing.B) {
			var x topic.Index[int]
			names := make([][]string, shape.topics)
			for i := range names {
				names[i] = []string{"https://example.com/items/" + strconv.Itoa(i)}
				for s := range shape.each {
					x.Add(exact(names[i][0]), s)
				}
			}
			visited, at := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				x.Match(names[at], func(int) { visited++ })
				at = (at + 7919) % len(names) // a prime: not the order in which they were added
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(visited), "ns/visit")
		})
	}
}

func BenchmarkIndexAddRemove(b *testing.B) {
	var x topic.Index[int]
	for i := range 100_000 {
		x.Add(exact("https://example.com/items/"+strconv.Itoa(i)), i)
	}
	ms := exact("https://example.com/items/1", "https://example.com/items/new")
	b.ReportAllocs()
	for b.Loop() {
		entry := x.Add(ms, 0)
		x.Remove(&entry)
	}
}
