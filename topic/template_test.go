package topic_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/yosida95/uritemplate/v3"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/topic"
)

func template(t testing.TB, text string) topic.Matcher {
	t.Helper()
	m, err := compiler(t, "").Template(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestTemplateMatch(t *testing.T) {
	tests := []struct {
		name, template string
		yes, no        []string
	}{
		{
			"a variable", "https://example.com/books/{id}",
			[]string{"https://example.com/books/1", "https://example.com/books/", "https://example.com/books/a%20b", "https://example.com/books/a,b"},
			[]string{"https://example.com/books/1/2", "https://example.com/books/a b", "https://example.com/books/é", "https://example.com/books/a%2", "https://example.org/books/1"},
		},
		{"its own text", "https://example.com/{+id} {", []string{"https://example.com/{+id} {"}, []string{"https://example.com/1 {"}},
		{"the same text as a topic", "/a/{id}", []string{"/a/{id}", "/a/1"}, []string{"/a/{i}"}},
		{"relative", "chat/{room}/{user}", []string{"chat/1/2", "chat//"}, []string{"chat/1", "/chat/1/2"}},
		{"a variable before a text", "/{id}.json", []string{"/1.json", "/a.b.json", "/.json"}, []string{"/1.jso", "/1/2.json"}},
		{"two variables in a row", "/{a}{b}x", []string{"/x", "/12x"}, []string{"/1/2x"}},
		{"reserved characters", "/{+path}", []string{"/a/b?c#d", "/"}, []string{"/ü", "a"}},
		{"a fragment", "/a{#f}", []string{"/a", "/a#x/y"}, []string{"/ax"}},
		{"a label", "/a{.ext}", []string{"/a", "/a.b", "/a.b.c"}, []string{"/ab", "/a/b"}},
		{"path segments", "/a{/b,c}", []string{"/a", "/a/1", "/a/1/2"}, []string{"/a/1/2/3", "/ab"}},
		{"exploded path segments", "/a{/list*}", []string{"/a", "/a/1/2/3"}, []string{"/a?1"}},
		{"a query", "/a{?q,r}", []string{"/a", "/a?q=1", "/a?q=1&r=2"}, []string{"/a&q=1", "/a/"}},
		{"more of a query", "/a?x=1{&q}", []string{"/a?x=1", "/a?x=1&q=2"}, []string{"/a?x=2"}},
		{"parameters", "/a{;p}", []string{"/a", "/a;p=1"}, []string{"/a?p=1"}},
		{"a prefix", "/a/{id:3}", []string{"/a/123", "/a/"}, []string{"/a/1/2"}},
		{"encoded characters in the text", "/%C3%A9/{id}", []string{"/%C3%A9/1"}, []string{"/é/1"}},
		{"other characters in the text", "/é/{id}", []string{"/é/1"}, []string{"/%C3%A9/1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := template(t, tt.template)
			for _, name := range tt.yes {
				if !m.Match(name) {
					t.Errorf("%q does not match %q", tt.template, name)
				}
			}
			for _, name := range tt.no {
				if m.Match(name) {
					t.Errorf("%q matches %q", tt.template, name)
				}
			}
		})
	}
}

// TestTemplateIsExact: what is no template, or has no expression, is the topic of that name.
func TestTemplateIsExact(t *testing.T) {
	for _, text := range []string{"", "a", "https://example.com/1", "{", "a{b", "a}b", "{}", "{=a}", "{a b}", "é ü", "a b{c}", "*"} {
		t.Run(text, func(t *testing.T) {
			if m := template(t, text); m != topic.Exact(text) {
				t.Errorf("Template(%q) = %v, want %v", text, m, topic.Exact(text))
			}
		})
	}
}

func TestTemplateRefuses(t *testing.T) {
	tests := []struct{ name, template, reason string }{
		{"too long", strings.Repeat("a", topic.MaxMatcherBytes) + "{a}", "more than 4096"},
		{"too long, without end", strings.Repeat("a", topic.MaxMatcherBytes) + "{a", ""},
		{"many expressions", strings.Repeat("{+a}", 1000), "too costly"},
		{"many variables", "{/a" + strings.Repeat(",a", 1500) + "}", "too costly"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := compiler(t, "").Template(tt.template)
			if tt.reason == "" {
				if m != topic.Exact(tt.template) || err != nil {
					t.Errorf("Template = %.20v, %v; want what is exact", m, err)
				}
				return
			}
			e, ok := errors.AsType[*topic.MatcherError](err)
			if !ok {
				t.Fatalf("error is %v, want a *MatcherError", err)
			}
			if e.Kind != topic.KindTemplate || e.Value != tt.template || !strings.Contains(e.Reason, tt.reason) {
				t.Errorf("error is %+v, want one that says %q", e, tt.reason)
			}
		})
	}
}

// TestTooCostlyTogether: as many elaborate matchers as a stream may have are not too costly; some that are each at the
// edge of it are.
func TestTooCostlyTogether(t *testing.T) {
	elaborate := topic.Matchers{pattern(t, `https://example.com/:year(\d{4})-:month(\d{2})/*`)}
	for range 99 {
		elaborate = append(elaborate, template(t, "https://example.com/books{?a,b,c,d,e,f}"))
	}
	if elaborate.TooCostly() {
		t.Error("a hundred elaborate matchers are too costly")
	}
	bombs := topic.Matchers{topic.Any(), topic.Exact("a"), template(t, strings.Repeat("{+a}", 100)+"x")}
	for range 20 {
		if bombs.TooCostly() {
			return
		}
		bombs = append(bombs, template(t, strings.Repeat("{+a}", 100)+"x"), pattern(t, `/:a((?:a|b|[a-z]){1,250}x)`))
	}
	t.Errorf("%d costly matchers are not too costly", len(bombs))
}

// TestTemplateExpansions: whatever a template expands to, it matches.
func TestTemplateExpansions(t *testing.T) {
	operators := []string{"", "+", "#", ".", "/", ";", "?", "&"}
	modifiers := []string{"", "", ":2", "*"}
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(1, 4).Draw(rt, "expressions") {
			text.WriteString(rapid.SampledFrom([]string{"", "/", "a", "/b.c/", "?x=1&y", "%20", "ü"}).Draw(rt, "text"))
			text.WriteString("{" + rapid.SampledFrom(operators).Draw(rt, "operator"))
			for i, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "l"}), 1, 3, rapid.ID).Draw(rt, "names") {
				if i > 0 {
					text.WriteString(",")
				}
				text.WriteString(name + rapid.SampledFrom(modifiers).Draw(rt, "modifier"))
			}
			text.WriteString("}")
		}
		values := uritemplate.Values{
			"a": uritemplate.String(rapid.StringMatching(`[a-z/?#é %]{0,6}`).Draw(rt, "a")),
			"l": uritemplate.List(rapid.SliceOfN(rapid.StringMatching(`[a-z/ü]{1,3}`), 1, 3).Draw(rt, "l")...),
		}
		if rapid.Bool().Draw(rt, "b is defined") {
			values["b"] = uritemplate.String("B,1")
		}
		parsed, err := uritemplate.New(text.String())
		if err != nil {
			rt.Fatal(err)
		}
		expanded, err := parsed.Expand(values)
		if err != nil {
			return // a list has no prefix
		}
		m, err := topic.CompileTemplate(text.String())
		if err != nil {
			rt.Fatal(err)
		}
		if !m.Match(expanded) {
			rt.Fatalf("%q expands to %q and does not match it", text.String(), expanded)
		}
	})
}

// FuzzTemplate compares with the library's regular expression for the whole template.
func FuzzTemplate(f *testing.F) {
	for _, s := range [][2]string{
		{"https://example.com/{id}", "https://example.com/1%20"},
		{"/{a}{b}", "/1"},
		{"{a}/{b}.{c}", "1/2.3"},
		{"{?x,y*}", "?x=1&y=2"},
		{"{+a}-{b:3}", "a-b"},
		{"a{b", "a{b"},
		{"{a}%20{b}", "1%20%2"},
	} {
		f.Add(s[0], s[1])
	}
	c := compiler(f, "")
	f.Fuzz(func(t *testing.T, text, name string) {
		m, err := c.Template(text)
		if err != nil {
			if _, ok := errors.AsType[*topic.MatcherError](err); !ok {
				t.Fatalf("Template(%q) = %T", text, err)
			}
			return
		}
		got := m.Match(name)
		if text == topic.Wildcard || len(name) > 100 || strings.Count(text, ",") > 100 {
			return
		}
		want := name == text
		if parsed, err := uritemplate.New(text); err == nil && !want {
			want = parsed.Regexp().MatchString(name)
		}
		if got != want {
			t.Errorf("%q matches %q: %v, want %v", text, name, got, want)
		}
	})
}
