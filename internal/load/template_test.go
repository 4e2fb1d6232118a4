package load

import (
	"net/url"
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	const topic, data = "a b", "{topic}"
	tests := []struct{ name, template, want, asItIs string }{
		{"nothing", "", "", ""},
		{"no placeholder", "x=y", "x=y", "x=y"},
		{"both", "topic={topic}&data={data}", "topic=a+b&data=%7Btopic%7D", "topic=a b&data={topic}"},
		{"twice", "{topic}{topic}.", "a+ba+b.", "a ba b."},
		{"other braces", `{"topic":"{topic}","x":{}}{`, `{"topic":"a+b","x":{}}{`, `{"topic":"a b","x":{}}{`},
		{"braces within", "{{topic}}", "{a+b}", "{a b}"},
		{"cut short", "{topic", "{topic", "{topic"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fill(tt.template, topic, data, url.QueryEscape); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if got := fill(tt.template, topic, data, asItIs); got != tt.asItIs {
				t.Errorf("%q as it is, want %q", got, tt.asItIs)
			}
			same := strings.NewReplacer("{topic}", topic, "{data}", data).Replace(tt.template)
			if same != tt.asItIs {
				t.Errorf("a replacer makes %q of it", same)
			}
		})
	}
}
