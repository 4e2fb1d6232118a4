package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestScenarioFiles reads those that are there, and looks for what each must have.
func TestScenarioFiles(t *testing.T) {
	scenarios, err := readScenarios(os.DirFS("../scenarios"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
		if len(s.Targets) == 0 {
			t.Errorf("%s has no target", s.Name)
		}
		ours := false
		for _, r := range s.Runs {
			ours = ours || r.Server.ours()
		}
		if !ours {
			t.Errorf("%s does not measure the hub", s.Name)
		}
	}
	want := []string{
		"broadcast-10k", "broadcast-1k", "burst-300", "compressible", "connect-storm", "h2", "idle", "many-topics", "open-100",
		"rate-5", "resume-storm", "stuck-1", "stuck-1000", "tls",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("scenarios (-want +got):\n%s", diff)
	}
}

func TestParseScenario(t *testing.T) {
	s, err := parseScenario("small", []byte(`{
		"title": "A few.",
		"serve": ["--heartbeat=1s"],
		"load": {"subscribers": 10, "rate": 0.5, "idle": true, "duration": "1s"},
		"runs": [{"server": "base"}, {"name": "other", "server": "epoll", "serve": ["--shards=1"], "load": {"rate": 7}}],
		"targets": [{"row": "lost", "want": "other.lost == 0"}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &scenario{
		Name:  "small",
		Title: "A few.",
		Serve: []string{"--heartbeat=1s"},
		Load: load{
			"subscribers": json.Number("10"), "rate": json.Number("0.5"), "idle": true, "duration": "1s",
		},
		Runs: []run{
			{Name: "base", Server: base},
			{Name: "other", Server: epoll, Serve: []string{"--shards=1"}, Load: load{"rate": json.Number("7")}},
		},
		Targets: []target{{Row: "lost", Want: "other.lost == 0"}},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Fatalf("scenario (-want +got):\n%s", diff)
	}
	args := s.Load.with(s.Runs[1].Load).args()
	if diff := cmp.Diff([]string{"--duration=1s", "--idle=true", "--rate=7", "--subscribers=10"}, args); diff != "" {
		t.Errorf("flags (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("the scenario was changed by it (-want +got):\n%s", diff)
	}
}

func TestParseScenarioRefuses(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string
	}{
		{"no JSON", `{`, "unexpected EOF"},
		{"unknown member", `{"tittle": "x"}`, "tittle"},
		{"nothing", `{}`, "no title\nno runs"},
		{"unknown server", `{"title": "x", "runs": [{"server": "nginx"}]}`, `server "nginx" is none of`},
		{"name that targets cannot say", `{"title": "x", "runs": [{"name": "a-b", "server": "epoll"}]}`, "no identifier"},
		{"two of a name", `{"title": "x", "runs": [{"server": "epoll"}, {"server": "epoll"}]}`, "two of this name"},
		{"load of a list", `{"title": "x", "load": {"rate": [1]}, "runs": [{"server": "epoll"}]}`, "load rate"},
		{"target without a row", `{"title": "x", "runs": [{"server": "epoll"}], "targets": [{"want": "epoll.a == 0"}]}`, "what row"},
		{"target of another run", `{"title": "x", "runs": [{"server": "epoll"}], "targets": [{"row": "r", "want": "base.a == 0"}]}`, "no run base"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := parseScenario("file", []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "scenario file: ") {
				t.Errorf("scenario %+v, error %v; want one of file that says %q", s, err, tt.want)
			}
		})
	}
}

func TestReadScenariosByName(t *testing.T) {
	folder := fstest.MapFS{
		"a.json":    {Data: []byte(`{"title": "A", "runs": [{"server": "epoll"}]}`)},
		"b.json":    {Data: []byte(`{"title": "B", "runs": [{"server": "base"}]}`)},
		"README.md": {Data: []byte("no scenario")},
	}
	got, err := readScenarios(folder, []string{"b"})
	if err != nil || len(got) != 1 || got[0].Title != "B" {
		t.Errorf("readScenarios of b = %v, %v", got, err)
	}
	got, err = readScenarios(folder, nil)
	if err != nil || len(got) != 2 {
		t.Errorf("readScenarios of all = %v, %v", got, err)
	}
	if _, err = readScenarios(folder, []string{"a", "c"}); err == nil || !strings.Contains(err.Error(), `"c"; there are: a, b`) {
		t.Errorf("readScenarios of c: %v", err)
	}
}

func TestQuickLoad(t *testing.T) {
	l := load{
		"subscribers": json.Number("10000"), "rate": json.Number("0"), "burst": json.Number("7"), "size": json.Number("4000"),
		"duration": "30s", "gzip": true,
	}
	want := load{
		"subscribers": 200.0, "rate": json.Number("0"), "burst": json.Number("7"), "size": json.Number("4000"),
		"duration": "500ms", "settle": "100ms", "gzip": true,
	}
	if diff := cmp.Diff(want, l.quick()); diff != "" {
		t.Errorf("quick load (-want +got):\n%s", diff)
	}
	if got := l["duration"]; got != "30s" {
		t.Errorf("the load itself was changed: duration %v", got)
	}
}

func TestLongestLoad(t *testing.T) {
	got := load{"duration": "30s", "settle": "10s", "drain": "never", "rate": json.Number("5")}.longest()
	if want := 2*time.Minute + 80*time.Second; got != want {
		t.Errorf("longest = %v, want %v", got, want)
	}
}
