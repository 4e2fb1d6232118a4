package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/topic"
)

func TestRetainRule(t *testing.T) {
	tests := []struct {
		text string
		want config.RetainRule
	}{
		{"age=5m:topic=chat/1", config.RetainRule{Topic: "chat/1", Keep: eventlog.Retention{MaxAge: 5 * time.Minute}}},
		{"age=7d:topic=*", config.RetainRule{Topic: "*", Keep: eventlog.Retention{MaxAge: 168 * time.Hour}}},
		{
			"bytes=64MiB,count=10,age=1h30m:topic=a",
			config.RetainRule{Topic: "a", Keep: eventlog.Retention{MaxAge: 90 * time.Minute, MaxBytes: 64 << 20, MaxRecords: 10}},
		},
		{"newest:topic=https://example.com/a,b;c:topic=d", config.RetainRule{Topic: "https://example.com/a,b;c:topic=d", Newest: true}},
		{"age=5m:template=chat/{room}", config.RetainRule{Kind: topic.KindTemplate, Topic: "chat/{room}", Keep: eventlog.Retention{MaxAge: 5 * time.Minute}}},
		{"newest:pattern=https://a.example/:b:topic=c", config.RetainRule{Kind: topic.KindPattern, Topic: "https://a.example/:b:topic=c", Newest: true}},
		{"newest:topic=a:pattern=b", config.RetainRule{Topic: "a:pattern=b", Newest: true}},
		{"newest:pattern=*", config.RetainRule{Topic: "*", Newest: true}},
		{"count=1:topic= a ", config.RetainRule{Topic: " a ", Keep: eventlog.Retention{MaxRecords: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got, again config.RetainRule
			if err := got.UnmarshalText([]byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
			if err := again.UnmarshalText([]byte(got.String())); err != nil || again != got {
				t.Errorf("%q is read as %+v, %v", got, again, err)
			}
		})
	}
}

func TestRetainRuleRefuses(t *testing.T) {
	for _, text := range []string{
		"", "age=5m", "topic=a", ":topic=a", "age=5m:topic=", "age=5m,topic=a", "newest,age=5m:topic=a", "age=5m,:topic=a",
		"age:topic=a", "age=0s:topic=a", "age=-1m:topic=a", "age=5:topic=a", "age=1.5d:topic=a", "age=106752d:topic=a",
		"bytes=0:topic=a", "bytes=much:topic=a", "count=0:topic=a", "count=1e3:topic=a", "age=1m,age=2m:topic=a",
		"forever:topic=a", "newest=1:topic=a", "newest:topic=a\nb", "newest:topic=\xff",
		":template=a{b}", "newest:template=", "newest:template=a", "newest:template=a{b", "newest:template={+a}\n", "newest:pattern=",
		"newest:pattern=/relative/:a", "newest:pattern=https://a.example/(", "newest:pattern=https://a.example/((?=a)b)", "newest:regexp=a",
		"newest:pattern=https://a.example/(a{999})(b{999})(c{999})",
	} {
		t.Run(text, func(t *testing.T) {
			var rule config.RetainRule
			if err := rule.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("accepted as %+v", rule)
			}
		})
	}
	err := parse(t, new(config.Serve), "--dev", "--retain", "age=5m")
	if err == nil || !strings.Contains(err.Error(), "--retain") || !strings.Contains(err.Error(), ":topic=") {
		t.Errorf("error %v, want one that names the flag and shows how a rule is written", err)
	}
}

func FuzzRetainRule(f *testing.F) {
	f.Add("age=5m:topic=chat/1")
	f.Add("bytes=64MiB,count=10,age=7d:topic=*")
	f.Add("newest:topic=a:topic=b")
	f.Add("newest:template=a/{b}:topic=c")
	f.Add("age=1s:pattern=https://example.com/:a/*")
	f.Fuzz(func(t *testing.T, text string) {
		var rule, again config.RetainRule
		if rule.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(rule.String())); err != nil || again != rule {
			t.Errorf("%q is %q, which is read as %+v, %v", text, rule, again, err)
		}
	})
}

func TestRetain(t *testing.T) {
	s := parsed[config.Serve](t, "--dev", "--retain", "age=5m:topic=a,b", "--retain", "newest:topic=c", "--retain", "count=7:topic=*")
	rules := s.DiskOptions().Rules
	if len(rules) != 3 {
		t.Fatalf("rules are %+v, want 3", rules)
	}
	for i, want := range []topic.Matcher{topic.Exact("a,b"), topic.Exact("c"), topic.Any()} {
		if len(rules[i].Topics) != 1 || rules[i].Topics[0] != want {
			t.Errorf("rule %d is for %v, want %v", i, rules[i].Topics, want)
		}
	}
	patterns := parsed[config.Serve](t, "--dev", "--retain", "newest:template=a/{b}", "--retain", "age=1m:pattern=https://example.com/:a")
	rules = append(rules, patterns.DiskOptions().Rules...)
	for i, match := range []string{"a/1", "https://example.com/1"} {
		if m := rules[3+i].Topics; !m.Match(match) || m.Match("https://example.com/1/2") {
			t.Errorf("rule %v does not match %q, or something else", m, match)
		}
	}
	if rules[0].Keep.MaxAge != 5*time.Minute || !rules[1].NewestOnly || rules[2].Keep.MaxRecords != 7 {
		t.Errorf("rules are %+v", rules)
	}
	if err := s.DiskOptions().Validate(); err != nil {
		t.Error(err)
	}
	t.Setenv("TIDINGS_RETAIN", "newest:topic=x,y")
	if got := parsed[config.Serve](t, "--dev").Retain; len(got) != 1 || got[0].Topic != "x,y" {
		t.Errorf("from the environment: %+v", got)
	}
}

// TestRetainRulesThatNeverCount: the same words in another language are another rule.
func TestRetainRulesThatNeverCount(t *testing.T) {
	tests := []struct {
		name          string
		first, second string
		ok            bool
	}{
		{"the same topic", "newest:topic=a", "age=5m:topic=a", false},
		{"the same template", "newest:template=a/{b}", "age=5m:template=a/{b}", false},
		{"a template and a topic", "newest:template=a/{b}", "age=5m:topic=a/{b}", true},
		{"a topic and a template", "newest:topic=a/{b}", "age=5m:template=a/{b}", true},
		{"another template", "newest:template=a/{b}", "age=5m:template=a/{c}", true},
		{"behind everything", "newest:pattern=*", "age=5m:template=a/{b}", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := parse(t, new(config.Serve), "--dev", "--retain", tt.first, "--retain", tt.second)
			if tt.ok != (err == nil) {
				t.Errorf("error is %v", err)
			}
		})
	}
}
