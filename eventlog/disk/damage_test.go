package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// find returns the last file of dir whose name matches pattern and which is not empty.
func find(t *testing.T, dir, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i := len(names) - 1; i >= 0; i-- {
		if info, err := os.Stat(names[i]); err == nil && info.Size() > 0 {
			return names[i]
		}
	}
	t.Fatalf("no %s in %s", pattern, dir)
	return ""
}

func change(t *testing.T, file string, how func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := how(slices.Clone(content))
	if changed == nil || bytes.Equal(changed, content) {
		t.Fatalf("%s has not been changed", file)
	}
	if err := os.WriteFile(file, changed, 0o600); err != nil {
		t.Fatal(err)
	}
}

func flipMiddle(content []byte) []byte {
	content[len(content)/2] ^= 0xff
	return content
}

func half(content []byte) []byte { return content[:len(content)/2] }

// flipText damages the data of a record, which stands there as it is.
func flipText(text string) func([]byte) []byte {
	return func(content []byte) []byte {
		at := bytes.Index(content, []byte(text))
		if at < 0 {
			return nil
		}
		content[at] ^= 0xff
		return content
	}
}

// TestDamage: a damaged file is found, by name, when the log is opened or checked; nothing is lost in silence.
func TestDamage(t *testing.T) {
	tests := []struct {
		name    string
		flush   bool // into tables, before the damage
		pattern string
		how     func([]byte) []byte
	}{
		{"a byte of the manifest", true, "MANIFEST-*", flipMiddle},
		{"half of the manifest", true, "MANIFEST-*", half},
		{"the manifest is gone", true, "MANIFEST-*", nil},
		{"a byte in the middle of the write-ahead log", false, "*.log", flipText("number 50 ")},
		{"a byte of the first record", false, "*.log", flipText("number 1 ")},
		{"a byte of a table", true, "*.sst", flipMiddle},
		{"half of a table", true, "*.sst", half},
		{"a table is gone", true, "*.sst", nil},
		{"an empty table", true, "*.sst", func([]byte) []byte { return []byte{} }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
			l := open(t, dir, disk.Options{})
			for i := range 100 {
				add(t, l, update("a", fmt.Sprintf("number %d %s", i, strings.Repeat("x", 500))))
				if tt.flush && i%10 == 9 { // so often that the first log files are used again
					if err := l.Flush(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if tt.flush {
				closeLog(t, l) // no table is left that is not in use any more
			}
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			file := find(t, copied, tt.pattern)
			if tt.how == nil {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			} else {
				change(t, file, tt.how)
			}
			err := openAndCheck(t, copied)
			if err == nil {
				t.Fatal("the damage was not found")
			}
			number := strings.TrimLeft(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), "0")
			if strings.HasPrefix(tt.pattern, "MANIFEST") {
				number = "file 0" // the table that what is left of the manifest says should be there
			}
			if !strings.Contains(err.Error(), filepath.Base(file)) && !strings.Contains(err.Error(), number) {
				t.Errorf("the error does not name %s: %v", filepath.Base(file), err)
			}
		})
	}
}

// TestIncompleteCopy: a directory without the mark of which manifest counts is not taken for a new log, whose first
// act would be to delete what is left of the old one.
func TestIncompleteCopy(t *testing.T) {
	for _, flush := range []bool{true, false} {
		t.Run(fmt.Sprintf("with tables %v", flush), func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir, disk.Options{})
			kept := add(t, l, numbered(1, 100)...)
			if flush {
				if err := l.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			closeLog(t, l)
			marks, err := filepath.Glob(filepath.Join(dir, "marker.manifest.*"))
			if err != nil || len(marks) != 1 {
				t.Fatalf("%v, %v", marks, err)
			}
			if err := os.Remove(marks[0]); err != nil {
				t.Fatal(err)
			}
			if err := openAndCheck(t, dir); err == nil || !strings.Contains(err.Error(), "marker.manifest") {
				t.Errorf("a log that is not complete: %v", err)
			}
			if err := os.WriteFile(marks[0], nil, 0o600); err != nil { // as the operator may copy it again
				t.Fatal(err)
			}
			holdsAll(t, open(t, dir, disk.Options{}), kept)
		})
	}
}

// openAndCheck returns why the log cannot be opened, or what is wrong with it.
func openAndCheck(t *testing.T, dir string) error {
	t.Helper()
	x, err := disk.Inspect(dir, disk.Options{})
	if err != nil {
		if _, openErr := disk.Open(dir, disk.Options{}); openErr == nil {
			t.Errorf("Open does not refuse what Inspect refuses: %v", err)
		}
		return err
	}
	defer func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	}()
	return x.Check(t.Context(), nil)
}

// TestTornEnd: the end of the write-ahead log that a power cut tore is no damage. Only what was never acknowledged
// can be in it.
func TestTornEnd(t *testing.T) {
	dir, copied := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	l := open(t, dir, disk.Options{})
	kept := add(t, l, numbered(1, 20)...)
	before, err := os.ReadFile(find(t, dir, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	add(t, l, update("a", strings.Repeat("torn ", 1000)))
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	change(t, find(t, copied, "*.log"), func(after []byte) []byte {
		same := 0
		for same < len(before) && before[same] == after[same] {
			same++
		}
		return after[:same+2000]
	})
	l = open(t, copied, disk.Options{})
	holdsAll(t, l, kept)
	if l.Head() != 20 {
		t.Errorf("Head() = %d", l.Head())
	}
}

// TestWatermark: what looks to pebble like an end that a power cut tore is known to be more than that.
func TestWatermark(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{})
	add(t, l, numbered(1, 20)...)
	closeLog(t, l)
	change(t, find(t, dir, "*.log"), func([]byte) []byte { return []byte{} })
	if _, err := disk.Open(dir, disk.Options{}); err == nil || !strings.Contains(err.Error(), "offset 20") {
		t.Fatalf("Open of a log that has lost its end: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "tidings.head")); err != nil {
		t.Fatal(err)
	}
	if l := open(t, dir, disk.Options{}); l.Head() != 0 {
		t.Errorf("Head() = %d", l.Head())
	}
}

// TestReadDamaged: a reader that comes upon damage is told; the others, and publishing, go on.
func TestReadDamaged(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{})
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		data := make([]byte, 500)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		add(t, l, update("a", string(data)))
	}
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	change(t, find(t, dir, "*.sst"), func(content []byte) []byte {
		content[len(content)/2] ^= 0xff
		return content
	})
	l = open(t, dir, disk.Options{})
	_, err := l.Read(t.Context(), eventlog.ReadRequest{To: 1000, MaxBytes: math.MaxInt, Filter: everything})
	if err == nil || errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("Read of a damaged record: %v", err)
	}
	added := add(t, l, update("a", "more"))
	if got := read(t, l, everything, added[0].Position.Offset-1); len(got) != 1 {
		t.Errorf("%d records are read behind the damage", len(got))
	}
}

func TestNewerFormat(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{})
	if err := l.SetFormat(2); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	if _, err := disk.Open(dir, disk.Options{}); !errors.Is(err, disk.ErrNewerFormat) {
		t.Errorf("Open: %v", err)
	}
	if _, err := disk.Inspect(dir, disk.Options{}); !errors.Is(err, disk.ErrNewerFormat) {
		t.Errorf("Inspect: %v", err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, disk.Options{})
	for name, call := range map[string]func() error{
		"Open":    func() error { _, err := disk.Open(dir, disk.Options{}); return err },
		"Inspect": func() error { _, err := disk.Inspect(dir, disk.Options{}); return err },
	} {
		err := call()
		locked, ok := errors.AsType[*disk.LockedError](err)
		if !ok || locked.Dir != dir || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
			t.Errorf("%s of a log that is in use: %v", name, err)
		}
	}
	closeLog(t, l)
	closeLog(t, open(t, dir, disk.Options{}))
}

func TestInspectNothing(t *testing.T) {
	if _, err := disk.Inspect(filepath.Join(t.TempDir(), "none"), disk.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Inspect of no directory: %v", err)
	}
	if _, err := disk.Inspect(t.TempDir(), disk.Options{}); err == nil {
		t.Error("Inspect of an empty directory found a log")
	}
}
