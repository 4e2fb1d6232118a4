package main

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuick measures the real binary, the base and the loop in C with everything cut down. Nothing may be lost, doubled
// or out of order, and whatever can be measured must have been. How long it takes is of no interest.
func TestQuick(t *testing.T) {
	out := filepath.Join(t.TempDir(), "quick.md")
	var said strings.Builder
	err := execute(t.Context(), []string{"-quick", "-scenario", "broadcast-1k,resume-storm,tls", "-out", out}, &said, io.Discard)
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	text, err := os.ReadFile(strings.TrimSuffix(out, ".md") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 3 || !r.Quick {
		t.Fatalf("%d scenarios, quick %v; want 3 of a quick run", len(r.Results), r.Quick)
	}
	_, noCompiler := exec.LookPath("gcc")
	for _, res := range r.Results {
		for _, one := range res.Runs {
			if one.Server == cloop && noCompiler != nil {
				continue
			}
			if one.Skipped != "" || len(one.Failed) > 0 || len(one.Wrong) > 0 {
				t.Errorf("%s: %s: skipped %q, failed %q, wrong %q", res.Scenario, one.Name, one.Skipped, one.Failed, one.Wrong)
			}
			expected, _ := one.Figures.median("expected")
			for metric, want := range map[string]float64{
				"delivered": expected, "lost": 0, "duplicated": 0, "reordered": 0, "gaps": 0, "ended": 0,
			} {
				if got, known := one.Figures.median(metric); !known || got != want {
					t.Errorf("%s: %s: %s = %v, %v; want %v", res.Scenario, one.Name, metric, got, known, want)
				}
			}
			if connected, _ := one.Figures.median("connected"); connected != 200 || expected < 200 {
				t.Errorf("%s: %s: %v subscribers and %v events expected, want 200 and as many at least",
					res.Scenario, one.Name, connected, expected)
			}
			if cpu, known := one.Figures.median("server_connect_cpu_ms"); !known || cpu < 0 {
				t.Errorf("%s: %s: the server's CPU was not measured", res.Scenario, one.Name)
			}
		}
	}
	if page, err := os.ReadFile(out); err != nil || !strings.Contains(string(page), "no figure means anything") {
		t.Errorf("error %v; the page does not say that this was a quick run:\n%s", err, page)
	}
}
