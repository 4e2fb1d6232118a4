package guard_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// goFile is one parsed Go file. Its path is relative to the root of the tree, with slashes.
type goFile struct {
	path  string
	lines int
	fset  *token.FileSet
	ast   *ast.File
}

// dir returns the folder of the file, which is also the name of its room; "." is the root.
func (f goFile) dir() string { return path.Dir(f.path) }

// test reports whether the go command builds the file only for tests.
func (f goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// at returns the place of a node as path:line.
func (f goFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// parseGo parses source as the file name. All build constraints are ignored, so that the rules hold
// for every platform.
func parseGo(name string, source []byte) (goFile, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments)
	if err != nil {
		return goFile{}, fmt.Errorf("guard: %w", err)
	}
	return goFile{path: name, lines: bytes.Count(source, []byte("\n")), fset: fset, ast: file}, nil
}

// source is what the synthetic inputs of this package's tests are written in: path → text.
type source map[string]string

// parse returns the parsed files of s in the order of their paths.
func (s source) parse(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	for name, text := range s {
		file, err := parseGo(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b goFile) int { return strings.Compare(a.path, b.path) })
	return files
}

// The tests run in the folder of their package.
const rootDir = "../.."

// treeFiles returns the path of every file of the project: what git tracks or would track. A tree
// without git (an unpacked archive) holds nothing else than the project.
var treeFiles = sync.OnceValues(func() ([]string, error) {
	if _, err := os.Stat(filepath.Join(rootDir, ".git")); errors.Is(err, fs.ErrNotExist) {
		return walk(os.DirFS(rootDir))
	}
	// The tree may belong to another user than the one who tests it, which git refuses by default.
	git := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z",
		"--cached", "--others", "--exclude-standard")
	git.Dir = rootDir
	out, err := git.Output()
	if err != nil {
		return nil, fmt.Errorf("guard: git ls-files: %w", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// A file that was deleted stays in the index until the deletion is staged.
		if _, err := os.Lstat(filepath.Join(rootDir, name)); err == nil {
			files = append(files, name)
		}
	}
	return files, nil
})

// walk returns the path of every file of tree that is not an installed npm package.
func walk(tree fs.FS) ([]string, error) {
	var files []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || name == ".cache"):
			return fs.SkipDir
		case !entry.IsDir():
			files = append(files, name)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return files, nil
}

// tree returns the paths of all files of the project.
func tree(t *testing.T) []string {
	t.Helper()
	files, err := treeFiles()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(files, "go.mod") {
		t.Fatalf("the tree has no go.mod among its %d files: wrong folder", len(files))
	}
	return files
}

// read returns the contents of a file of the project.
func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rootDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// goTree returns all Go files of the project, parsed.
func goTree(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	for _, name := range tree(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		file, err := parseGo(name, read(t, name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// report fails the test with one line per finding.
func report(t *testing.T, findings []string) {
	t.Helper()
	for _, finding := range findings {
		t.Error(finding)
	}
}

func TestWalkLeavesInstalledPackagesOut(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"go.mod", "web/src/page.ts", "web/node_modules/x/x.js", ".cache/home/y"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := walk(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"go.mod", "web/src/page.ts"}; !slices.Equal(got, want) {
		t.Errorf("walk = %q, want %q", got, want)
	}
}
