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

// BenchmarkIndexPatterns shows that a topic costs the patterns that it may fit, not all there are.
func BenchmarkIndexPatterns(b *testing.B) {
	c := compiler(b, hubURL)
	for _, kind := range []struct{ name, begin, group string }{
		{"pattern", "https://example.com/", "/:id"}, {"relative pattern", "", "/:id"}, {"template", "", "/{id}"},
	} {
		for _, n := range []int{1, 1000, 100_000} {
			b.Run(fmt.Sprintf("%s/patterns=%d", kind.name, n), func(b *testing.B) {
				var x topic.Index[int]
				names := make([][]string, n)
				for i := range n {
					k := topic.KindPattern
					if kind.name == "template" {
						k = topic.KindTemplate
					}
					m, err := c.Compile(k, kind.begin+strconv.Itoa(i)+kind.group)
					if err != nil {
						b.Fatal(err)
					}
					x.Add(topic.Matchers{m}, i)
					names[i] = []string{kind.begin + strconv.Itoa(i) + "/1"}
				}
				visited, at := 0, 0
				b.ReportAllocs()
				for b.Loop() {
					x.Match(names[at], func(int) { visited++ })
					at = (at + 7919) % n
				}
				if visited < b.N {
					b.Errorf("%d visits in %d rounds", visited, b.N)
				}
			})
		}
	}
}

// BenchmarkIndexMixed has 15,000 subscribers with about seven matchers each.
func BenchmarkIndexMixed(b *testing.B) {
	c := compiler(b, hubURL)
	var x topic.Index[int]
	for s := range 15_000 {
		ms := exact("https://example.com/users/"+strconv.Itoa(s), "https://example.com/news", "chat/"+strconv.Itoa(s%500))
		for _, text := range []string{
			"urlpattern:https://example.com/teams/" + strconv.Itoa(s%1000) + "/:event", "urlpattern:/orders/" + strconv.Itoa(s) + "/*",
			"template:rooms/" + strconv.Itoa(s%300) + "/{user}", "urlpattern:https://example.com/regions/(north|south)/:city?",
		} {
			m, err := c.Parse(text)
			if err != nil {
				b.Fatal(err)
			}
			ms = append(ms, m)
		}
		x.Add(ms, s)
	}
	for _, name := range []string{
		"https://example.com/users/7", "https://example.com/teams/7/won", "/orders/7/paid", "rooms/7/8", "https://example.com/nobody/7", "nobody",
		"https://example.com/regions/south",
	} {
		b.Run(name, func(b *testing.B) {
			visited, topics := 0, []string{name}
			b.ReportAllocs()
			for b.Loop() {
				x.Match(topics, func(int) { visited++ })
			}
			b.ReportMetric(float64(visited)/float64(b.N), "visits/op")
		})
	}
}

func BenchmarkMatcherMatch(b *testing.B) {
	c := compiler(b, hubURL)
	for _, tt := range [][2]string{
		{"exact:https://example.com/books/1", "https://example.com/books/1"},
		{"urlpattern:https://example.com/books/:id", "https://example.com/books/1"},
		{"urlpattern:https://example.com/books/:id", "https://example.com/books/%C3%A9"},
		{"urlpattern:https://example.com/books/(\\d+)", "https://example.com/books/1"},
		{"template:https://example.com/books/{id}", "https://example.com/books/1"},
		{"template:https://example.com/books{/id}", "https://example.com/books/1"},
	} {
		b.Run(tt[0]+" "+tt[1], func(b *testing.B) {
			m, err := c.Parse(tt[0])
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if !m.Match(tt[1]) {
					b.Fatal("no match")
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, shared := range []bool{false, true} {
		for _, text := range []string{"urlpattern:https://example.com/books/:id", "urlpattern:/books/(\\d+)", "template:/books/{id}", "template:/books{/id}"} {
			b.Run(fmt.Sprintf("%s/shared=%v", text, shared), func(b *testing.B) {
				c := compiler(b, hubURL)
				first, err := c.Parse(text)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if !shared {
						c = compiler(b, hubURL)
					}
					if m, err := c.Parse(text); err != nil || m.Value() != first.Value() {
						b.Fatal(m, err)
					}
				}
			})
		}
	}
}
