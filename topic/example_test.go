package topic_test

import (
	"fmt"
	"net/url"

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

func ExampleCompiler() {
	compiler, err := topic.NewCompiler(&url.URL{Scheme: "https", Host: "example.com", Path: "/.well-known/mercure"})
	if err != nil {
		fmt.Println(err)
		return
	}
	pattern, err := compiler.Pattern("/books/:id")
	if err != nil {
		fmt.Println(err)
		return
	}
	template, err := compiler.Template("chat/{room}")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pattern.Match("https://example.com/books/1"), pattern.Match("https://example.com/books/1/pages"))
	fmt.Println(template.Match("chat/7"))
	_, err = compiler.Pattern("/(a{999})(b{999})(c{999})")
	fmt.Println(err)
	// Output:
	// true false
	// true
	// topic: urlpattern "/(a{999})(b{999})(c{999})" is too costly to match: it has too many groups or repetitions
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
