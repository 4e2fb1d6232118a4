package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
)

// logInfoCommand is tidings log info.
type logInfoCommand struct {
	config.LogInfo
}

// Help is shown by tidings log info --help.
func (*logInfoCommand) Help() string {
	return `Prints how many updates a log holds, from which offset and time to which, and what each retention rule keeps.

Examples:

    tidings log info ./tidings-data
    tidings log info ./tidings-data --json`
}

// Run prints what the log holds.
func (c *logInfoCommand) Run(std *streams) error {
	return inspect(c.Dir, func(x *disk.Inspection) error {
		info, err := x.Info()
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(std.out).Encode(info)
		}
		return writeInfo(std.out, &info)
	})
}

// writeInfo prints info for people.
func writeInfo(w io.Writer, info *disk.Info) error {
	epoch := "-"
	if n := len(info.Lineage); n > 0 {
		epoch = string(info.Lineage[n-1].Epoch)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "directory\t%s\n", printable(info.Dir))
	fmt.Fprintf(table, "format\t%d\n", info.Format)
	fmt.Fprintf(table, "updates\t%d\n", info.Records)
	fmt.Fprintf(table, "offsets\tup to %d, complete from %d\n", info.Head, info.Floor)
	fmt.Fprintf(table, "size\t%s, %s on disk\n", size(info.Bytes), size(info.DiskSize))
	fmt.Fprintf(table, "epochs\t%d, the last is %s\n", len(info.Lineage), epoch)
	fmt.Fprint(table, "\nTOPICS\tUPDATES\tSIZE\tOLDEST\tNEWEST\tDROPPED TO\n")
	for i := range info.Classes {
		class := &info.Classes[i]
		topics := "all others"
		if len(class.Topics) > 0 {
			topics = printable(strings.Join(class.Topics, " "))
		}
		if class.Newest {
			topics += " (newest only)"
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%d\n", topics, class.Records, size(class.Bytes),
			moment(class.Oldest), moment(class.Youngest), class.Dropped)
	}
	return table.Flush()
}

// size returns a number of bytes as people read it.
func size(n int64) string {
	const units = "KMGT"
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/(1<<10), 0
	for value >= 1<<10 && unit < len(units)-1 {
		value, unit = value/(1<<10), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
