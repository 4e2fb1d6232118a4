package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func sample() *result {
	return &result{
		Scenario: "broadcast", Title: "Many.", Load: "--rate=0", LoadAvg: "0.50",
		Runs: []runResult{
			{Name: "epoll", Server: epoll, Figures: figures{
				"deliveries_per_s": {200000, 220000, 210000}, "server_cpu_us_per_delivery": {7.5}, "rss_bytes_per_subscriber": {2700},
				"connects_per_s": {0},
			}},
			{Name: "small", Server: epoll, Differs: "--rate=1", Figures: figures{"deliveries_per_s": {10}}, Wrong: []string{"3 lost"}},
			{Name: "base", Server: base, Figures: figures{
				"deliveries_per_s": {140000}, "server_cpu_us_per_delivery": {15}, "rss_bytes_per_subscriber": {27000},
			}},
			{Name: "cloop", Server: cloop, Figures: figures{}, Skipped: "there is no C compiler"},
		},
		Verdicts: []verdict{{Row: "CPU", Want: "a", Got: "b", Met: true}, {Row: "rate", Want: "c", Got: "d"}},
	}
}

func TestSection(t *testing.T) {
	var b strings.Builder
	sample().section(&b)
	want := `## broadcast

Many.

` + "`tidings bench --rate=0`" + `; load average before: 0.50

| run                   | deliveries/s     | µs CPU per delivery | KB per subscriber |
|-----------------------|------------------|---------------------|-------------------|
| tidings, epoll        | 210,000 (1.5×)   | 7.5 (0.5×)          | 2.7 (0.1×)        |
| small: tidings, epoll | 10 (7.14e-05×)   |                     |                   |
| net/http              | 140,000          | 15                  | 27                |
| C, epoll              |                  |                     |                   |

small: ` + "`--rate=1`" + `.
small did not deliver everything once and in order: 3 lost.
cloop was left out: there is no C compiler.

- PASS  CPU: b  (a)
- FAIL  rate: d  (c)

`
	// The width of a column is that of its longest cell.
	squeeze := func(s string) string {
		for strings.Contains(s, "  |") {
			s = strings.ReplaceAll(s, "  |", " |")
		}
		for strings.Contains(s, "--|") {
			s = strings.ReplaceAll(s, "--|", "-|")
		}
		return s
	}
	if diff := cmp.Diff(squeeze(want), squeeze(b.String())); diff != "" {
		t.Errorf("section (-want +got):\n%s", diff)
	}
}

func TestTableIsAligned(t *testing.T) {
	var b strings.Builder
	sample().table(&b)
	width := 0
	for line := range strings.Lines(b.String()) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		if n := len([]rune(line)); width == 0 {
			width = n
		} else if n != width {
			t.Errorf("a line of %d characters among such of %d: %q", n, width, line)
		}
	}
	if width == 0 {
		t.Error("there is no table")
	}
}

func TestMarkdown(t *testing.T) {
	r := &record{
		Date:    time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC),
		Machine: machine{Processor: "Fast", CPUs: 4, MemoryGiB: 24, System: "linux 6", Go: "go1", Revision: "abc", Descriptors: 20000, Placement: "not pinned: x"},
		Count:   3,
		Results: []*result{sample()},
		Plot:    "p.svg",
	}
	var b strings.Builder
	r.markdown(&b)
	for _, want := range []string{
		"# Fan-out, 2026-11-22 14:05\n", "Fast", "24 GiB", "abc", "20000", "not pinned: x", "3, medians", "](p.svg)", "## broadcast\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "no figure means anything") {
		t.Error("a full run is called quick")
	}
}

func TestRecordAsJSON(t *testing.T) {
	r := &record{Date: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Count: 1, Results: []*result{sample()}}
	var b strings.Builder
	if err := r.json(&b); err != nil {
		t.Fatal(err)
	}
	var again record
	if err := json.Unmarshal([]byte(b.String()), &again); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &again); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
}
