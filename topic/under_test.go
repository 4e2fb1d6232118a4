package topic_test

import (
	"net/url"
	"testing"

	"github.com/tidings-hub/tidings/topic"
)

// TestMayMatchUnder: a matcher that selects a topic under a prefix may match there, and one that is plainly about other
// topics may not.
func TestMayMatchUnder(t *testing.T) {
	base, err := url.Parse("https://hub.example/.well-known/mercure")
	if err != nil {
		t.Fatal(err)
	}
	const under = "/.well-known/mercure/subscriptions/"
	for _, tt := range []struct {
		name, kind, value string
		based             bool
		prefix            string
		want              bool
	}{
		{"everything", "any", "*", true, under, true},
		{"a topic there", "exact", under + "exact/a/b", true, under, true},
		{"the prefix itself", "exact", under, true, under, true},
		{"another topic", "exact", "books/1", true, under, false},
		{"a shorter topic", "exact", "/.well-known/mercure", true, under, false},
		{"a template of everything", "template", "{x}", true, under, true},
		{"a template there", "template", under + "{topic}/{id}", true, under, true},
		{"a template that may lead there", "template", "/.well-known/{+rest}", true, under, true},
		{"a template elsewhere", "template", "https://example.com/books/{id}", true, under, false},
		{"a pattern there", "urlpattern", under + ":type/:match/:id", true, under, true},
		{"a pattern there, absolute", "urlpattern", "https://hub.example" + under + "*", true, under, true},
		{"a pattern of the whole site", "urlpattern", "https://hub.example/*", true, under, true},
		{"a pattern of any host", "urlpattern", "https://:host/*", true, under, true},
		{"a pattern elsewhere on the site", "urlpattern", "/books/:id", true, under, false},
		{"a pattern of another host", "urlpattern", "https://example.com/*", true, under, false},
		{"a pattern without a base", "urlpattern", "https://hub.example/*", false, under, false},
		{"a pattern, and a prefix that is no path", "urlpattern", "https://example.com/*", true, "boo", true},
		{"a pattern, and no prefix", "urlpattern", "https://example.com/*", true, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from := base
			if !tt.based {
				from = nil
			}
			c, err := topic.NewCompiler(from)
			if err != nil {
				t.Fatal(err)
			}
			m, err := c.Parse(tt.kind + ":" + tt.value)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.MayMatchUnder(tt.prefix); got != tt.want {
				t.Errorf("%v.MayMatchUnder(%q) = %t, want %t", m, tt.prefix, got, tt.want)
			}
			if at := tt.prefix + "exact/a/b"; m.Match(at) && !m.MayMatchUnder(tt.prefix) {
				t.Errorf("%v selects %q", m, at)
			}
		})
	}
}
