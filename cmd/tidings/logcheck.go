package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
)

// logCheckCommand is tidings log check.
type logCheckCommand struct {
	config.LogCheck
}

// Help is shown by tidings log check --help.
func (*logCheckCommand) Help() string {
	return `Reads every update and every entry of the indexes and looks whether they lead to one another. It changes nothing. Where something is damaged, it says where and ends with exit code 1.

Examples:

    tidings log check ./tidings-data`
}

// Run checks the log.
func (c *logCheckCommand) Run(ctx context.Context, std *streams) error {
	return inspect(c.Dir, func(x *disk.Inspection) error {
		bar := new(progressBar)
		if file, ok := terminal(std.err); ok {
			bar.w = file
		}
		var checked int64
		err := x.Check(ctx, func(done, all int64) {
			checked = done
			bar.show(done, all)
		})
		bar.clear()
		if err != nil {
			return ended(ctx, err)
		}
		_, err = fmt.Fprintf(std.out, "%s is sound: %d updates\n", printable(c.Dir), checked)
		return err
	})
}

// progressBar shows on a terminal how far something has got. Without a w it shows nothing.
type progressBar struct {
	w     io.Writer
	shown int // per cent, and one; 0 for nothing yet
}

const barWidth = 40

func (b *progressBar) show(done, all int64) {
	percent := 100
	if all > 0 {
		percent = int(done * 100 / all)
	}
	if b.w == nil || b.shown == percent+1 {
		return
	}
	b.shown = percent + 1
	full := min(barWidth*percent/100, barWidth)
	fmt.Fprintf(b.w, "\r[%s%s] %3d %% of %d updates", strings.Repeat("#", full), strings.Repeat(" ", barWidth-full), percent, all)
}

// clear takes the bar from the screen.
func (b *progressBar) clear() {
	if b.shown > 0 {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
