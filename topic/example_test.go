package topic_test

import (
	"fmt"

	"github.com/tidings-hub/tidings/topic"
)

func ExampleIndex() {
	var index topic.Index[string]
	index.Add(topic.Matchers{topic.Exact("https://example.com/books/1")}, "a page about a book")
	entry := index.Add(topic.Matchers{topic.Any()}, "a log of everything")

	print := func(subscriber string) { fmt.Println(subscriber) }
	index.Match([]string{"https://example.com/books/1"}, print)

	index.Remove(&entry)
	index.Match([]string{"https://example.com/books/2"}, print)
	// Output:
	// a log of everything
	// a page about a book
}

func ExampleGrant() {
	grant := topic.Grant{
		Publish:   topic.Matchers{topic.Exact("https://example.com/books/1")},
		Subscribe: topic.Matchers{topic.Any()},
	}
	both := []string{"https://example.com/books/1", "https://example.com/books/2"}
	fmt.Println(grant.MayPublish(both[:1]), grant.MayPublish(both), grant.MayReceive(both))
	// Output: true false true
}

func ExampleCheckString() {
	fmt.Println(topic.CheckString("https://example.com/books/1"))
	fmt.Println(topic.CheckString("two\nlines"))
	// Output:
	// <nil>
	// topic: forbidden character U+000A at byte 3
}
