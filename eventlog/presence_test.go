package eventlog_test

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

const hubPath = "/.well-known/hub"

func presenceCompiler(t *testing.T) *topic.Compiler {
	t.Helper()
	base, err := url.Parse("https://hub.example" + hubPath)
	if err != nil {
		t.Fatal(err)
	}
	c, err := topic.NewCompiler(base)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestPresenceReach: what a log knows of its presence updates is enough to pass over them for who asks for other things.
func TestPresenceReach(t *testing.T) {
	c := presenceCompiler(t)
	usual := []string{hubPath + "/subscriptions/exact/a/1", hubPath + "/subscriptions/urlpattern/b/2", hubPath + "/subscriptions/c/3"}
	for _, tt := range []struct {
		name          string
		topics        []string
		public        bool
		matchers      string
		grant         string
		want          bool
		wantUnderOnly string
	}{
		{"never had any", nil, false, "any:*", "any:*", false, ""},
		{"everything", usual, false, "any:*", "any:*", true, hubPath + "/subscriptions/"},
		{"one of them", usual, false, "exact:" + usual[0], "any:*", true, hubPath + "/subscriptions/"},
		{"one that was not", usual, false, "exact:" + hubPath + "/subscriptions/x", "any:*", true, hubPath + "/subscriptions/"},
		{"no grant", usual, false, "any:*", "", false, hubPath + "/subscriptions/"},
		{"no grant, and public", usual, true, "any:*", "", true, hubPath + "/subscriptions/"},
		{"others", usual, false, "exact:books", "any:*", false, hubPath + "/subscriptions/"},
		{"granted others", usual, false, "any:*", "urlpattern:https://example.com/*", false, hubPath + "/subscriptions/"},
		{"a pattern of them", usual, false, "urlpattern:" + hubPath + "/subscriptions/exact/:match/:who", "any:*", true, hubPath + "/subscriptions/"},
		{"a pattern of others", usual, false, "urlpattern:/books/*", "any:*", false, hubPath + "/subscriptions/"},
		{"a template of others", usual, false, "template:books/{id}", "any:*", false, hubPath + "/subscriptions/"},
		{"only one", usual[:1], false, "exact:" + usual[0], "any:*", true, usual[0]},
		{"only one, and another", usual[:1], false, "exact:" + usual[1], "any:*", false, usual[0]},
		{"dot segments", []string{hubPath + "/subscriptions/../x", hubPath + "/subscriptions/../y"}, false, "urlpattern:/.well-known/hub/:x", "any:*", true, hubPath + "/subscriptions/../"},
		{"nothing in common", []string{"a/b", "c/d"}, false, "exact:books", "any:*", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p eventlog.PresenceReach
			for _, name := range tt.topics {
				u := eventlog.Update{Topics: []string{name}, Private: !tt.public}
				p.Add(&u)
				if p.Add(&u) {
					t.Errorf("the second update to %q has changed it", name)
				}
			}
			f := &eventlog.Filter{Matchers: presenceMatchers(t, c, tt.matchers), Grant: topic.Grant{Subscribe: presenceMatchers(t, c, tt.grant)}}
			if got := p.Reached(f); got != tt.want {
				t.Errorf("Reached = %t, want %t of %+v", got, tt.want, p)
			}
			if p.Under != tt.wantUnderOnly {
				t.Errorf("Under = %q, want %q", p.Under, tt.wantUnderOnly)
			}
		})
	}
}

func presenceMatchers(t testing.TB, c *topic.Compiler, text string) topic.Matchers {
	t.Helper()
	if text == "" {
		return nil
	}
	m, err := c.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return topic.Matchers{m}
}

// TestPresenceReachIsSound: no update that a filter selects is ever passed over.
func TestPresenceReachIsSound(t *testing.T) {
	c := presenceCompiler(t)
	selected, passed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		segment := rapid.SampledFrom([]string{"a", "b", "ab", "..", ".", "%2e%2E", "%41", "", `x\..`, "é", "a?b", "#c", "//", "subscriptions", "https:"})
		drawTopic := rapid.Custom(func(rt *rapid.T) string {
			prefix := rapid.SampledFrom([]string{"", "/", hubPath + "/subscriptions/", hubPath + "/", "https://hub.example/", "//hub.example/"}).Draw(rt, "prefix")
			return prefix + strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(rt, "segments"), "/")
		})
		drawMatchers := rapid.Custom(func(rt *rapid.T) topic.Matchers {
			text := drawTopic.Draw(rt, "text")
			text += rapid.SampledFrom([]string{"", "/*", "/:x", "/{x}", "{+x}", "/:x/:y"}).Draw(rt, "end")
			kind := rapid.SampledFrom([]topic.Kind{topic.KindExact, topic.KindTemplate, topic.KindPattern, topic.KindAny}).Draw(rt, "kind")
			if kind == topic.KindAny {
				text = topic.Wildcard
			}
			m, err := c.Compile(kind, text)
			if err != nil {
				return nil
			}
			return topic.Matchers{m}
		})
		var p eventlog.PresenceReach
		var updates []eventlog.Update
		for range rapid.IntRange(1, 5).Draw(rt, "updates") {
			u := eventlog.Update{Topics: rapid.SliceOfN(drawTopic, 1, 2).Draw(rt, "topics"), Private: rapid.Bool().Draw(rt, "private")}
			p.Add(&u)
			updates = append(updates, u)
		}
		f := &eventlog.Filter{Matchers: drawMatchers.Draw(rt, "matchers"), Grant: topic.Grant{Subscribe: drawMatchers.Draw(rt, "grant")}}
		reached := p.Reached(f)
		if !reached {
			passed++
		}
		for i := range updates {
			if !f.Match(&updates[i]) {
				continue
			}
			selected++
			if !reached {
				rt.Fatalf("%v selects %q, and is not reached by %+v", f.Matchers, updates[i].Topics, p)
			}
		}
	})
	if selected == 0 || passed == 0 {
		t.Errorf("%d were selected and %d passed over: nothing was tested", selected, passed)
	}
}
