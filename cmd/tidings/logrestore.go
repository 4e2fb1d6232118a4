package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
)

// logRestoreCommand is tidings log restore.
type logRestoreCommand struct {
	config.LogRestore
}

// Help is shown by tidings log restore --help.
func (*logRestoreCommand) Help() string {
	return `Reads from standard input what 'tidings log dump' has printed and makes a log of it, with the offsets, epochs and times that the updates had: subscribers of that log can come back to this one. A dump that is cut off is refused, and nothing of it is left.

Examples:

    tidings log restore ./tidings-data < dump.ndjson
    gunzip < dump.gz | tidings log restore ./tidings-data --retain 'newest:topic=prices'`
}

// Run makes the log.
func (c *logRestoreCommand) Run(ctx context.Context, std *streams) error {
	lines := &dumpReader{ctx: ctx, r: bufio.NewReaderSize(std.in, 64<<10)}
	header, err := lines.header()
	if err != nil {
		return err
	}
	options := disk.Options{Rules: config.DiskRules(c.Retain)}
	n, err := disk.Restore(c.Dir, options, disk.History{Lineage: header.Lineage, Head: header.Head, Marks: header.marks()}, lines.records)
	if err != nil {
		return ended(ctx, logError(err))
	}
	_, err = fmt.Fprintf(std.out, "restored %d updates to %s\n", n, printable(c.Dir))
	return err
}

// dumpReader reads the lines of a dump.
type dumpReader struct {
	ctx  context.Context
	r    *bufio.Reader
	line int
}

var errCutOff = errors.New("standard input ends before the dump does: it was cut off")

// next returns the next line, which must be there.
func (d *dumpReader) next() ([]byte, error) {
	if d.ctx.Err() != nil {
		return nil, d.ctx.Err()
	}
	d.line++
	line, err := d.r.ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil, errCutOff
	}
	return line, err
}

// parse reads a line into v. A field that v does not have is an error: what it says would be lost.
func (d *dumpReader) parse(line []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return fmt.Errorf("line %d of the dump: %w", d.line, err)
	}
	return nil
}

func (d *dumpReader) header() (dumpHeader, error) {
	line, err := d.next()
	if err != nil {
		return dumpHeader{}, err
	}
	var header dumpHeader
	if json.Unmarshal(line, &header) != nil || header.Dump < 1 {
		return header, errors.New("standard input is not what tidings log dump has printed")
	}
	if header.Dump > dumpVersion {
		return header, &codedError{exitNewer, fmt.Errorf("the dump has version %d, and this release knows %d", header.Dump, dumpVersion)}
	}
	return header, d.parse(line, &header)
}

// records passes the records of the dump on.
func (d *dumpReader) records(yield func(*eventlog.Record, error) bool) {
	for n := 0; ; n++ {
		line, err := d.next()
		if err != nil {
			yield(nil, err)
			return
		}
		if bytes.HasPrefix(line, []byte(`{"end":`)) {
			var end dumpEnd
			if err := d.parse(line, &end); err != nil {
				yield(nil, err)
			} else if end.Records != n {
				yield(nil, fmt.Errorf("the dump has %d updates, and its last line says %d", n, end.Records))
			}
			return
		}
		if !yield(d.record(line)) {
			return
		}
	}
}

func (d *dumpReader) record(line []byte) (*eventlog.Record, error) {
	var l recordLine
	if err := d.parse(line, &l); err != nil {
		return nil, err
	}
	r, err := l.record()
	if err != nil {
		return nil, fmt.Errorf("line %d of the dump: %w", d.line, err)
	}
	return r, nil
}
