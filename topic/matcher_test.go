package topic_test

import (
	"testing"

	"github.com/tidings-hub/tidings/topic"
)

func TestMatcherMatch(t *testing.T) {
	tests := []struct {
		name    string
		matcher topic.Matcher
		topic   string
		want    bool
	}{
		{"the same", topic.Exact("a"), "a", true},
		{"another", topic.Exact("a"), "b", false},
		{"a longer one", topic.Exact("a"), "ab", false},
		{"other case", topic.Exact("a"), "A", false},
		{"not normalised", topic.Exact("https://example.com/%7Ea"), "https://example.com/~a", false},
		{"composed and decomposed", topic.Exact("\u00e9"), "e\u0301", false},
		{"any", topic.Any(), "a", true},
		{"the wildcard as exact value", topic.Exact("*"), "a", true},
		{"a star among other characters", topic.Exact("a*"), "ab", false},
		{"the zero matcher", topic.Matcher{}, "a", false},
		{"the zero matcher and the empty topic", topic.Matcher{}, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.matcher.Match(tt.topic); got != tt.want {
				t.Errorf("%v.Match(%q) = %v, want %v", tt.matcher, tt.topic, got, tt.want)
			}
		})
	}
}

func TestMatcherIsWhatItWasMadeFrom(t *testing.T) {
	tests := []struct {
		name    string
		matcher topic.Matcher
		kind    topic.Kind
		value   string
		text    string
	}{
		{"exact", topic.Exact("a"), topic.KindExact, "a", "exact:a"},
		{"any", topic.Any(), topic.KindAny, "*", "any:*"},
		{"wildcard", topic.Exact(topic.Wildcard), topic.KindAny, "*", "any:*"},
		{"pattern", pattern(t, "/a/:b"), topic.KindPattern, "/a/:b", "urlpattern:/a/:b"},
		{"template", template(t, "a/{b}"), topic.KindTemplate, "a/{b}", "template:a/{b}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.matcher
			if m.Kind() != tt.kind || m.Value() != tt.value || m.String() != tt.text {
				t.Errorf("kind %v, value %q, text %q; want %v, %q, %q", m.Kind(), m.Value(), m, tt.kind, tt.value, tt.text)
			}
		})
	}
	if topic.Exact(topic.Wildcard) != topic.Any() {
		t.Error("the wildcard and Any differ, so that an index would hold both")
	}
}

func TestKindNames(t *testing.T) {
	seen := map[string]bool{"unknown": true}
	for _, k := range []topic.Kind{topic.KindExact, topic.KindAny, topic.KindPattern, topic.KindTemplate} {
		if seen[k.String()] {
			t.Errorf("kind %d has the name %q of another", k, k)
		}
		seen[k.String()] = true
	}
	if got := topic.Kind(200).String(); got != "unknown" {
		t.Errorf("a kind that does not exist is called %q", got)
	}
}

func TestMatchers(t *testing.T) {
	ab := topic.Matchers{topic.Exact("a"), topic.Exact("b")}
	tests := []struct {
		name     string
		matchers topic.Matchers
		topics   []string
		any, all bool
	}{
		{"none of them", ab, []string{"c", "d"}, false, false},
		{"one of them", ab, []string{"c", "b"}, true, false},
		{"all of them", ab, []string{"b", "a"}, true, true},
		{"no topics", ab, nil, false, true},
		{"no matchers", nil, []string{"a"}, false, false},
		{"any", topic.Matchers{topic.Any()}, []string{"x", "y"}, true, true},
		{"patterns", topic.Matchers{pattern(t, "/a/:b"), template(t, "c/{d}")}, []string{"/a/1", "c/1"}, true, true},
		{"patterns and others", topic.Matchers{pattern(t, "/a/:b"), topic.Exact("e")}, []string{"e", "c/1"}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.matchers.MatchAny(tt.topics); got != tt.any {
				t.Errorf("MatchAny = %v, want %v", got, tt.any)
			}
			if got := tt.matchers.MatchAll(tt.topics); got != tt.all {
				t.Errorf("MatchAll = %v, want %v", got, tt.all)
			}
		})
	}
}

func TestFirst(t *testing.T) {
	sets := []topic.Matchers{nil, {topic.Exact("a"), pattern(t, "/a/:b")}, {template(t, "a/{b}"), topic.Exact("/a/1")}, {topic.Any()}}
	for name, want := range map[string]int{"a": 1, "/a/1": 1, "a/1": 2, "b": 3} {
		if got := topic.First(sets, name); got != want {
			t.Errorf("First(%q) = %d, want %d", name, got, want)
		}
	}
	if got := topic.First(sets[:3], "b"); got != -1 {
		t.Errorf("First of none is %d", got)
	}
}
