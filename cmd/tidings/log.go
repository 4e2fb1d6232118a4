package main

import (
	"context"
	"errors"
	"os"

	"github.com/tidings-hub/tidings/eventlog/disk"
)

// logCommand is tidings log.
type logCommand struct {
	Info    logInfoCommand    `cmd:"" help:"Say what a log holds."`
	Check   logCheckCommand   `cmd:"" help:"Read everything and say whether it is sound."`
	Tail    logTailCommand    `cmd:"" help:"Print the newest updates."`
	Dump    logDumpCommand    `cmd:"" help:"Print the whole log as lines of JSON."`
	Restore logRestoreCommand `cmd:"" help:"Make a log of what dump has printed."`
	Purge   logPurgeCommand   `cmd:"" help:"Erase updates by topic or id."`
}

// Help is shown by tidings log --help.
func (*logCommand) Help() string {
	return `Works on the directory of a log while no hub has it open; while one has, the commands end with exit code 6 and name the process. A backup of a running hub (serve --backup-dir) is such a directory too.

Examples:

    tidings log info ./tidings-data
    tidings log dump ./tidings-data | gzip > dump.gz`
}

// inspect opens the log in dir for reading and lets f look into it.
func inspect(dir string, f func(*disk.Inspection) error) error {
	x, err := disk.Inspect(dir, disk.Options{})
	if err != nil {
		return logError(err)
	}
	return errors.Join(f(x), x.Close())
}

// ended returns the error of a command that ctx has ended, whatever its work then failed with.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// terminal returns w if it is one.
func terminal(w any) (*os.File, bool) {
	file, ok := w.(*os.File)
	if !ok {
		return nil, false
	}
	info, err := file.Stat()
	return file, err == nil && info.Mode()&os.ModeCharDevice != 0
}
