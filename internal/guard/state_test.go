package guard_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// statefulVars are the exceptions from the rule against package-level state, as folder.name, each
// with its reason.
var statefulVars = map[string]string{
	"fanout.compressors": "a pool of compressors: none remembers what it compressed before",
	"fanout.pieces":      "a pool of write buffers: nobody can tell a used one from a new one",
}

// checkState returns every init function, and every package-level variable that can hold state: one
// that a function of its package changes, or one whose type only makes sense if it is changed
// (channels, and what sync and sync/atomic offer except functions computed once).
func checkState(files []goFile, exceptions map[string]string) []string {
	var findings []string
	packages := map[string][]goFile{}
	for _, file := range files {
		if !file.test() {
			packages[file.dir()] = append(packages[file.dir()], file)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(packages)) {
		vars := packageVars{}
		for _, file := range packages[dir] {
			for _, spec := range varSpecs(file.ast) {
				for _, name := range spec.Names {
					if name.Name == "_" {
						continue // holds nothing
					}
					vars[name.Name] = true
					if holdsState(spec) && exceptions[dir+"."+name.Name] == "" {
						findings = append(findings,
							fmt.Sprintf("%s: package-level state: %s", file.at(name), name.Name))
					}
				}
			}
		}
		for _, file := range packages[dir] {
			for _, decl := range file.ast.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if fn.Recv == nil && fn.Name.Name == "init" {
					findings = append(findings, file.at(fn)+": init function")
				}
				for _, changed := range vars.changedIn(fn) {
					if exceptions[dir+"."+changed.Name] == "" {
						findings = append(findings,
							fmt.Sprintf("%s: changes package-level %s", file.at(changed), changed.Name))
					}
				}
			}
		}
	}
	return findings
}

// varSpecs returns the package-level variables of a file.
func varSpecs(file *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, decl := range file.Decls {
		if gen, ok := decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
			for _, spec := range gen.Specs {
				specs = append(specs, spec.(*ast.ValueSpec))
			}
		}
	}
	return specs
}

// holdsState reports whether a variable is of a type that is there to be changed.
func holdsState(spec *ast.ValueSpec) bool {
	found := false
	look := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.FuncType:
			return false // what a function does inside is looked at elsewhere
		case *ast.ChanType:
			found = true
		case *ast.SelectorExpr:
			pkg, ok := n.X.(*ast.Ident)
			if ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
				found = found || !slices.Contains([]string{"OnceFunc", "OnceValue", "OnceValues"}, n.Sel.Name)
			}
		}
		return true
	}
	if spec.Type != nil {
		ast.Inspect(spec.Type, look)
	}
	for _, value := range spec.Values {
		ast.Inspect(value, look)
	}
	return found
}

// packageVars are the names of the package-level variables of one package.
type packageVars map[string]bool

// changedIn returns every place in fn where one of the variables, or a part of one, is assigned to,
// counted up or down, deleted from or cleared.
func (vars packageVars) changedIn(fn *ast.FuncDecl) []*ast.Ident {
	var changed []*ast.Ident
	change := func(expr ast.Expr) {
		if name := rootOf(expr); name != nil && vars[name.Name] && !declaredIn(fn, name) {
			changed = append(changed, name)
		}
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, left := range n.Lhs {
					change(left)
				}
			}
		case *ast.IncDecStmt:
			change(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				change(n.Key)
				change(n.Value)
			}
		case *ast.CallExpr:
			builtin, ok := n.Fun.(*ast.Ident)
			if ok && (builtin.Name == "delete" || builtin.Name == "clear") && len(n.Args) > 0 {
				change(n.Args[0])
			}
		}
		return true
	})
	return changed
}

// rootOf returns the variable of which expr is a part: x in x.f[i].
func rootOf(expr ast.Expr) *ast.Ident {
	for {
		switch e := expr.(type) {
		case *ast.Ident:
			return e
		case *ast.SelectorExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.StarExpr:
			expr = e.X
		case *ast.ParenExpr:
			expr = e.X
		default:
			return nil
		}
	}
}

// declaredIn reports whether fn declares a name of its own that hides the package's. It does not
// look at blocks: one such declaration anywhere in fn is enough.
func declaredIn(fn *ast.FuncDecl, name *ast.Ident) bool {
	found := false
	same := func(other ast.Expr) {
		ident, ok := other.(*ast.Ident)
		found = found || ok && ident.Name == name.Name
	}
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, left := range n.Lhs {
					same(left)
				}
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				same(n.Key)
				same(n.Value)
			}
		case *ast.ValueSpec:
			for _, declared := range n.Names {
				same(declared)
			}
		case *ast.Field:
			for _, declared := range n.Names {
				same(declared)
			}
		}
		return true
	})
	return found
}

func TestPackagesKeepNoState(t *testing.T) {
	report(t, checkState(goTree(t), statefulVars))
}

func TestCheckState(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"constant table", `var names = map[int]string{1: "a"}
			func f() string { return names[1] }`, nil},
		{"init function", `func init() {}`, []string{"p/a.go:2: init function"}},
		{"init method", `type t int
			func (t) init() {}`, nil},
		{"map filled later", `var seen = map[string]bool{}
			func f() { seen["a"] = true }`, []string{"p/a.go:3: changes package-level seen"}},
		{"map deleted from", `var seen = map[string]bool{}
			func f() { delete(seen, "a") }`, []string{"p/a.go:3: changes package-level seen"}},
		{"counter", `var n int
			func f() { n++ }`, []string{"p/a.go:3: changes package-level n"}},
		{"field of a struct", `var options struct{ limits []int }
			func f() { options.limits[0] = 1 }`, []string{"p/a.go:3: changes package-level options"}},
		{"range over", `var i int
			func f() { for i = range 3 {} }`, []string{"p/a.go:3: changes package-level i"}},
		{"hidden by a local", `var n int
			func f() { n := 0; n++ }`, nil},
		{"hidden by a parameter", `var n int
			func f(n int) { n++ }`, nil},
		{"blank", `var _ any = sync.Mutex{}
			func f() { _ = 1 }`, nil},
		{"mutex", `var mu sync.Mutex`, []string{"p/a.go:2: package-level state: mu"}},
		{"atomic value", `var n atomic.Int64`, []string{"p/a.go:2: package-level state: n"}},
		{"pool", `var pool = sync.Pool{}`, []string{"p/a.go:2: package-level state: pool"}},
		{"channel", `var c = make(chan int)`, []string{"p/a.go:2: package-level state: c"}},
		{"computed once", `var table = sync.OnceValue(func() int { return 1 })`, nil},
		{"excepted", `var spare sync.Pool`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := source{
				"p/a.go": "package p\n" + tt.text + "\n",
				// The same in a test is nobody's business.
				"p/a_test.go": "package p\n" + tt.text + "\n",
			}.parse(t)
			got := checkState(files, map[string]string{"p.spare": "the test's exception"})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
