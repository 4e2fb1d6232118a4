package guard_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// languageVersion is what go.mod asks for: everything builds with the first release of Go 1.26.
const languageVersion = "1.26.0"

// toolchains are the releases that the project may be built with: they have the mend of
// GO-2026-6617, with which a client can crash any HTTP/2 server (SECURITY.md).
var toolchains = []string{"go1.26.11", "go1.27.4"}

var (
	goLine        = regexp.MustCompile(`(?m)^go (\S+)$`)
	toolchainLine = regexp.MustCompile(`(?m)^toolchain (\S+)$`)
	exportLine    = regexp.MustCompile(`(?m)^export GOTOOLCHAIN *:?= *(\S+)$`)
)

// only returns the one match of pattern in text, or "none" or "several".
func only(pattern *regexp.Regexp, text []byte) string {
	switch found := pattern.FindAllSubmatch(text, -1); len(found) {
	case 0:
		return "none"
	case 1:
		return string(found[0][1])
	default:
		return "several"
	}
}

// checkToolchain returns where go.mod, the Makefile and .ci/run do not agree on one good release.
func checkToolchain(goMod, makefile, ciRun []byte) []string {
	var findings []string
	if got := only(goLine, goMod); got != languageVersion {
		findings = append(findings, fmt.Sprintf("go.mod: go line %s, want %s", got, languageVersion))
	}
	toolchain := only(toolchainLine, goMod)
	if !slices.Contains(toolchains, toolchain) {
		findings = append(findings,
			fmt.Sprintf("go.mod: toolchain line %s, want one of %v", toolchain, toolchains))
	}
	if got := only(exportLine, makefile); got != toolchain {
		findings = append(findings, fmt.Sprintf("Makefile: exports %s, go.mod says %s", got, toolchain))
	}
	if got := only(exportLine, ciRun); got != toolchain {
		findings = append(findings, fmt.Sprintf(".ci/run: exports %s, go.mod says %s", got, toolchain))
	}
	return findings
}

func TestOneToolchain(t *testing.T) {
	report(t, checkToolchain(read(t, "go.mod"), read(t, "Makefile"), read(t, ".ci/run")))
}

func TestCheckToolchain(t *testing.T) {
	const (
		mod  = "module m\n\ngo 1.26.0\n\ntoolchain go1.26.11\n"
		make = "export GOTOOLCHAIN = go1.26.11\n"
		ci   = "export GOTOOLCHAIN=go1.26.11\n"
	)
	tests := []struct {
		name          string
		mod, make, ci string
		want          []string
	}{
		{"agree", mod, make, ci, nil},
		{
			"language too new", "go 1.27\ntoolchain go1.26.11\n", make, ci,
			[]string{"go.mod: go line 1.27, want 1.26.0"},
		},
		{
			"release with the crash", "go 1.26.0\ntoolchain go1.26.8\n",
			"export GOTOOLCHAIN = go1.26.8\n", "export GOTOOLCHAIN=go1.26.8\n",
			[]string{"go.mod: toolchain line go1.26.8, want one of [go1.26.11 go1.27.4]"},
		},
		{
			"no toolchain line", "go 1.26.0\n", "all:\n", "make test\n",
			[]string{"go.mod: toolchain line none, want one of [go1.26.11 go1.27.4]"},
		},
		{
			"Makefile differs", mod, "export GOTOOLCHAIN := go1.27.4\n", ci,
			[]string{"Makefile: exports go1.27.4, go.mod says go1.26.11"},
		},
		{
			"Makefile only sets it", mod, "GOTOOLCHAIN = go1.26.11\n", ci,
			[]string{"Makefile: exports none, go.mod says go1.26.11"},
		},
		{
			"set twice", mod, make, ci + "export GOTOOLCHAIN=local\n",
			[]string{".ci/run: exports several, go.mod says go1.26.11"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := checkToolchain([]byte(tt.mod), []byte(tt.make), []byte(tt.ci))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
