package guard_test

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foreignWord is something that no file of the project says, because it holds on one machine only,
// or points outside of the project.
type foreignWord struct {
	name    string
	pattern *regexp.Regexp
}

// The patterns are written so that they do not match themselves.
var foreignWords = []foreignWord{
	{
		"the host of a package registry (packages are named, the machine knows where they come from)",
		regexp.MustCompile(`//(?:registry|proxy|sum|deb|security)\.[a-z]|` +
			`\b(?:registry\.(?:npmjs|yarnpkg)|(?:proxy|sum)\.golang|deb\.debian)\.`),
	},
	{
		"a path of one machine",
		regexp.MustCompile(`(?:^|[^A-Za-z0-9._-])/(?:work|farm|root|Users)/`),
	},
	{
		"a file outside of the project",
		regexp.MustCompile(`\.\./shared\b|\bDESIGN\.md\b`),
	},
	{
		"work that was left for later",
		regexp.MustCompile(`\b(?:T[O]DO|F[I]XME)\b`),
	},
}

// checkWords returns every line of a text file that has a foreign word.
func checkWords(name string, text []byte) []string {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil // not a text
	}
	var findings []string
	number := 0
	for line := range bytes.Lines(text) {
		number++
		for _, word := range foreignWords {
			if word.pattern.Match(line) {
				findings = append(findings, fmt.Sprintf("%s:%d: names %s", name, number, word.name))
			}
		}
	}
	return findings
}

func TestNoForeignWords(t *testing.T) {
	for _, name := range tree(t) {
		report(t, checkWords(name, read(t, name)))
	}
}

func TestCheckWords(t *testing.T) {
	// In two halves each, since this file is read by the rule as well.
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"clean", "see https://go.dev/doc and docs/architecture.md\n", nil},
		{"npm host", "ok\n\"resolved\": \"https://registry." + "npmjs.org/x\"\n", []string{
			"f:2: names " + foreignWords[0].name,
		}},
		{"host without scheme", "GOPROXY=proxy." + "golang.org\n", []string{
			"f:1: names " + foreignWords[0].name,
		}},
		{"debian host", "deb http://deb." + "debian.org/debian\n", []string{
			"f:1: names " + foreignWords[0].name,
		}},
		{"machine path", "cd /" + "work/main\n", []string{"f:1: names " + foreignWords[1].name}},
		{"machine path in quotes", `"/` + `root/go"`, []string{"f:1: names " + foreignWords[1].name}},
		{"path that only ends so", "docs/work/notes and home/root/x\n", nil},
		{"other project's file", "see ../" + "shared/notes\n", []string{
			"f:1: names " + foreignWords[2].name,
		}},
		{"other project's document", "see DESIGN" + ".md\n", []string{
			"f:1: names " + foreignWords[2].name,
		}},
		{"left for later", "// TO" + "DO: more\n", []string{"f:1: names " + foreignWords[3].name}},
		{"word inside of another", "TO" + "DOS\n", nil},
		{"binary", "\x00../" + "shared", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, checkWords("f", []byte(tt.text))); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
