package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"

	"github.com/tidings-hub/tidings/conformance/suite"
)

// The exit codes.
const (
	exitPassed      = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreachable = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitPassed
	case err != nil:
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	rules := o.rules()
	if len(rules) == 0 {
		fmt.Fprintln(stderr, "conformance: no rule is selected")
		return exitUsage
	}
	if o.list {
		listRules(stdout, rules)
		return exitPassed
	}
	if err := o.config.Validate(); err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	results, err := suite.Run(ctx, o.config, rules)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUnreachable
	}
	if err := o.print(stdout, results); err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	if slices.ContainsFunc(results, func(r suite.Result) bool { return r.Outcome == suite.Failed }) {
		return exitFailed
	}
	return exitPassed
}

// rules returns the rules that the flags select.
func (o options) rules() []suite.Rule {
	return slices.DeleteFunc(suite.Rules(), func(r suite.Rule) bool {
		return o.only != nil && !o.only.MatchString(r.ID) && !o.only.MatchString(r.String()) ||
			len(o.levels) > 0 && !slices.Contains(o.levels, r.Level)
	})
}

// options are the flags.
type options struct {
	config suite.Config
	only   *regexp.Regexp
	levels []suite.Level
	list   bool
	json   bool
	all    bool
}
