package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tidings-hub/tidings/internal/config"
)

// commands are the sub-commands, each in the file of its name.
type commands struct {
	Demo      demoCommand      `cmd:"" help:"Show three live clocks in a browser."`
	Serve     serveCommand     `cmd:"" help:"Run the hub."`
	Publish   publishCommand   `cmd:"" help:"Publish an update and print its id."`
	Subscribe subscribeCommand `cmd:"" help:"Print events as they arrive."`
	Log       logCommand       `cmd:"" help:"Look into a log, restore it, erase from it."`
	Bench     benchCommand     `cmd:"" help:"Put a hub under load and say what it takes."`
	BenchBase benchBaseCommand `cmd:"" hidden:"" help:"Serve the plain hub that bench compares with."`
	Token     tokenCommand     `cmd:"" help:"Make tokens and keys, explain tokens."`
	Version   versionCommand   `cmd:"" help:"Print what this binary is."`
}

// Help is shown by tidings --help.
func (*commands) Help() string {
	return `Begin with:

    tidings demo

Every flag can be given as a variable of the environment too, which the command's help names; a flag beats the variable.

` + exitHelp
}

// streams are the three standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx := untilSignal()
	std := &streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	err := run(ctx, os.Args[1:], std)
	code := exitCode(err)
	if err != nil && code != exitInterrupted {
		fmt.Fprintf(std.err, "tidings: %s\n", oneLine(err))
	}
	os.Exit(code)
}

// untilSignal returns a context that ends with the first signal. A second one kills, from before anybody learns of the first.
func untilSignal() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
	}()
	return ctx
}

// run does what the arguments say.
func run(ctx context.Context, args []string, std *streams) error {
	parser, err := kong.New(
		new(commands),
		kong.Name("tidings"),
		kong.Description("Live updates for web pages, over Server-Sent Events."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(describe),
		kong.Writers(std.out, std.err),
		kong.Bind(std),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return usageError(err)
	}
	return command.Run()
}

// describe returns the help text of a flag or argument, with its default and its variable of the environment.
func describe(value *kong.Value) string {
	var notes []string
	if value.Default != "" {
		notes = append(notes, "default "+value.Default)
	}
	for _, name := range value.Tag.Envs {
		notes = append(notes, "$"+name)
	}
	if len(notes) == 0 {
		return value.Help
	}
	return strings.TrimSuffix(value.Help, ".") + " (" + strings.Join(notes, ", ") + ")."
}

// usageError returns err with a hint at the help that would have prevented it.
func usageError(err error) error {
	if wrong, ok := errors.AsType[*config.Error](err); ok {
		return wrong // complete as it is
	}
	help := "tidings --help"
	if parse, ok := errors.AsType[*kong.ParseError](err); ok && parse.Context != nil {
		if selected := parse.Context.Selected(); selected != nil {
			help = selected.FullPath() + " --help"
		}
	}
	return &codedError{exitUsage, fmt.Errorf("%w (see %s)", err, help)}
}

// oneLine returns the text of err in one line: joined errors have several.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }
