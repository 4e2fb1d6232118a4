package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drawn returns the picture, how many elements of each name are in it, and its texts. It fails if it is no XML.
func drawn(t *testing.T, p plot) (svg string, elements map[string]int, texts []string) {
	t.Helper()
	var b strings.Builder
	if err := p.writeTo(&b); err != nil {
		t.Fatal(err)
	}
	elements = map[string]int{}
	decoder := xml.NewDecoder(strings.NewReader(b.String()))
	inText := false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return b.String(), elements, texts
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, b.String())
		}
		switch token := token.(type) {
		case xml.StartElement:
			elements[token.Name.Local]++
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				texts = append(texts, string(token))
			}
		}
	}
}

func TestPlot(t *testing.T) {
	p := plot{
		title: "What it <costs>",
		note:  "here & now",
		panels: []panel{
			{title: "CPU", across: "subscribers", series: []series{
				{"hub", []point{{100, 8}, {1000, 7}}},
				{"base", []point{{100, 16}, {1000, 14}}},
			}},
			{title: "memory", across: "subscribers", series: []series{{"base", []point{{100, 30}}}}},
		},
	}
	svg, elements, texts := drawn(t, p)
	want := []string{
		"What it <costs>", "here & now", "hub", "base",
		"CPU", "0", "5", "10", "15", "20", "100", "1k", "subscribers",
		"memory", "0", "5", "10", "15", "20", "25", "30", "100", "subscribers",
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if got := elements["circle"]; got != 1+2 { // in the legend, and a point each
		t.Errorf("%d marks of the first line, want 3", got)
	}
	if got := elements["rect"]; got != 1+1+3 { // the ground, the legend, a point each
		t.Errorf("%d rectangles, want 5", got)
	}
	// 8 of 20 at the left, 7 of 20 at the right.
	if line := `d="M13.8 180.0L446.2 195.0"`; !strings.Contains(svg, line) {
		t.Errorf("the first line is not %s:\n%s", line, svg)
	}
	if !strings.Contains(svg, "prefers-color-scheme:dark") {
		t.Error("the picture has no colours for dark ground")
	}
	if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Errorf("the picture has places that are none:\n%s", svg)
	}
}

func TestPlotOfLittle(t *testing.T) {
	for _, points := range [][]point{nil, {{100, 0}}, {{100, 0}, {1000, 0}}} {
		t.Run(fmt.Sprint(points), func(t *testing.T) {
			svg, _, _ := drawn(t, plot{panels: []panel{{series: []series{{"only", points}}}}})
			if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
				t.Errorf("the picture has places that are none:\n%s", svg)
			}
		})
	}
}

func TestPlotRefusesLinesThatLookAlike(t *testing.T) {
	var p panel
	for i := range len(looks()) + 1 {
		p.series = append(p.series, series{name: fmt.Sprint(i)})
	}
	var b strings.Builder
	if err := (plot{panels: []panel{p}}).writeTo(&b); err == nil || b.Len() > 0 {
		t.Errorf("error %v and %d bytes; want an error and none", err, b.Len())
	}
}

func TestLinearAxis(t *testing.T) {
	tests := []struct {
		highest float64
		want    []float64
	}{
		{0, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{1, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{0.05, []float64{0, 0.01, 0.02, 0.03, 0.04, 0.05}},
		{3, []float64{0, 0.5, 1, 1.5, 2, 2.5, 3}},
		{7.6, []float64{0, 2, 4, 6, 8}},
		{13.9, []float64{0, 2, 4, 6, 8, 10, 12, 14}},
		{26.8, []float64{0, 5, 10, 15, 20, 25, 30}},
		{99, []float64{0, 20, 40, 60, 80, 100}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.highest), func(t *testing.T) {
			a := newLinearAxis(tt.highest)
			near := cmp.Comparer(func(x, y float64) bool { return math.Abs(x-y) < 1e-9 })
			if diff := cmp.Diff(tt.want, a.ticks, near); diff != "" {
				t.Errorf("ticks (-want +got):\n%s", diff)
			}
			if got := a.place(tt.highest); got > 1+1e-9 {
				t.Errorf("the highest lies at %v, outside", got)
			}
			if got := a.place(a.ticks[len(a.ticks)-1]); math.Abs(got-1) > 1e-9 {
				t.Errorf("the last tick lies at %v, not at the end", got)
			}
		})
	}
}

func TestLogAxis(t *testing.T) {
	a := newLogAxis([]float64{10000, 100, 1000, 100, 1010})
	if diff := cmp.Diff([]float64{10000, 100, 1000}, a.ticks); diff != "" {
		t.Errorf("ticks (-want +got):\n%s", diff)
	}
	left, middle, right := a.place(100), a.place(1000), a.place(10000)
	if left <= 0 || right >= 1 || math.Abs(middle-(left+right)/2) > 1e-9 {
		t.Errorf("100 lies at %v, 1,000 at %v, 10,000 at %v; want even steps inside", left, middle, right)
	}
	if got := newLogAxis([]float64{5, 5}).place(5); got != 0.5 {
		t.Errorf("a value alone lies at %v, not in the middle", got)
	}
}

func TestSweepPlot(t *testing.T) {
	r := &record{Results: []*result{
		{Runs: []runResult{
			{Server: epoll, Figures: figures{"connected": {100}, "server_cpu_us_per_delivery": {9, 8, 7}, "rss_bytes_per_subscriber": {3000}}},
			{Server: base, Figures: figures{"connected": {100}, "server_cpu_us_per_delivery": {16}, "rss_bytes_per_subscriber": {30000}}},
			{Server: cloop, Skipped: "no compiler", Figures: figures{}},
		}},
		{Runs: []runResult{
			{Server: epoll, Figures: figures{"connected": {1000}, "server_cpu_us_per_delivery": {6}, "rss_bytes_per_subscriber": {-10}}},
			{Server: base, Failed: []string{"fell over"}, Figures: figures{}},
		}},
	}}
	p := sweepPlot(r)
	want := [][]series{
		{{epoll.says(), []point{{100, 8}, {1000, 6}}}, {base.says(), []point{{100, 16}}}},
		{{epoll.says(), []point{{100, 3}, {1000, 0}}}, {base.says(), []point{{100, 30}}}},
	}
	got := [][]series{p.panels[0].series, p.panels[1].series}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(series{}, point{})); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestSweepIsOfValidScenarios(t *testing.T) {
	counts, err := parseCounts(sweepCounts)
	if err != nil {
		t.Fatal(err)
	}
	scenarios := sweep(counts)
	if len(scenarios) != len(counts) {
		t.Fatalf("%d scenarios for %d numbers of subscribers", len(scenarios), len(counts))
	}
	for _, s := range scenarios {
		if err := s.validate(); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	if got, want := scenarios[0].Load.args()[3], "--subscribers=100"; got != want {
		t.Errorf("the first one's load has %q, want %q", got, want)
	}
}

func TestParseCounts(t *testing.T) {
	for _, list := range []string{"", "0", "-5", "100,,200", "many"} {
		if counts, err := parseCounts(list); err == nil {
			t.Errorf("parseCounts(%q) = %v, want an error", list, counts)
		}
	}
	counts, err := parseCounts("5, 10")
	if diff := cmp.Diff([]int{5, 10}, counts); diff != "" || err != nil {
		t.Errorf("error %v, counts (-want +got):\n%s", err, diff)
	}
}
