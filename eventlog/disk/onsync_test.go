package disk_test

import (
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// onSyncFS calls a function before a write-ahead log is written through.
type onSyncFS struct {
	vfs.FS
	call atomic.Pointer[func()]
}

// Create implements [vfs.FS].
func (fs *onSyncFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.Create(name, category)
	return fs.wrap(name, file), err
}

// ReuseForWrite implements [vfs.FS].
func (fs *onSyncFS) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := fs.FS.ReuseForWrite(from, to, category)
	return fs.wrap(to, file), err
}

func (fs *onSyncFS) wrap(name string, file vfs.File) vfs.File {
	if file == nil || !isWAL(name) {
		return file
	}
	return onSyncFile{file, fs}
}

type onSyncFile struct {
	vfs.File
	fs *onSyncFS
}

func (f onSyncFile) before() {
	if call := f.fs.call.Load(); call != nil {
		(*call)()
	}
}

// Sync implements [vfs.File].
func (f onSyncFile) Sync() error {
	f.before()
	return f.File.Sync()
}

// SyncData implements [vfs.File].
func (f onSyncFile) SyncData() error {
	f.before()
	return f.File.SyncData()
}

// SyncTo implements [vfs.File].
func (f onSyncFile) SyncTo(length int64) (bool, error) {
	f.before()
	return f.File.SyncTo(length)
}
