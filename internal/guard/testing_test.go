package guard_test

import (
	"fmt"
	"go/ast"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sleepingTests are the exceptions from the rule against sleeping on the wall clock: path → reason.
var sleepingTests = map[string]string{}

// checkTests returns every call of a test's Skip methods, and every time.Sleep of a test on the wall
// clock: a file that uses testing/synctest sleeps in virtual time. A test kit is a file that imports
// testing without being a test.
func checkTests(files []goFile, exceptions map[string]string) []string {
	var findings []string
	for _, file := range files {
		if !file.test() && !imports(file, "testing") {
			continue
		}
		maySleep := imports(file, "testing/synctest") || exceptions[file.path] != ""
		tests := testParameters(file)
		ast.Inspect(file.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			receiver, ok := method.X.(*ast.Ident)
			if !ok {
				return true
			}
			switch {
			case tests[receiver.Name] && strings.HasPrefix(method.Sel.Name, "Skip"):
				findings = append(findings,
					fmt.Sprintf("%s: %s.%s: a test that does not run shows nothing",
						file.at(call), receiver.Name, method.Sel.Name))
			case receiver.Name == "time" && method.Sel.Name == "Sleep" && !maySleep:
				findings = append(findings,
					file.at(call)+": time.Sleep: wait for the event, or sleep in testing/synctest")
			}
			return true
		})
	}
	return findings
}

// imports reports whether a file imports a package.
func imports(file goFile, importPath string) bool {
	for _, spec := range file.ast.Imports {
		if spec.Path.Value == `"`+importPath+`"` {
			return true
		}
	}
	return false
}

// testParameters returns the names of all parameters of a file that stand for a running test.
func testParameters(file goFile) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(file.ast, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		kind := field.Type
		if pointer, ok := kind.(*ast.StarExpr); ok {
			kind = pointer.X
		}
		selector, ok := kind.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		if ok && (pkg.Name == "testing" || pkg.Name == "rapid") {
			for _, name := range field.Names {
				names[name.Name] = true
			}
		}
		return true
	})
	return names
}

func TestTestsNeitherSkipNorSleep(t *testing.T) {
	report(t, checkTests(goTree(t), sleepingTests))
}

func TestCheckTests(t *testing.T) {
	const skips = `package p
import "testing"
func TestA(t *testing.T) { t.Skip("later") }
func BenchmarkB(b *testing.B) { b.SkipNow() }
func kit(tb testing.TB) { tb.Skipf("later") }
func TestC(t *testing.T) { t.Run("c", func(u *testing.T) { u.Skip() }) }
`
	wantSkips := func(file string) []string {
		return []string{
			file + ":3: t.Skip: a test that does not run shows nothing",
			file + ":4: b.SkipNow: a test that does not run shows nothing",
			file + ":5: tb.Skipf: a test that does not run shows nothing",
			file + ":6: u.Skip: a test that does not run shows nothing",
		}
	}
	const sleeps = "package p\nimport \"time\"\nfunc f() { time.Sleep(1) }\n"
	tests := []struct {
		name  string
		files source
		want  []string
	}{
		{"skips", source{"a_test.go": skips}, wantSkips("a_test.go")},
		{"skips in a test kit", source{"kit.go": skips}, wantSkips("kit.go")},
		{
			"Skip of something else",
			source{"a_test.go": "package p\nfunc f(r reader) { r.Skip(3) }\n"},
			nil,
		},
		{"sleeps", source{"a_test.go": sleeps}, []string{
			"a_test.go:3: time.Sleep: wait for the event, or sleep in testing/synctest",
		}},
		{"sleeps outside of tests", source{"a.go": sleeps}, nil},
		{
			"sleeps in virtual time",
			source{"a_test.go": strings.Replace(sleeps, "import", "import \"testing/synctest\"\nimport", 1)},
			nil,
		},
		{"excepted", source{"slow_test.go": sleeps}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := checkTests(tt.files.parse(t), map[string]string{"slow_test.go": "the test's exception"})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
