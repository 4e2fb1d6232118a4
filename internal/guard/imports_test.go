package guard_test

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const modulePath = "github.com/tidings-hub/tidings"

// room says what the package of one folder may import beside the standard library.
type room struct {
	rooms   []string // folders of this module
	modules []string // modules of others
	free    bool     // everything but commands
}

// rooms is the table of docs/architecture.md. A new package gets its row in both.
var rooms = map[string]room{
	"sse":    {},
	"client": {rooms: []string{"sse"}},
	"topic": {modules: []string{
		"github.com/dunglas/go-urlpattern", "github.com/nlnwa/whatwg-url", "github.com/yosida95/uritemplate/v3",
	}},
	"eventlog": {rooms: []string{"internal/topicindex", "sse", "topic"}},
	"fanout": {
		rooms:   []string{"eventlog", "internal/topicindex", "sse", "topic"},
		modules: []string{"golang.org/x/sys"},
	},
	"hub": {
		rooms:   []string{"sse", "topic", "eventlog", "fanout"},
		modules: []string{"golang.org/x/sys"},
	},
	"auth": {
		rooms:   []string{"topic"},
		modules: []string{"github.com/go-jose/go-jose/v4"},
	},
	"protocol": {rooms: []string{"hub", "fanout", "eventlog", "auth", "topic", "sse"}},
	"ssetest":  {rooms: []string{"sse"}},

	"eventlog/disk": {
		rooms:   []string{"eventlog", "topic"},
		modules: []string{"github.com/cockroachdb/pebble/v2", "golang.org/x/sys"},
	},
	"eventlog/logtest": {
		rooms:   []string{"eventlog", "sse", "topic"},
		modules: testModules,
	},

	"conformance/suite": {rooms: []string{"sse"}},
	"conformance/hub":   {free: true},
	"examples/chi":      {free: true},

	"web":             {},
	"demo":            {free: true},
	"bench":           {free: true},
	"bench/run":       {free: true},
	"internal/config": {free: true},
	"internal/load": {
		rooms:   []string{"internal/descriptors", "hub", "protocol", "sse"}, // the last three for its tests
		modules: []string{"golang.org/x/sys"},
	},
	"internal/descriptors": {modules: []string{"golang.org/x/sys"}},
	"internal/topicindex":  {rooms: []string{"topic"}},

	"internal/server": {free: true},
	"internal/guard":  {},

	"internal/leaktest":   {},
	"internal/bubbletest": {modules: testModules},
	"cmd/tidings":         {free: true},

	"conformance":               {free: true},
	"conformance/clientservice": {rooms: []string{"client", "sse"}},
}

// What the tests of every room may import as well, together with the rooms whose name ends in
// "test": those are made for tests.
var testModules = []string{"github.com/google/go-cmp", "pgregory.net/rapid"}

// isStandard reports whether an import path belongs to the standard library: only there the first
// element has no dot.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// inModules reports whether an import path belongs to one of the modules.
func inModules(importPath string, modules []string) bool {
	return slices.ContainsFunc(modules, func(module string) bool {
		return importPath == module || strings.HasPrefix(importPath, module+"/")
	})
}

// allowed reports whether a file of the room dir may import importPath.
func (r room) allowed(dir, importPath string, test bool) bool {
	if isStandard(importPath) {
		return true
	}
	if other, ours := strings.CutPrefix(importPath, modulePath+"/"); ours {
		switch {
		case strings.HasPrefix(other, "cmd/"):
			return false
		case test && (other == dir || strings.HasSuffix(path.Base(other), "test")):
			return true
		default:
			return r.free || slices.Contains(r.rooms, other)
		}
	}
	return r.free || inModules(importPath, r.modules) || test && inModules(importPath, testModules)
}

// checkImports returns every import that the table does not allow, and every folder of Go files that
// the table does not know.
func checkImports(table map[string]room, files []goFile) []string {
	var findings []string
	unknown := map[string]bool{}
	for _, file := range files {
		room, known := table[file.dir()]
		if !known {
			if !unknown[file.dir()] {
				unknown[file.dir()] = true
				findings = append(findings, fmt.Sprintf(
					"%s: not in the table of rooms: say there what it may import", file.dir()))
			}
			continue
		}
		for _, spec := range file.ast.Imports {
			importPath, err := strconv.Unquote(spec.Path.Value)
			if err != nil || !room.allowed(file.dir(), importPath, file.test()) {
				findings = append(findings,
					fmt.Sprintf("%s: %s may not import %s", file.at(spec), file.dir(), spec.Path.Value))
			}
		}
	}
	return findings
}

func TestImportsFollowTheRooms(t *testing.T) {
	report(t, checkImports(rooms, goTree(t)))
}

func TestCheckImports(t *testing.T) {
	table := map[string]room{
		"sse":     {},
		"fanout":  {rooms: []string{"sse"}, modules: []string{"golang.org/x/sys"}},
		"ssetest": {rooms: []string{"sse"}},
		"cmd/app": {free: true},
	}
	tests := []struct {
		name string
		file string
		imp  string
		want []string
	}{
		{"standard library", "sse/a.go", "net/http", nil},
		{"room below", "fanout/a.go", modulePath + "/sse", nil},
		{"room above", "sse/a.go", modulePath + "/fanout", []string{
			`sse/a.go:2: sse may not import "` + modulePath + `/fanout"`,
		}},
		{"module of the room", "fanout/a.go", "golang.org/x/sys/unix", nil},
		{"module with the same beginning", "fanout/a.go", "golang.org/x/system", []string{
			`fanout/a.go:2: fanout may not import "golang.org/x/system"`,
		}},
		{"module of another room", "sse/a.go", "golang.org/x/sys/unix", []string{
			`sse/a.go:2: sse may not import "golang.org/x/sys/unix"`,
		}},
		{"test module in a test", "sse/a_test.go", "pgregory.net/rapid", nil},
		{"test module outside of tests", "sse/a.go", "pgregory.net/rapid", []string{
			`sse/a.go:2: sse may not import "pgregory.net/rapid"`,
		}},
		{"own package in an external test", "sse/a_test.go", modulePath + "/sse", nil},
		{"test kit in a test", "fanout/a_test.go", modulePath + "/ssetest", nil},
		{"test kit outside of tests", "fanout/a.go", modulePath + "/ssetest", []string{
			`fanout/a.go:2: fanout may not import "` + modulePath + `/ssetest"`,
		}},
		{"room above in a test", "sse/a_test.go", modulePath + "/fanout", []string{
			`sse/a_test.go:2: sse may not import "` + modulePath + `/fanout"`,
		}},
		{"free room", "cmd/app/a.go", "github.com/alecthomas/kong", nil},
		{"a command from a free room", "cmd/app/a.go", modulePath + "/cmd/other", []string{
			`cmd/app/a.go:2: cmd/app may not import "` + modulePath + `/cmd/other"`,
		}},
		{"unknown room", "attic/a.go", "fmt", []string{
			"attic: not in the table of rooms: say there what it may import",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := source{tt.file: fmt.Sprintf("package p\nimport _ %q\n", tt.imp)}.parse(t)
			if diff := cmp.Diff(tt.want, checkImports(table, files)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
