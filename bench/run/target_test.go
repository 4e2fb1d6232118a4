package main

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMedian(t *testing.T) {
	tests := []struct {
		name   string
		values []float64
		want   float64
		known  bool
	}{
		{"none", nil, 0, false},
		{"one", []float64{7}, 7, true},
		{"odd, not sorted", []float64{9, 1, 5}, 5, true},
		{"even", []float64{4, 1, 3, 2}, 2.5, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]float64(nil), tt.values...)
			got, known := figures{"m": tt.values}.median("m")
			if got != tt.want || known != tt.known {
				t.Errorf("median of %v = %v, %v; want %v, %v", tt.values, got, known, tt.want, tt.known)
			}
			if diff := cmp.Diff(before, tt.values); diff != "" {
				t.Errorf("the values were changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	runs := map[string]figures{
		"epoll": {"cpu": {8, 7, 9}, "lost": {0}, "p99": {55}},
		"base":  {"cpu": {14, 16, 15}, "rate": {100}, "p99": {50, 60, 40}, "zero": {0}},
		"cloop": {},
	}
	tests := []struct {
		name string
		want string
		got  string
		met  bool
	}{
		{"ratio of medians", "epoll.cpu / base.cpu <= 0.65", "0.533 <= 0.65", true},
		{"ratio missed", "epoll.cpu / base.cpu <= 0.5", "0.533 <= 0.5", false},
		{"exactly at the bound", "epoll.cpu <= 8", "8 <= 8", true},
		{"below", "epoll.cpu < 8", "8 < 8", false},
		{"at least", "base.rate >= 100", "100 >= 100", true},
		{"above", "base.rate > 100", "100 > 100", false},
		{"nothing lost", "epoll.lost == 0", "0 == 0", true},
		{"brackets and precedence", "2 * (epoll.cpu + 1) - 3 == 15", "15 == 15", true},
		{"both", "epoll.lost == 0 && epoll.cpu <= 1", "0 == 0 && 8 <= 1", false},
		{"either", "epoll.p99 / base.p99 <= 1.05 || epoll.p99 <= highest(base.p99)", "1.1 <= 1.05 || 55 <= 60", true},
		{"neither", "epoll.p99 / base.p99 <= 1.05 || epoll.p99 <= lowest(base.p99)", "1.1 <= 1.05 || 55 <= 40", false},
		{"and binds tighter", "epoll.lost == 0 || epoll.lost == 1 && epoll.cpu <= 1", "0 == 0 || 0 == 1 && 8 <= 1", true},
		{"in brackets", "(epoll.lost == 0)", "(0 == 0)", true},
		{"max and min", "max(1, epoll.cpu, 3) == min(8, 9)", "8 == 8", true},
		{"large numbers", "base.rate * 123456 >= 1", "12,345,600 >= 1", true},
		{"not measured", "epoll.cpu / cloop.cpu <= 1.1", "cloop.cpu was not measured", false},
		{"not measured, either way", "epoll.lost == 0 || cloop.cpu <= 1.1", "cloop.cpu was not measured", false},
		{"not measured, at the end of them", "highest(cloop.cpu) >= 0", "cloop.cpu was not measured", false},
		{"by nothing", "base.rate / base.zero >= 15", "+Inf >= 15", false},
		{"nothing by nothing", "epoll.lost / base.zero <= 1", "NaN <= 1", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := target{Row: "row", Want: tt.want}.check(runs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(verdict{Row: "row", Want: tt.want, Got: tt.got, Met: tt.met}, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTargetRefuses(t *testing.T) {
	tests := []struct {
		name  string
		want  string
		error string
	}{
		{"nothing", "", "expected operand"},
		{"no comparison", "epoll.cpu / 2", "no comparison"},
		{"a number alone", "1", "no comparison"},
		{"unknown run", "elsewhere.cpu <= 1", "no run elsewhere"},
		{"unknown run behind or", "1 <= 2 || elsewhere.cpu <= 1", "no run elsewhere"},
		{"unknown run before and", "elsewhere.cpu <= 1 && 1 <= 2", "no run elsewhere"},
		{"a word", "cpu <= 1", "have a value"},
		{"a string", `epoll.cpu <= "1"`, "is no number"},
		{"a remainder", "epoll.cpu % 2 <= 1", "have a value"},
		{"unknown function", "median(epoll.cpu) <= 1", "no function median"},
		{"function of nothing", "max() <= 1", "can be called"},
		{"the end of a number", "highest(1) <= 1", "takes one run.metric"},
		{"the end of two", "highest(epoll.cpu, epoll.cpu) <= 1", "takes one run.metric"},
		{"too deep", "epoll.cpu.p99 <= 1", "written run.metric"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := target{Row: "row", Want: tt.want}.check(map[string]figures{"epoll": {"cpu": {1}}})
			if err == nil || !strings.Contains(err.Error(), tt.error) {
				t.Errorf("verdict %+v, error %v; want one that says %q", v, err, tt.error)
			}
			if v.Met {
				t.Error("a target that makes no sense is met")
			}
		})
	}
}

func TestVerdictString(t *testing.T) {
	v := verdict{Row: "CPU", Want: "a.b <= 1", Got: "2 <= 1"}
	if got, want := v.String(), "FAIL  CPU: 2 <= 1  (a.b <= 1)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	v.Met = true
	if got, want := v.String(), "PASS  CPU: 2 <= 1  (a.b <= 1)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBrief(t *testing.T) {
	tests := []struct {
		value float64
		want  string
	}{
		{0, "0"},
		{0.05, "0.05"},
		{0.6543, "0.654"},
		{7.604, "7.6"},
		{99.96, "100"},
		{100, "100"},
		{999.6, "1,000"},
		{223456.4, "223,456"},
		{1e6, "1,000,000"},
		{-1234, "-1,234"},
		{-123, "-123"},
		{math.Inf(1), "+Inf"},
		{math.NaN(), "NaN"},
	}
	for _, tt := range tests {
		if got := brief(tt.value); got != tt.want {
			t.Errorf("brief(%v) = %q, want %q", tt.value, got, tt.want)
		}
	}
}
