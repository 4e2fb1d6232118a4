package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

var errFenced = errors.New("the log was given up after a failure")

// fencedFS stands between pebble and the file system. pebble does not survive an error where it must not happen: it
// logs it as fatal, or panics, and leaves locks behind that nobody will ever open. So it is never told. The first
// failure to write what is not a table marks the engine as failed, whose answers do not count from then on. From
// then on nothing reaches the files any more, so that another engine can be opened on them, and all that this one
// writes seems to succeed, so that it can be closed in peace: what it makes lies in memory.
//
// What lies in other directories is not the log's: a backup that cannot be written is the affair of who asked for it.
//
// It needs no lock files: the log holds a lock on the directory for longer than an engine lives.
type fencedFS struct {
	vfs.FS
	dir    string // the log's
	engine *engine
	shadow vfs.FS // what was made after the failure
}

func newFencedFS(fs vfs.FS, dir string, e *engine) *fencedFS {
	return &fencedFS{FS: fs, dir: fs.PathJoin(dir), engine: e, shadow: vfs.NewMem()}
}

// up reports whether nothing must be changed any more.
func (fs *fencedFS) up() bool { return fs.engine.failure() != nil }

// critical reports whether pebble cannot live with a failure to write a file. A table it makes again.
func (fs *fencedFS) critical(name string) bool {
	if name = fs.PathJoin(name); name != fs.dir && fs.PathDir(name) != fs.dir {
		return false
	}
	return !strings.HasSuffix(name, ".sst") && !strings.HasSuffix(name, ".blob")
}

// passed reports whether an operation on a file is over, be it that it has succeeded or that nobody must know.
func (fs *fencedFS) passed(name string, err error) bool {
	if err != nil && fs.critical(name) {
		fs.engine.fail(fmt.Errorf("cannot write %s: %w", name, err))
	}
	return err == nil || fs.up()
}

func (fs *fencedFS) file(name string, make func() (vfs.File, error)) (vfs.File, error) {
	if !fs.up() {
		file, err := make()
		if err == nil {
			return &fencedFile{File: file, fs: fs, name: name}, nil
		}
		if !fs.passed(name, err) {
			return nil, err
		}
	}
	if err := fs.shadow.MkdirAll(fs.PathDir(name), 0o750); err != nil {
		return nil, err
	}
	return fs.shadow.Create(name, vfs.WriteCategoryUnspecified)
}

// Create implements [vfs.FS].
func (fs *fencedFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(name, func() (vfs.File, error) { return fs.FS.Create(name, category) })
}

// ReuseForWrite implements [vfs.FS].
func (fs *fencedFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	return fs.file(to, func() (vfs.File, error) { return fs.FS.ReuseForWrite(from, to, category) })
}

// OpenReadWrite implements [vfs.FS].
func (fs *fencedFS) OpenReadWrite(name string, category vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return fs.file(name, func() (vfs.File, error) { return fs.FS.OpenReadWrite(name, category, o...) })
}

// OpenDir implements [vfs.FS].
func (fs *fencedFS) OpenDir(name string) (vfs.File, error) {
	file, err := fs.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &fencedFile{File: file, fs: fs, name: name}, nil
}

// Open implements [vfs.FS].
func (fs *fencedFS) Open(name string, o ...vfs.OpenOption) (vfs.File, error) {
	if fs.up() {
		if file, err := fs.shadow.Open(name, o...); err == nil {
			return file, nil
		}
	}
	return fs.FS.Open(name, o...)
}

// Stat implements [vfs.FS].
func (fs *fencedFS) Stat(name string) (vfs.FileInfo, error) {
	if fs.up() {
		if info, err := fs.shadow.Stat(name); err == nil {
			return info, nil
		}
	}
	return fs.FS.Stat(name)
}

// change makes a change that is not one of a file's contents, unless it must not be made.
func (fs *fencedFS) change(name string, make func(vfs.FS) error) error {
	if fs.up() {
		_ = make(fs.shadow) // there may be nothing to change in it
		return nil
	}
	if err := make(fs.FS); !fs.passed(name, err) {
		return err
	}
	return nil
}

// Link implements [vfs.FS].
func (fs *fencedFS) Link(from, to string) error {
	if fs.up() {
		return errFenced
	}
	return fs.FS.Link(from, to) // a backup: who asked for it learns of it
}

// Remove implements [vfs.FS].
func (fs *fencedFS) Remove(name string) error {
	if fs.up() {
		_ = fs.shadow.Remove(name)
		return nil
	}
	return fs.FS.Remove(name)
}

// RemoveAll implements [vfs.FS].
func (fs *fencedFS) RemoveAll(name string) error {
	return fs.change(name, func(to vfs.FS) error { return to.RemoveAll(name) })
}

// Rename implements [vfs.FS].
func (fs *fencedFS) Rename(from, to string) error {
	return fs.change(to, func(at vfs.FS) error { return at.Rename(from, to) })
}

// MkdirAll implements [vfs.FS].
func (fs *fencedFS) MkdirAll(dir string, perm os.FileMode) error {
	return fs.change(dir, func(at vfs.FS) error { return at.MkdirAll(dir, perm) })
}

// Lock implements [vfs.FS].
func (fs *fencedFS) Lock(string) (io.Closer, error) { return nopCloser{}, nil }

// Unwrap implements [vfs.FS].
func (fs *fencedFS) Unwrap() vfs.FS { return fs.FS }

type nopCloser struct{}

func (nopCloser) Close() error { return nil }

// fencedFile is a file of a fencedFS that was opened before the failure.
type fencedFile struct {
	vfs.File
	fs   *fencedFS
	name string
}

// do makes a change, unless it must not be made.
func (f *fencedFile) do(change func() error) error {
	if f.fs.up() {
		return nil
	}
	if err := change(); !f.fs.passed(f.name, err) {
		return err
	}
	return nil
}

func (f *fencedFile) write(p []byte, write func() (int, error)) (n int, err error) {
	if !f.fs.up() {
		if n, err = write(); !f.fs.passed(f.name, err) {
			return n, err
		}
	}
	return len(p), nil
}

// Write implements [vfs.File].
func (f *fencedFile) Write(p []byte) (int, error) {
	return f.write(p, func() (int, error) { return f.File.Write(p) })
}

// WriteAt implements [vfs.File].
func (f *fencedFile) WriteAt(p []byte, at int64) (int, error) {
	return f.write(p, func() (int, error) { return f.File.WriteAt(p, at) })
}

// Preallocate implements [vfs.File]. Not every file system can do it: that is no failure.
func (f *fencedFile) Preallocate(offset, length int64) error {
	if f.fs.up() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

// Sync implements [vfs.File].
func (f *fencedFile) Sync() error { return f.do(f.File.Sync) }

// SyncData implements [vfs.File].
func (f *fencedFile) SyncData() error { return f.do(f.File.SyncData) }

// SyncTo implements [vfs.File].
func (f *fencedFile) SyncTo(length int64) (full bool, err error) {
	err = f.do(func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

// Close implements [vfs.File].
func (f *fencedFile) Close() error {
	if err := f.File.Close(); !f.fs.passed(f.name, err) {
		return err
	}
	return nil
}
