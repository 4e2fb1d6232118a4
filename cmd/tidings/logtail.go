package main

import (
	"context"
	"io"
	"slices"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/sse"
)

// logTailCommand is tidings log tail.
type logTailCommand struct {
	config.LogTail
}

// Help is shown by tidings log tail --help.
func (*logTailCommand) Help() string {
	return `Prints the newest updates of a log, the oldest of them first: id, type and data, or with --json everything that the log knows of them. Private ones are among them.

Examples:

    tidings log tail ./tidings-data
    tidings log tail -n 1 --json ./tidings-data`
}

// Run prints the newest updates.
func (c *logTailCommand) Run(ctx context.Context, std *streams) error {
	return inspect(c.Dir, func(x *disk.Inspection) error {
		records, err := newest(ctx, x, c.Count)
		if err != nil {
			return ended(ctx, err)
		}
		for _, r := range records {
			if err := c.print(std.out, r); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *logTailCommand) print(w io.Writer, r *eventlog.Record) error {
	if c.JSON {
		return writeLine(w, lineOf(r))
	}
	return writeText(w, sse.Event{ID: r.EventID(), Type: r.Type, Data: r.Data})
}

// newest returns the newest n records, the oldest of them first.
func newest(ctx context.Context, x *disk.Inspection, n int) ([]*eventlog.Record, error) {
	info, err := x.Info()
	if err != nil {
		return nil, err
	}
	n = int(min(int64(n), info.Records))
	// Not every offset has a record: look further back until there are enough.
	for span := uint64(n); ; span *= 4 {
		after := info.Head - min(info.Head, span)
		var records []*eventlog.Record
		err := x.Each(ctx, after, func(r *eventlog.Record) error {
			if len(records) == 2*n {
				records = slices.Delete(records, 0, n)
			}
			records = append(records, r)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(records) >= n || after == 0 {
			return records[max(len(records)-n, 0):], nil
		}
	}
}
