package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
)

// logDumpCommand is tidings log dump.
type logDumpCommand struct {
	config.LogDump
}

// Help is shown by tidings log dump --help.
func (*logDumpCommand) Help() string {
	return `Prints a whole log as lines of JSON: one that says what log it is, one for each update, private ones too, and one that says that this was all. 'tidings log restore' reads them. What the log remembers of Idempotency-Keys is not among it.

Examples:

    tidings log dump ./tidings-data > dump.ndjson
    tidings log dump ./tidings-data | tidings log restore ./copy`
}

// Run prints the log.
func (c *logDumpCommand) Run(ctx context.Context, std *streams) error {
	return inspect(c.Dir, func(x *disk.Inspection) error { return ended(ctx, dump(ctx, x, std.out)) })
}

func dump(ctx context.Context, x *disk.Inspection, w io.Writer) error {
	info, err := x.Info()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	marks, err := x.Marks(ctx)
	if err != nil {
		return err
	}
	header := dumpHeader{Dump: dumpVersion, Head: info.Head, Lineage: info.Lineage}
	for _, m := range marks {
		header.Marks = append(header.Marks, markLine{Key: m.Key, Value: m.Value})
	}
	if err := writeLine(out, header); err != nil {
		return err
	}
	n := 0
	err = x.Each(ctx, 0, func(r *eventlog.Record) error {
		n++
		return writeLine(out, lineOf(r))
	})
	if err == nil {
		err = writeLine(out, dumpEnd{End: true, Records: n})
	}
	return errors.Join(err, out.Flush()) // of a damaged log, what can be read
}

// dumpVersion is the version of the lines that dump prints.
const dumpVersion = 1

// dumpHeader is the first line of a dump.
type dumpHeader struct {
	Dump    int              `json:"tidingsDump"`
	Head    uint64           `json:"head"`
	Lineage eventlog.Lineage `json:"lineage"`
	Marks   []markLine       `json:"marks,omitempty"`
}

// markLine is a mark, such as that of a subscription that was active.
type markLine struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// marks is the inverse.
func (h *dumpHeader) marks() []eventlog.Mark {
	var marks []eventlog.Mark
	for _, m := range h.Marks {
		marks = append(marks, eventlog.Mark{Key: m.Key, Value: m.Value})
	}
	return marks
}

// dumpEnd is the last line of a dump.
type dumpEnd struct {
	End     bool `json:"end"`
	Records int  `json:"updates"`
}

// recordLine is an update in its place in the log.
type recordLine struct {
	Offset  uint64         `json:"offset"`
	Epoch   eventlog.Epoch `json:"epoch"`
	Time    time.Time      `json:"time"`
	Topics  []string       `json:"topics"`
	Private bool           `json:"private,omitempty"`
	ID      string         `json:"id,omitempty"` // the publisher's own
	Type    string         `json:"type,omitempty"`
	Data    string         `json:"data"`
	Retry   string         `json:"retry,omitempty"` // a duration such as 1.5s

	Presence bool `json:"presence,omitempty"`
}

func lineOf(r *eventlog.Record) recordLine {
	line := recordLine{
		Offset: r.Position.Offset, Epoch: r.Position.Epoch, Time: r.Time.UTC(),
		Topics: r.Topics, Private: r.Private, ID: r.ID, Type: r.Type, Data: r.Data, Presence: r.Presence,
	}
	if r.Retry != 0 {
		line.Retry = r.Retry.String()
	}
	return line
}

// record is the inverse of lineOf.
func (l *recordLine) record() (*eventlog.Record, error) {
	r := &eventlog.Record{
		Update:   eventlog.Update{Topics: l.Topics, Private: l.Private, ID: l.ID, Type: l.Type, Data: l.Data},
		Position: eventlog.Position{Epoch: l.Epoch, Offset: l.Offset},
		Time:     l.Time,
		Presence: l.Presence,
	}
	if l.Retry != "" {
		var err error
		if r.Retry, err = time.ParseDuration(l.Retry); err != nil {
			return nil, fmt.Errorf("retry: %w", err)
		}
	}
	return r, nil
}

// writeLine prints v as one line of JSON.
func writeLine(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
