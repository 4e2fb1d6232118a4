package auth

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

// fileInterval is how often a file is looked at, at most.
const fileInterval = time.Second

// fileKeys are read from a file, and again when it has changed. What cannot be read leaves those that were read
// before.
type fileKeys struct {
	path  string
	parse func([]byte) ([]verificationKey, []error, error)
	now   func() time.Time
	log   *slog.Logger

	mu     sync.Mutex
	last   []verificationKey
	reads  uint64 // how often they were read
	looked time.Time
	seen   os.FileInfo
}

// newFileKeys reads the file at once: a hub does not start with keys that it cannot read.
func newFileKeys(path string, parse func([]byte) ([]verificationKey, []error, error), o *Options) (*fileKeys, error) {
	f := &fileKeys{path: path, parse: parse, now: o.Now, log: o.Logger, looked: o.Now()}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := f.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(f.last) == 0 {
		return nil, fmt.Errorf("%s: there is no usable key in it", path)
	}
	f.seen = info
	return f, nil
}

func (f *fileKeys) keys(context.Context, string) ([]verificationKey, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.last, nil
}

func (f *fileKeys) held() []verificationKey {
	keys, _ := f.keys(context.Background(), "") // never fails
	return keys
}

func (f *fileKeys) version() (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.look()
	return f.reads, true
}

// look reads the file if it has changed, and was not looked at just now. The caller holds f.mu.
func (f *fileKeys) look() {
	now := f.now()
	if now.Sub(f.looked) < fileInterval {
		return
	}
	f.looked = now
	info, err := os.Stat(f.path)
	if err == nil {
		if f.seen != nil && os.SameFile(info, f.seen) && info.ModTime().Equal(f.seen.ModTime()) && info.Size() == f.seen.Size() {
			return
		}
		// Noted before reading: a change during it is seen the next time.
		f.seen = info
		err = f.read()
	}
	if err != nil {
		f.log.Warn("keys cannot be read, the ones before stay", "file", f.path, "error", err)
		return
	}
	f.log.Info("keys were read", "file", f.path, "keys", len(f.last))
}

// read reads the file. A set that has become empty is taken as it is: its keys were withdrawn.
func (f *fileKeys) read() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxKeyBytes+1))
	if err != nil {
		return err
	}
	if len(text) > maxKeyBytes {
		return fmt.Errorf("it is longer than %d bytes", maxKeyBytes)
	}
	keys, leftOut, err := f.parse(text)
	if err != nil {
		return err
	}
	for _, why := range leftOut {
		f.log.Warn("a key is not used", "file", f.path, "error", why)
	}
	f.last = keys
	f.reads++
	return nil
}

// pemFile is parsePEM as a file's parser.
func pemFile(text []byte) ([]verificationKey, []error, error) {
	keys, err := parsePEM(text)
	return keys, nil, err
}
