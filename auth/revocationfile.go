package auth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// OpenRevocations returns the set that is kept in a file, one line of JSON for each revocation, and made if it is not
// there. Every change writes the file anew beside it, through to the disk, and then puts it in its place: after a
// crash it is the old one or the new one. One process may have it open. limit and now are those of NewRevocations.
func OpenRevocations(path string, limit int, now func() time.Time) (*Revocations, error) {
	s := NewRevocations(limit, now)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if err := s.Load(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, path)
	}
	s.file = &revocationFile{path: path}
	// Written at once: a place that cannot be written to is found out before somebody's token has to be revoked.
	if err := s.apply(func(map[revocationKey]Revocation) error { return nil }); err != nil {
		return nil, err
	}
	return s, nil
}

// Snapshot writes the revocations that are in force, a line of JSON for each.
func (s *Revocations) Snapshot(w io.Writer) error { return writeRevocations(w, s.All()) }

// Load adds what Snapshot has written, all of it or nothing. A line that cannot be read is an error: who was locked
// out must not come in again because of a damaged file.
func (s *Revocations) Load(r io.Reader) error {
	var list []Revocation
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		decoder := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		decoder.DisallowUnknownFields()
		var one Revocation
		if err := decoder.Decode(&one); err != nil {
			return fmt.Errorf("auth: revocation in line %d: %w", len(list)+1, err)
		}
		list = append(list, one)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("auth: revocations: %w", err)
	}
	return s.Add(list...)
}

func writeRevocations(w io.Writer, list []Revocation) error {
	encoder := json.NewEncoder(w)
	for i := range list {
		if err := encoder.Encode(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// revocationFile is where a set is kept.
type revocationFile struct{ path string }

// write replaces the file.
func (f *revocationFile) write(list []Revocation) error {
	dir := filepath.Dir(f.path)
	temporary, err := os.CreateTemp(dir, filepath.Base(f.path)+".*") // readable by its owner only
	if err != nil {
		return err
	}
	w := bufio.NewWriter(temporary)
	err = errors.Join(writeRevocations(w, list), w.Flush(), temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return syncDir(dir)
}

// syncDir makes a renaming durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
