package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/internal/config"
)

// tokenKeysCommand is tidings token keys.
type tokenKeysCommand struct {
	config.TokenKeys
}

// Help is shown by tidings token keys --help.
func (*tokenKeysCommand) Help() string {
	return `Makes a pair of keys and writes three files: the private key, which only those must have who make tokens, the public key for --key-file, and the same as a JSON Web Key Set for --jwks-file. Files that are there are not written over.

Examples:

    tidings token keys
    tidings token keys --algorithm ES256 --out /etc/tidings --name production`
}

// Run makes the files.
func (c *tokenKeysCommand) Run(std *streams) error {
	pair, err := auth.GenerateKeys(c.Algorithm)
	if err != nil {
		return err
	}
	files := []struct {
		what, ending string
		content      []byte
		mode         os.FileMode
	}{
		{"private key", "-private.pem", pair.Private, 0o600},
		{"public key", "-public.pem", pair.Public, 0o644},
		{"key set", "-jwks.json", pair.JWKS, 0o644},
	}
	var made []string
	for _, f := range files {
		name := filepath.Join(c.Out, c.Name+f.ending)
		if err := writeNew(name, f.content, f.mode); err != nil {
			for _, name := range made { // halves of a pair are of no use
				err = errors.Join(err, os.Remove(name))
			}
			return err
		}
		made = append(made, name)
	}
	for i, f := range files {
		fmt.Fprintf(std.out, "%-12s %s\n", f.what, printable(made[i]))
	}
	_, err = fmt.Fprintf(std.out, "%-12s %s\n", "kid", pair.KeyID)
	return err
}

// writeNew writes a file that must not be there yet.
func writeNew(name string, content []byte, mode os.FileMode) error {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err = errors.Join(err, file.Close()); err != nil {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}
