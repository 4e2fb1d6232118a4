package guard_test

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	linkTarget = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	testName   = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	rowStart   = regexp.MustCompile(`^\| *\d+ *\|`)
)

// checkLinks returns every link of a Markdown text to a file that is not in the tree.
func checkLinks(name, text string, files []string) []string {
	var findings []string
	for _, link := range linkTarget.FindAllStringSubmatch(text, -1) {
		target, _, _ := strings.Cut(link[1], "#")
		if target == "" || strings.Contains(target, ":") {
			continue // within the page, or on the network
		}
		target = path.Join(path.Dir(name), target)
		exists := slices.ContainsFunc(files, func(file string) bool {
			return file == target || strings.HasPrefix(file, target+"/")
		})
		if !exists {
			findings = append(findings, fmt.Sprintf("%s: links to %s, which does not exist", name, target))
		}
	}
	return findings
}

// checkInvariants returns every row of the table of invariants that names neither a test nor what
// it comes with, and every test that is named without being there.
func checkInvariants(text string, files []goFile) []string {
	tests := map[string]bool{}
	for _, file := range files {
		for _, decl := range file.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && file.test() {
				tests[file.dir()+"."+fn.Name.Name] = true
			}
		}
	}
	var findings []string
	number := 0
	for line := range strings.Lines(text) {
		if !rowStart.MatchString(line) {
			continue
		}
		number++
		named := testName.FindAllStringSubmatch(line, -1)
		if len(named) == 0 && !strings.Contains(line, "comes with ") {
			findings = append(findings, fmt.Sprintf("invariant %d: guarded by no test", number))
		}
		for _, test := range named {
			if name := test[1] + "." + test[2]; !tests[name] {
				findings = append(findings, fmt.Sprintf("invariant %d: there is no %s", number, name))
			}
		}
	}
	if number == 0 {
		findings = append(findings, "no table of invariants")
	}
	return findings
}

func TestLinksOfTextsExist(t *testing.T) {
	files := tree(t)
	for _, name := range files {
		if strings.HasSuffix(name, ".md") {
			report(t, checkLinks(name, string(read(t, name)), files))
		}
	}
}

func TestInvariantsAreGuarded(t *testing.T) {
	report(t, checkInvariants(string(read(t, "docs/invariants.md")), goTree(t)))
}

func TestCheckLinks(t *testing.T) {
	files := []string{"README.md", "docs/a.md", "docs/decisions/1.md", "sse/doc.go"}
	text := "[a](a.md) [up](../README.md#top) [folder](../sse) [here](#a) [web](https://go.dev) " +
		"[gone](b.md) [gone too](../docs/decisions/2.md)"
	want := []string{
		"docs/a.md: links to docs/b.md, which does not exist",
		"docs/a.md: links to docs/decisions/2.md, which does not exist",
	}
	if diff := cmp.Diff(want, checkLinks("docs/a.md", text, files)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestCheckInvariants(t *testing.T) {
	files := source{
		"hub/a_test.go": "package hub\nfunc TestOnce() {}\nfunc FuzzAny() {}\n",
		"hub/b.go":      "package hub\nfunc TestKit() {}\n",
	}.parse(t)
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"guarded", "| 1 | once | `hub.TestOnce`, `hub.FuzzAny` |\n", nil},
		{"for later", "| 1 | once | comes with tokens |\n", nil},
		{"unguarded", "| 1 | once | |\n", []string{"invariant 1: guarded by no test"}},
		{"test gone", "| 1 | once | `hub.TestOnce` |\n| 2 | twice | `hub.TestTwice` |\n", []string{
			"invariant 2: there is no hub.TestTwice",
		}},
		{"test in another package", "| 1 | once | `sse.TestOnce` |\n", []string{
			"invariant 1: there is no sse.TestOnce",
		}},
		{"not a test", "| 1 | once | `hub.TestKit` |\n", []string{"invariant 1: there is no hub.TestKit"}},
		{"no table", "once\n", []string{"no table of invariants"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, checkInvariants(tt.text, files)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
