package suite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/conformance/suite"
)

func TestConfigIsValidated(t *testing.T) {
	const url = "https://hub.example/.well-known/mercure"
	tests := []struct {
		name   string
		config suite.Config
		want   string // "" if it is valid
	}{
		{"URL alone", suite.Config{URL: url}, ""},
		{"everything", suite.Config{
			URL: url, Dialects: []suite.Dialect{suite.Legacy}, Protocols: []suite.Protocol{suite.HTTP2},
			Without: []string{"query"}, Timeout: time.Second,
		}, ""},
		{"nothing", suite.Config{}, "Config.URL"},
		{"no scheme", suite.Config{URL: "hub.example/hub"}, "Config.URL"},
		{"no path", suite.Config{URL: "https://hub.example/"}, "Config.URL"},
		{"query", suite.Config{URL: url + "?topic=a"}, "Config.URL"},
		{"slash", suite.Config{URL: url + "/"}, "Config.URL"},
		{"no URL", suite.Config{URL: "https://[/x"}, "Config.URL"},
		{"dialect", suite.Config{URL: url, Dialects: []suite.Dialect{"2"}}, "Config.Dialects"},
		{"protocol", suite.Config{URL: url, Protocols: []suite.Protocol{"3"}}, "Config.Protocols"},
		{"feature", suite.Config{URL: url, Without: []string{"tea"}}, "Config.Without"},
		{"time", suite.Config{URL: url, Timeout: -1}, "Config.Timeout"},
		{"limit", suite.Config{URL: url, TooLong: -1}, "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.config.Validate()
			if tt.want == "" && err != nil {
				t.Errorf("refused: %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want an error that names %s", err, tt.want)
			}
		})
	}
}

// small returns the rules that are run in the tests of the run itself.
func small(ids ...string) []suite.Rule {
	var rules []suite.Rule
	for _, r := range suite.Rules() {
		for _, id := range ids {
			if r.ID == id {
				rules = append(rules, r)
			}
		}
	}
	return rules
}

func TestRunIsInOrderAndInTheDialectsOfTheRules(t *testing.T) {
	c := start(t, transports[0], nil)
	c.Protocols = []suite.Protocol{suite.HTTP1, suite.HTTP2}
	c.Without = []string{"page"}
	results, err := suite.Run(t.Context(), c, small("1.2/get", "1.2/match", "1.14/typ-jwt", "1.15/not-mixed", "2/page"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range results {
		got = append(got, r.Rule.ID+" "+string(r.Dialect)+" "+string(r.Protocol)+" "+string(r.Outcome))
	}
	want := []string{
		"1.2/get 1.0 1.1 pass", "1.2/get 1.0 2 pass", "1.2/get 0.x 1.1 pass", "1.2/get 0.x 2 pass",
		"1.2/match 1.0 1.1 pass", "1.2/match 1.0 2 pass", "1.14/typ-jwt 0.x 1.1 pass", "1.14/typ-jwt 0.x 2 pass",
		"1.15/not-mixed 1.0 1.1 pass", "1.15/not-mixed 1.0 2 pass", "2/page 1.0 1.1 not run", "2/page 1.0 2 not run",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestOneDialectLeavesTheOtherOut(t *testing.T) {
	for _, d := range []suite.Dialect{suite.Modern, suite.Legacy} {
		runs := 0
		for _, r := range suite.Rules() {
			for _, got := range r.Dialects([]suite.Dialect{d}) {
				runs++
				if got != d || r.Section == "1.15" {
					t.Errorf("%s is run in dialect %s at a hub that speaks only %s", r.ID, got, d)
				}
			}
		}
		if runs < 100 {
			t.Errorf("%d rules are run in dialect %s", runs, d)
		}
	}
}

func TestNobodyThereIsAnError(t *testing.T) {
	c := start(t, transports[0], nil)
	c.URL = "http://127.0.0.1:1" + hubPath // nobody listens there
	if results, err := suite.Run(t.Context(), c, nil); err == nil {
		t.Errorf("%d results of a hub that is not there", len(results))
	}
}
