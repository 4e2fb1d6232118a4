package main

import (
	"fmt"
	"io"
	"os"

	"github.com/tidings-hub/tidings/internal/load"
)

// progress is a line on a terminal that changes.
type progress struct {
	w    io.Writer // nil if there is no terminal
	name string
}

func newProgress(w io.Writer, name string) *progress {
	file, ok := w.(*os.File)
	if !ok {
		return &progress{}
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{w: w, name: name}
}

// clearLine goes back to the beginning of a terminal's line and empties it.
const clearLine = "\r\x1b[K"

func (p *progress) show(now load.Progress) {
	if p.w != nil {
		fmt.Fprint(p.w, clearLine+progressLine(p.name, now))
	}
}

func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, clearLine)
	}
}

func progressLine(name string, now load.Progress) string {
	line := fmt.Sprintf("%s: %5.1f s  %-10s  %s connected", name, now.Elapsed.Seconds(), now.Phase, number(int64(now.Connected)))
	if now.Published > 0 {
		line += fmt.Sprintf("  %s published  %s of %s delivered",
			number(now.Published), number(now.Delivered), number(now.Expected))
	}
	return line
}
