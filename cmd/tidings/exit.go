package main

import (
	"context"
	"errors"

	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/server"
)

// The exit codes. Scripts rely on them, and --help lists them.
const (
	exitOK          = 0
	exitFailure     = 1   // something went wrong that is not below
	exitUsage       = 2   // the command line or the environment asks for what cannot be
	exitRefused     = 3   // the hub answered, but not with what was asked for
	exitUnreachable = 4   // the hub could not be reached
	exitEnded       = 5   // the stream ended before the subscriber wanted it to
	exitLocked      = 6   // another process has the log
	exitNewer       = 7   // the log or the dump was written by a newer release
	exitInterrupted = 130 // interrupted before the work was done; what shells say after Ctrl-C
)

// exitHelp explains the exit codes to those who ask for help.
const exitHelp = `Exit codes:

    0    done; also a server that was ended with Ctrl-C or SIGTERM
    1    something went wrong that is not below; also a log that is damaged
    2    wrong usage
    3    the hub refused
    4    the hub cannot be reached
    5    the stream ended before its subscriber wanted it to
    6    another process has the directory of the log
    7    the log, or the dump, was written by a newer release
    130  a command was interrupted before its work was done`

// codedError is an error that has an exit code of its own.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }

func (e *codedError) Unwrap() error { return e.err }

// logError returns the error of a log with its exit code.
func logError(err error) error {
	if _, locked := errors.AsType[*disk.LockedError](err); locked {
		return &codedError{exitLocked, err}
	}
	if errors.Is(err, disk.ErrNewerFormat) {
		return &codedError{exitNewer, err}
	}
	return err
}

// exitCode returns what the program ends with after err.
func exitCode(err error) int {
	if coded, ok := errors.AsType[*codedError](err); ok {
		return coded.code
	}
	if _, ok := errors.AsType[*config.Error](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*server.NotLoopbackError](err); ok {
		return exitUsage
	}
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	default:
		return exitFailure
	}
}
