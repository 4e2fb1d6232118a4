package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/load"
)

// The variables have the command's name in them, --hub's too: the hub of the other commands is not put under load by
// mistake.
func TestBenchVariables(t *testing.T) {
	for name, settings := range map[string]any{"TIDINGS_BENCH_": new(config.Bench), "TIDINGS_BENCH_BASE_": new(config.BenchBase)} {
		parser, err := kong.New(settings)
		if err != nil {
			t.Fatal(err)
		}
		for _, flag := range parser.Model.Flags {
			if flag.Name == "help" {
				continue
			}
			want := name + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
			if envs := flag.Tag.Envs; len(envs) != 1 || envs[0] != want {
				t.Errorf("--%s: variables %q, want %q", flag.Name, envs, want)
			}
			if !strings.HasSuffix(flag.Help, ".") {
				t.Errorf("--%s: help is %q, want a sentence", flag.Name, flag.Help)
			}
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	const hub = "--hub=http://127.0.0.1:8080"
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"no URL", []string{"--hub=nowhere"}, []string{"--hub"}},
		{"no publish URL", []string{hub, "--publish-url=nowhere"}, []string{"--publish-url"}},
		{"header", []string{"--header=x"}, []string{"--header"}},
		{"no streams", []string{"--streams=0"}, []string{"--streams"}},
		{"no time", []string{"--timeout=0s"}, []string{"--timeout"}},
		{"nobody", []string{"--subscribers=0"}, []string{"--subscribers"}},
		{"no topic", []string{"--topics=0"}, []string{"--topics"}},
		{"matchers", []string{"--matchers=2"}, []string{"--matchers", "--topics"}},
		{"no prefix", []string{"--topic-prefix="}, []string{"--topic-prefix"}},
		{"ramp", []string{"--ramp=-1"}, []string{"--ramp"}},
		{"rate", []string{"--rate=-1"}, []string{"--rate"}},
		{"rate that is no number", []string{"--rate=NaN"}, []string{"--rate"}},
		{"burst", []string{"--burst=0"}, []string{"--burst"}},
		{"count", []string{"--count=-1"}, []string{"--count"}},
		{"duration", []string{"--duration=0s"}, []string{"--duration"}},
		{"size", []string{"--size=63"}, []string{"--size"}},
		{"publishers", []string{"--publishers=0"}, []string{"--publishers"}},
		{"too many publishers", []string{"--publishers=65537"}, []string{"--publishers"}},
		{"slow", []string{"--slow=101"}, []string{"--slow", "--stuck", "--subscribers"}},
		{"slow and stuck", []string{"--slow=60", "--stuck=401"}, []string{"--slow", "--stuck", "--subscribers"}},
		{"slow rate", []string{"--slow-rate=0"}, []string{"--slow-rate"}},
		{"settle", []string{"--settle=-1s"}, []string{"--settle"}},
		{"drain", []string{"--drain=0s"}, []string{"--drain"}},
		{"process", []string{hub, "--pid=-1"}, []string{"--pid"}},
		{"process of its own hub", []string{"--pid=1"}, []string{"--pid", "--hub"}},
		{"CPU", []string{"--pin-client=-1"}, []string{"--pin-client"}},
		{"pinning what runs", []string{hub, "--pin-server=0"}, []string{"--pin-server", "--hub"}},
		{"arguments of what runs", []string{hub, "--serve-arg=x"}, []string{"--serve-arg", "--hub"}},
		{"own hub publishes", []string{"--no-publish"}, []string{"--no-publish", "--hub"}},
		{"base of TLS", []string{"--hub=https://a", "--compare"}, []string{"--compare", "--hub"}},
		{"base that keeps nothing", []string{"--missed=1", "--compare"}, []string{"--compare", "--no-publish", "--missed"}},
		{"missed and idle", []string{"--missed=1", "--idle"}, []string{"--missed", "--no-publish", "--idle"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flags, text := refusedFlags(t, new(config.Bench), tt.args...)
			if diff := cmp.Diff(tt.want, flags); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
			for _, flag := range flags {
				if !strings.Contains(text, flag) {
					t.Errorf("%q does not name %s", text, flag)
				}
			}
		})
	}
}

func TestBenchOptions(t *testing.T) {
	own := parsed[config.Bench](t).Options()
	own.URL = "http://127.0.0.1/"
	if err := own.Validate(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	want := load.Options{
		URL: own.URL, Rate: 10, Settle: time.Second, SubscribeQuery: "topic={topic}", Header: own.Header,
	}.WithDefaults()
	own.PublishURL = own.URL
	if diff := cmp.Diff(want, own); diff != "" {
		t.Errorf("options (-those of the package +ours):\n%s", diff)
	}
	o := parsed[config.Bench](t, "--hub=http://127.0.0.1:1?x=y", "--header=A: b", "--header=A:c", "--slow=2.5").Options()
	if o.URL != "http://127.0.0.1:1/.well-known/mercure?x=y" || len(o.Header["A"]) != 2 || o.Header["A"][0] != "b" || o.SlowPercent != 2.5 {
		t.Errorf("options %+v", o)
	}
	o = parsed[config.Bench](t, "--hub=http://127.0.0.1:1/sub/{topic}").Options()
	if o.URL != "http://127.0.0.1:1/sub/{topic}" {
		t.Errorf("URL %s", o.URL)
	}
}
