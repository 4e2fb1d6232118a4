package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPlace(t *testing.T) {
	tests := []struct {
		name   string
		list   string
		canPin bool
		want   placement
		says   string
	}{
		{"four", "0-3", true, placement{server: []string{"0", "1"}, client: []string{"2", "3"}}, "server on CPUs 0 and 1, load on 2 and 3"},
		{"some of many", "2,5-6,9-15", true, placement{server: []string{"2", "5"}, client: []string{"6", "9"}}, "server on CPUs 2 and 5, load on 6 and 9"},
		{"three", "0-2", true, placement{why: "3 CPUs may be used, 4 are needed"}, "not pinned: 3 CPUs may be used, 4 are needed"},
		{"unknown", "", true, placement{why: "0 CPUs may be used, 4 are needed"}, "not pinned: 0 CPUs may be used, 4 are needed"},
		{"no taskset", "0-7", false, placement{why: "there is no taskset"}, "not pinned: there is no taskset"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := place(tt.list, tt.canPin)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(placement{})); diff != "" {
				t.Errorf("placement (-want +got):\n%s", diff)
			}
			if got.String() != tt.says {
				t.Errorf("it says %q, want %q", got, tt.says)
			}
		})
	}
}

func TestPlacementOfCommands(t *testing.T) {
	p := placement{server: []string{"0", "1"}, client: []string{"2", "3"}}
	if diff := cmp.Diff([]string{"taskset", "--cpu-list", "0,1"}, p.onServer()); diff != "" {
		t.Errorf("before the server (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"taskset", "--cpu-list", "2,3"}, p.onClient()); diff != "" {
		t.Errorf("before the load (-want +got):\n%s", diff)
	}
	if got := p.serverCount(); got != 2 {
		t.Errorf("the server has %d CPUs, want 2", got)
	}
	var none placement
	if got := append(none.onServer(), none.onClient()...); got != nil {
		t.Errorf("before what is not pinned: %q", got)
	}
}

func TestValueOf(t *testing.T) {
	text := "processor\t: 0\nmodel name\t: A: fast one\n\nprocessor\t: 1\nmodel name\t: other\n"
	if got, want := valueOf(text, "model name"), "A: fast one"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := valueOf(text, "model"); got != "" {
		t.Errorf("half a key has the value %q", got)
	}
}

func TestLoopbackBytes(t *testing.T) {
	devices := "Inter-|   Receive    |  Transmit\n face |bytes    packets errs\n  eth0: 7 1 0 0\n    lo: 123456789  1000    0    0 5 5\n"
	if got, ok := loopbackBytes(devices); !ok || got != 123456789 {
		t.Errorf("got %v, %v; want 123456789", got, ok)
	}
	if got, ok := loopbackBytes("  eth0: 7 1 0 0\n"); ok {
		t.Errorf("without such a device: %v", got)
	}
}

func TestInspect(t *testing.T) {
	m := inspect(t.Context(), "../..", placement{why: "a test"})
	if m.CPUs < 1 || m.Go == "" || m.Revision == "" || m.Placement != "not pinned: a test" {
		t.Errorf("machine %+v lacks something", m)
	}
}
