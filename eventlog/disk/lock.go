package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// LockedError says that another process has the log open.
type LockedError struct {
	// Dir is the log's directory.
	Dir string
	// Owner describes the process that has it, as far as it can be known.
	Owner string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("disk: the log in %s is in use by %s", e.Dir, e.Owner)
}

// lock keeps other processes out of a directory. Its file names the process that has it; the system lets go of
// it when the process ends, however it does.
type lock struct{ closer io.Closer }

const lockName = "tidings.lock"

// errLocked is returned by lockFile, which each system has its own way to do, where another process has the lock.
var errLocked = errors.New("locked")

func lockDir(dir string, fs vfs.FS) (*lock, error) {
	if fs != vfs.Default { // a test's file system: its own lock will do
		return &lock{}, nil
	}
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("disk: cannot lock %s: %w", dir, err)
	}
	if err := lockFile(file); err != nil {
		defer file.Close()
		if !errors.Is(err, errLocked) {
			return nil, fmt.Errorf("disk: cannot lock %s: %w", dir, err)
		}
		owner, _ := io.ReadAll(io.LimitReader(file, 256))
		return nil, &LockedError{Dir: dir, Owner: describeOwner(string(owner))}
	}
	if err := errors.Join(file.Truncate(0), writeOwner(file)); err != nil {
		file.Close()
		return nil, fmt.Errorf("disk: cannot lock %s: %w", dir, err)
	}
	return &lock{closer: file}, nil
}

func writeOwner(file *os.File) error {
	_, err := fmt.Fprintf(file, "process %d (%s)\n", os.Getpid(), filepath.Base(os.Args[0]))
	return err
}

func describeOwner(s string) string {
	if s = strings.TrimSpace(s); s != "" {
		return s
	}
	return "another process"
}

func (l *lock) release() {
	if l.closer != nil {
		l.closer.Close()
	}
}
