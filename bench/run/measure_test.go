package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReport(t *testing.T) {
	tests := []struct {
		name    string
		text    string
		numbers map[string]float64
		wrong   []string
	}{
		{
			"all well", `{"schema": 1, "hub": {"ok": true, "url": "http://h", "lost": 0, "latency_p99_ms": 1.5,
				"latency_histogram": [{"to_ms": 1, "count": 2}]}, "base": {"ok": false, "lost": 9}}`,
			map[string]float64{"lost": 0, "latency_p99_ms": 1.5},
			nil,
		},
		{
			"lost and doubled", `{"hub": {"ok": false, "lost": 1200, "duplicated": 1, "reordered": 0}}`,
			map[string]float64{"lost": 1200, "duplicated": 1, "reordered": 0},
			[]string{"1,200 lost", "1 duplicated"},
		},
		{
			"not all connected", `{"hub": {"ok": false, "connect_failed": 3, "connect_error": "refused"}}`,
			map[string]float64{"connect_failed": 3},
			[]string{"3 connect failed", "refused"},
		},
		{
			"not said why", `{"hub": {"ok": false}}`,
			map[string]float64{},
			[]string{"the report is not ok and does not say why"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			numbers, wrong, err := parseReport([]byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.numbers, numbers); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.wrong, wrong); diff != "" {
				t.Errorf("wrong (-want +got):\n%s", diff)
			}
		})
	}
	for _, text := range []string{"", "{", `{}`, `{"hub": {}}`, `{"hub": {"ok": "yes"}}`, `{"base": {"ok": true}}`} {
		if numbers, _, err := parseReport([]byte(text)); err == nil {
			t.Errorf("parseReport(%q) = %v, want an error", text, numbers)
		}
	}
}

func TestServerCommand(t *testing.T) {
	p := &programs{self: "/s", tidings: "/t", cloop: "/c", certificate: "/cert.pem", key: "/key.pem", cpus: placement{server: []string{"0", "1"}}}
	serve := []string{"--tls-cert={cert}"}
	pin := "taskset --cpu-list 0,1 "
	hub := pin + "/t serve --dev --addr=127.0.0.1:0 --data=memory --fanout="
	tests := []struct {
		run  run
		want string
	}{
		{run{Server: epoll}, hub + "epoll --log-level=warn --tls-cert=/cert.pem"},
		{run{Server: goroutine, Serve: []string{"--tls-key={key}"}}, hub + "goroutine --log-level=warn --tls-cert=/cert.pem --tls-key=/key.pem"},
		{run{Server: base}, pin + "/t bench-base --addr=127.0.0.1:0"},
		{run{Server: base, Serve: []string{"--tls-key={key}"}}, pin + "/t bench-base --addr=127.0.0.1:0 --tls-key=/key.pem"},
		{run{Server: baseTLS}, pin + "/s serve-tls-base /cert.pem /key.pem"},
		{run{Server: cloop}, pin + "/c 0 2"},
	}
	for _, tt := range tests {
		t.Run(string(tt.run.Server), func(t *testing.T) {
			if got := strings.Join(p.command(tt.run, serve), " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// fake returns programs of which tidings is a shell script: "bench" does what load says, and any other command what
// serve says.
func fake(t *testing.T, load, serve string) *programs {
	folder := t.TempDir()
	p := &programs{folder: folder, tidings: filepath.Join(folder, "tidings")}
	script := "#!/bin/sh\nif [ \"$1\" = bench ]; then\n" + load + "\nelse\n" + serve + "\nfi\n"
	if err := os.WriteFile(p.tidings, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return p
}

const serveForever = "echo Listening at http://127.0.0.1:1/hub; exec sleep 600"

func TestMeasure(t *testing.T) {
	tests := []struct {
		name        string
		load, serve string
		server      kind
		want        runResult
	}{
		{
			"all well", `[ "$3" = --hub=http://127.0.0.1:1/hub ] && echo '{"hub": {"ok": true, "lost": 0}}'`, serveForever, epoll,
			runResult{Figures: figures{"lost": {0, 0}}},
		},
		{
			"lost", `echo '{"hub": {"ok": false, "lost": 3}}'; exit 1`, serveForever, epoll,
			runResult{Figures: figures{"lost": {3, 3}}, Wrong: []string{"3 lost", "3 lost"}},
		},
		{
			"refused", "echo no such flag >&2; exit 2", serveForever, epoll,
			runResult{Figures: figures{}, Failed: []string{
				"tidings bench (exit status 2): no such flag", "tidings bench (exit status 2): no such flag",
			}},
		},
		{
			"no compiler", "exit 9", serveForever, cloop,
			runResult{Figures: figures{}, Skipped: "there is no C compiler"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &scenario{Name: "s", Runs: []run{{Server: tt.server}}}
			res, err := fake(t, tt.load, tt.serve).measureAll(t.Context(), s, 2, false, func(string) {})
			if err != nil {
				t.Fatal(err)
			}
			delete(res.Runs[0].Figures, "loopback_bytes") // everybody's
			tt.want.Server = tt.server
			if diff := cmp.Diff([]runResult{tt.want}, res.Runs); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMeasureServerThatEnds(t *testing.T) {
	p := fake(t, "exit 9", "echo address in use >&2; exit 3")
	into := runResult{Figures: figures{}}
	p.measure(t.Context(), run{Server: epoll}, nil, load{}, &into)
	if len(into.Failed) != 1 || !strings.HasSuffix(into.Failed[0], "ended before it listened (exit status 3): address in use") {
		t.Errorf("failed %q, want that the server ended and what it said", into.Failed)
	}
}

func TestFaults(t *testing.T) {
	lost := []string{"3 lost"}
	tests := []struct {
		name   string
		run    runResult
		met    bool
		strict bool
		faults []string
		err    error
	}{
		{"well", runResult{Server: epoll}, true, true, nil, nil},
		{"target missed", runResult{Server: epoll}, false, false, nil, nil},
		{"target missed, strict", runResult{Server: epoll}, false, true, nil, errFailed},
		{"the hub lost", runResult{Name: "h", Server: epoll, Wrong: lost}, true, false, []string{"s: h: 3 lost"}, errFailed},
		{"the hub lost, goroutines", runResult{Name: "h", Server: goroutine, Wrong: lost}, true, false, []string{"s: h: 3 lost"}, errFailed},
		{"the base lost", runResult{Name: "b", Server: base, Wrong: lost}, true, true, nil, nil},
		{"the loop lost", runResult{Name: "c", Server: cloop, Wrong: lost}, true, true, nil, nil},
		{"the base fell over", runResult{Name: "b", Server: base, Failed: []string{"gone"}}, true, false, []string{"s: b: gone"}, errFailed},
		{"no compiler", runResult{Server: cloop, Skipped: "none"}, true, true, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := &result{Scenario: "s", Runs: []runResult{tt.run}, Verdicts: []verdict{{Met: tt.met}}}
			missed, faults := res.missed()
			if diff := cmp.Diff(tt.faults, faults); diff != "" || (missed == 0) != tt.met {
				t.Errorf("%d missed, faults (-want +got):\n%s", missed, diff)
			}
			var said strings.Builder
			err := (&record{Results: []*result{res}}).conclude(tt.strict, &said)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			for _, fault := range tt.faults {
				if !strings.Contains(said.String(), "WRONG "+fault+"\n") {
					t.Errorf("%q is not said in:\n%s", fault, said.String())
				}
			}
		})
	}
}
