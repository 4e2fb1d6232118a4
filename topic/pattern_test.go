package topic_test

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/dunglas/go-urlpattern"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/topic"
)

const hubURL = "https://hub.example/.well-known/hub"

func compiler(t testing.TB, base string) *topic.Compiler {
	t.Helper()
	var u *url.URL
	if base != "" {
		var err error
		if u, err = url.Parse(base); err != nil {
			t.Fatal(err)
		}
	}
	c, err := topic.NewCompiler(u)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pattern(t testing.TB, text string) topic.Matcher {
	t.Helper()
	m, err := compiler(t, hubURL).Pattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestPatternMatch has, for each pattern, topics that fit it and topics that do not.
func TestPatternMatch(t *testing.T) {
	tests := []struct {
		name, pattern string
		yes, no       []string
	}{
		{
			"the wildcard", "*",
			[]string{"a", "https://example.com/", "not : a [ URL"},
			nil,
		},
		{
			"a URL without groups", "https://example.com/books/1",
			[]string{"https://example.com/books/1", "HTTPS://EXAMPLE.com:443/books/x/../1"},
			[]string{"https://example.com/books/10", "http://example.com/books/1", "https://example.com:8443/books/1"},
		},
		{
			"a named group is one segment", "https://example.com/books/:id",
			[]string{"https://example.com/books/1", "https://example.com/books/a%2Fb", "https://u:p@example.com/books/1", "https://example.com/books/1?a=b#c"},
			[]string{"https://example.com/books/", "https://example.com/books", "https://example.com/books/1/2", "https://example.com/books/1/", "https://example.com/Books/1"},
		},
		{
			"two groups in a segment", "https://example.com/:a-:b.json",
			[]string{"https://example.com/x-y.json", "https://example.com/x-y-z.json"},
			[]string{"https://example.com/-y.json", "https://example.com/x-.json", "https://example.com/x/z-y.json"},
		},
		{
			"groups in several segments", "https://example.com/:a/x/:b",
			[]string{"https://example.com/1/x/2"},
			[]string{"https://example.com/1/y/2", "https://example.com//x/2", "https://example.com/1/x/"},
		},
		{
			"a wildcard takes the rest", "https://example.com/books/*",
			[]string{"https://example.com/books/", "https://example.com/books/1/2/3"},
			[]string{"https://example.com/books", "https://example.com/boo"},
		},
		{
			"a segment leaves to a wildcard what the text behind it needs", "https://example.com/{:a}{*}{x}",
			[]string{"https://example.com/-x", "https://example.com/ax/x", "https://example.com/xx"},
			[]string{"https://example.com/x", "https://example.com/-", "https://example.com//x"},
		},
		{
			"a wildcard before a text", "https://example.com/*.json",
			[]string{"https://example.com/a.json", "https://example.com/a/b.json", "https://example.com/.json"},
			[]string{"https://example.com/a.jsonx", "https://example.com/json"},
		},
		{
			"several wildcards", "https://example.com/*/b/*",
			[]string{"https://example.com/a/b/c", "https://example.com/a/b/b/", "https://example.com//b/"},
			[]string{"https://example.com/a/c", "https://example.com/b/b"},
		},
		{
			"an optional segment", "https://example.com/books/:id?",
			[]string{"https://example.com/books", "https://example.com/books/1"},
			[]string{"https://example.com/books/1/2", "https://example.com/books/"},
		},
		{
			"one segment or more", "https://example.com/books/:id+",
			[]string{"https://example.com/books/1", "https://example.com/books/1/2"},
			[]string{"https://example.com/books", "https://example.com/books/1/"},
		},
		{
			"no segment or more", "https://example.com/books/:id*",
			[]string{"https://example.com/books", "https://example.com/books/1/2"},
			[]string{"https://example.com/books/", "https://example.com/bookshop"},
		},
		{
			"an optional text", "http{s}?://example.com/a",
			[]string{"http://example.com/a", "https://example.com/a"},
			[]string{"httpss://example.com/a", "ftp://example.com/a"},
		},
		{
			"a repeated group in braces", "https://example.com/a{-:x}+",
			[]string{"https://example.com/a-1", "https://example.com/a-1-2"},
			[]string{"https://example.com/a", "https://example.com/a-"},
		},
		{
			"a regular expression", `https://example.com/(\d+|new)`,
			[]string{"https://example.com/12", "https://example.com/new"},
			[]string{"https://example.com/", "https://example.com/newer", "https://example.com/1a"},
		},
		{
			"a named regular expression", `https://example.com/:year(\d{4})/x`,
			[]string{"https://example.com/2026/x"},
			[]string{"https://example.com/26/x"},
		},
		{
			"subdomains", "https://*.example.com/",
			[]string{"https://a.example.com/", "https://a.b.example.com/"},
			[]string{"https://example.com/", "https://a.example.org/"},
		},
		{
			"one subdomain", "https://:sub.example.com/",
			[]string{"https://a.example.com/"},
			[]string{"https://a.b.example.com/", "https://.example.com/"},
		},
		{
			"a port", "https://example.com::port/", // a group for it
			[]string{"https://example.com:8443/"}, []string{"https://example.com/"},
		},
		{
			"the default port", "https://example.com:443/a", []string{"https://example.com/a"}, []string{"https://example.com:444/a"},
		},
		{
			"a query", "https://example.com/a?q=*",
			[]string{"https://example.com/a?q=", "https://example.com/a?q=1&r=2"},
			[]string{"https://example.com/a", "https://example.com/a?r=2"},
		},
		{
			"a fragment", "https://example.com/a#:f",
			[]string{"https://example.com/a#x"},
			[]string{"https://example.com/a", "https://example.com/a?#"},
		},
		{
			"characters that URLs encode", "https://example.com/größe/:x y",
			[]string{"https://example.com/größe/1 y", "https://example.com/gr%C3%B6%C3%9Fe/1%20y"},
			[]string{"https://example.com/gro%C3%9Fe/1%20y"},
		},
		{
			"an international domain", "https://münchen.example/*",
			[]string{"https://münchen.example/a", "https://xn--mnchen-3ya.example/a"},
			[]string{"https://munchen.example/a"},
		},
		{
			"escaped characters", `https://example.com/a\*\:b`,
			[]string{"https://example.com/a*:b"},
			[]string{"https://example.com/ax:b", "https://example.com/a*"},
		},
		{
			"relative to the hub", "/books/:id",
			[]string{"/books/1", "https://hub.example/books/1", "../books/1"},
			[]string{"https://example.com/books/1", "books/1", "http://hub.example/books/1"},
		},
		{
			"relative to the hub's folder", "books/:id",
			[]string{"books/1", "/.well-known/books/1", "https://hub.example/.well-known/books/1"},
			[]string{"/books/1", "books/"},
		},
		{
			"a plain word", "foo", []string{"foo", "./foo", "/.well-known/foo"}, []string{"foo/", "bar", "/foo"},
		},
		{
			"the hub's own subscriptions", "/.well-known/hub/subscriptions/exact/:t/:s",
			[]string{"/.well-known/hub/subscriptions/exact/https%3A%2F%2Fexample.com%2F/urn%3Auuid%3A1"},
			[]string{"/.well-known/hub/subscriptions/exact/a/b/c", "/.well-known/hub/subscriptions"},
		},
		{
			"URNs", `urn\:isbn\:*`, []string{"urn:isbn:1", "URN:isbn:"}, []string{"urn:uuid:1", "isbn:1", "https://urn/isbn:1"},
		},
		{
			"an IPv6 address", `http://[\:\:1]/:x`, []string{"http://[::1]/a", "http://[0:0::1]/a"}, []string{"http://[::2]/a"},
		},
		{
			"every protocol", "*://example.com/a", []string{"ftp://example.com/a", "x://example.com/a"}, []string{"x://example.org/a"},
		},
		{
			"topics that are no URLs", "*://*/*",
			[]string{"https://example.com/"},
			[]string{"https://exa mple.com/", "https://[1/", "https://example.com:x/", "http://"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := pattern(t, tt.pattern)
			for _, name := range tt.yes {
				if !m.Match(name) {
					t.Errorf("%q does not match %q", tt.pattern, name)
				}
			}
			for _, name := range tt.no {
				if m.Match(name) {
					t.Errorf("%q matches %q", tt.pattern, name)
				}
			}
		})
	}
}

func TestPatternWithoutBase(t *testing.T) {
	m, err := compiler(t, "").Pattern("https://example.com/:a")
	if err != nil {
		t.Fatal(err)
	}
	if !m.Match("https://example.com/1") || m.Match("/1") || m.Match("1") {
		t.Errorf("matches %v, %v, %v; want only the first", m.Match("https://example.com/1"), m.Match("/1"), m.Match("1"))
	}
}

func TestPatternRefuses(t *testing.T) {
	tests := []struct{ name, base, pattern, reason string }{
		{"no base", "", "/books/:id", "is relative"},
		{"an open group", hubURL, "/books/{a", "is no URL Pattern"},
		{"an open expression", hubURL, "/books/(a", "is no URL Pattern"},
		{"the same name twice", hubURL, "/:a/:a", "is no URL Pattern"},
		{"looking ahead", hubURL, `/(?=a)b`, "linear time"},
		{"looking ahead, inside", hubURL, `/(a(?=b)b)`, "linear time"},
		{"a back reference", hubURL, `/(a(?:b)\1)`, "linear time"},
		{"no expression", hubURL, `/(a[)`, "linear time"},
		{"too long", hubURL, "/" + strings.Repeat("a", topic.MaxMatcherBytes), "more than 4096"},
		{"too many groups", hubURL, "/" + strings.Repeat("*/", 1000), "too costly"},
		{"nested repetitions", hubURL, "/((?:(?:(?:a{10}){10}){10}){10})", ""},
		{"a large repetition", hubURL, "/(a{999})(b{999})(c{999})", "too costly"},
		{"a large repetition in a protocol", hubURL, "(a{999}){999}://x/", "too costly"},
		{"many classes", hubURL, "/(" + strings.Repeat(`\pL`, 1000) + ")", "too costly"},
		{"a control character", hubURL, "/a\x00b", "forbidden character"},
		{"not UTF-8", hubURL, "/a\xff", "invalid UTF-8"},
		{"a bad port", hubURL, "https://example.com:99999/", "is no URL Pattern"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := compiler(t, tt.base).Pattern(tt.pattern)
			e, ok := errors.AsType[*topic.MatcherError](err)
			if !ok {
				t.Fatalf("Pattern(%.60q) = %.60v, %v; want a *MatcherError", tt.pattern, m, err)
			}
			if e.Kind != topic.KindPattern || e.Value != tt.pattern || !strings.Contains(e.Reason, tt.reason) {
				t.Errorf("error is %+v, want one that says %q", e, tt.reason)
			}
			if len(e.Error()) > 1000 {
				t.Errorf("the error has %d bytes", len(e.Error()))
			}
		})
	}
}

// piece is a part of a simple pattern: a text, a name (:) or a wildcard (*).
type piece struct{ kind, text string }

// fits is the definition of the simple patterns, in the plainest words: it tries everything.
func fits(pieces []piece, s string) bool {
	if len(pieces) == 0 {
		return s == ""
	}
	first, rest := pieces[0], pieces[1:]
	if first.kind == "" {
		after, ok := strings.CutPrefix(s, first.text)
		return ok && fits(rest, after)
	}
	for n := range len(s) + 1 {
		taken := s[:n]
		if first.kind == ":" && (taken == "" || strings.Contains(taken, "/")) {
			continue
		}
		if fits(rest, s[n:]) {
			return true
		}
	}
	return false
}

// TestPatternAndDefinition compares simple patterns for paths with what they are to mean.
func TestPatternAndDefinition(t *testing.T) {
	matched := 0
	rapid.Check(t, func(rt *rapid.T) {
		text := "https://example.com/"
		var pieces []piece
		for i := range rapid.IntRange(1, 5).Draw(rt, "pieces") {
			p := piece{kind: rapid.SampledFrom([]string{"", "", ":", "*"}).Draw(rt, "kind")}
			switch p.kind {
			case "":
				p.text = rapid.SampledFrom([]string{"a", "b", "/", "-", "a/", "/b", "-a"}).Draw(rt, "text")
				text += "{" + p.text + "}"
			case ":":
				text += "{:n" + strconv.Itoa(i) + "}"
			default:
				text += "{*}"
			}
			pieces = append(pieces, p)
		}
		m := pattern(t, text)
		for range 20 {
			path := rapid.StringMatching(`[ab/-]{0,6}`).Draw(rt, "path")
			want := fits(pieces, path)
			if got := m.Match("https://example.com/" + path); got != want {
				rt.Fatalf("%q matches %q: %v, want %v", text, path, got, want)
			}
			if want {
				matched++
			}
		}
	})
	if matched == 0 {
		t.Error("nothing has matched")
	}
}

// FuzzPattern compares with the library's own way to match, which reads everything anew each time.
func FuzzPattern(f *testing.F) {
	seeds := []string{
		"/books/:id", "https://*.example.com/a{/:b}+/c", `https://example.com/:y(\d+)?-*/{x}?`, "*", "foo", "?a=:b#*",
		"http{s}?://:h.example.com::p/*/(a|b)+", `urn\:a\::b`, "/:a:b{:c}{x:d*}?", "/:a(.*)*:b?", "/{:a-}*", "/\\:é/:é", "/a(b*)",
	}
	topics := []string{"https://example.com/books/1", "books/1", "/books/", "urn:a:b", "https://a.example.com:81/x/a?q#f", "a b", "", "//x"}
	for i, s := range seeds {
		f.Add(s, topics[i%len(topics)])
	}
	c := compiler(f, hubURL)
	f.Fuzz(func(t *testing.T, text, name string) {
		m, err := c.Pattern(text)
		if err != nil {
			if _, ok := errors.AsType[*topic.MatcherError](err); !ok {
				t.Fatalf("Pattern(%q) = %T", text, err)
			}
			return
		}
		got := m.Match(name)
		if text == topic.Wildcard || len(name) > 100 { // long topics may be too much work
			return
		}
		want, err := urlpattern.New(text, "", nil)
		if errors.Is(err, urlpattern.ErrNoBaseURL) {
			want, err = urlpattern.New(text, hubURL, nil)
		}
		if err != nil {
			t.Fatalf("%q is refused by the library alone: %v", text, err)
		}
		if want := want.Test(name, hubURL); got != want {
			t.Errorf("%q matches %q: %v, want %v", text, name, got, want)
		}
	})
}
