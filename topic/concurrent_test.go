package topic_test

import (
	"net/url"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/topic"
)

// TestMatchConcurrently: matchers are shared by all who match, from the first time on.
func TestMatchConcurrently(t *testing.T) {
	for range 20 {
		base, err := url.Parse("https://example.com/hub?a=b")
		if err != nil {
			t.Fatal(err)
		}
		c, err := topic.NewCompiler(base)
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.Pattern("https://example.com/*")
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				// Not plain: it is read by the standard's state machine, with the base.
				if !m.Match("./a b/../c") {
					t.Error("no match")
				}
			})
		}
		all.Wait()
	}
}
