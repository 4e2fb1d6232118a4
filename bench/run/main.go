package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// settings are the flags.
type settings struct {
	scenarios []string
	count     int
	quick     bool
	strict    bool
	plot      bool
	counts    []int
	out       string
	tidings   string
}

// errFailed is returned when everything was measured and something was not as it must be, which has been printed.
var errFailed = errors.New("failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(ctx, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, "bench/run:", err)
		}
		stop()
		os.Exit(1)
	}
}

// dispatch measures, or is the server that one which measures has started.
func dispatch(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == tlsBaseCommand {
		return serveTLSBase(ctx, args[1:], os.Stdout)
	}
	return execute(ctx, args, os.Stdout, os.Stderr)
}

// parseFlags reads the command line.
func parseFlags(args []string, stderr io.Writer) (*settings, error) {
	var s settings
	var names, counts string
	flags := flag.NewFlagSet("bench/run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&names, "scenario", "", "`NAMES` of the scenarios, with commas between them (default all)")
	flags.IntVar(&s.count, "count", 1, "how often each is measured; medians are shown")
	flags.BoolVar(&s.quick, "quick", false, "cut everything down, and see only whether it works")
	flags.BoolVar(&s.strict, "strict", false, "exit with 1 if a target is missed")
	flags.BoolVar(&s.plot, "plot", false, "measure numbers of subscribers instead of scenarios, and draw them")
	flags.StringVar(&counts, "plot-subscribers", sweepCounts, "the `NUMBERS` for -plot")
	flags.StringVar(&s.out, "out", "", "`FILE` for the results, whose name ends in .md; JSON and plot go beside it"+
		" (default one in bench/results, DATE-fanout.md or after what is measured; none with -quick)")
	flags.StringVar(&s.tidings, "tidings", "", "`PROGRAM` to measure instead of one built from this tree")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not understood; scenarios are named with -scenario", flags.Arg(0))
	}
	if s.count < 1 {
		return nil, fmt.Errorf("-count %d: it is 1 at least", s.count)
	}
	if s.out != "" && !strings.HasSuffix(s.out, ".md") {
		return nil, fmt.Errorf("-out %s: its name ends in .md", s.out)
	}
	if names != "" {
		s.scenarios = strings.Split(names, ",")
	}
	if s.plot && names != "" {
		return nil, errors.New("-plot has scenarios of its own, so -scenario does not go with it")
	}
	var err error
	s.counts, err = parseCounts(counts)
	return &s, err
}

// execute does what the arguments say.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parseFlags(args, stderr)
	if err != nil {
		return err
	}
	module, err := moduleFolder(ctx)
	if err != nil {
		return err
	}
	scenarios := sweep(s.counts)
	if !s.plot {
		scenarios, err = readScenarios(os.DirFS(filepath.Join(module, "bench", "scenarios")), s.scenarios)
		if err != nil {
			return err
		}
	}
	folder, err := os.MkdirTemp("", "tidings-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	programs, err := build(ctx, module, folder)
	if err != nil {
		return err
	}
	if s.tidings != "" {
		if programs.tidings, err = filepath.Abs(s.tidings); err != nil {
			return err
		}
	}
	r := &record{Date: time.Now(), Machine: inspect(ctx, module, programs.cpus), Count: s.count, Quick: s.quick}
	if built, err := buildinfo.ReadFile(programs.tidings); err == nil {
		r.Machine.Go = built.GoVersion
	}
	if s.tidings != "" {
		r.Machine.Revision = firstLine(outputOf(ctx, module, programs.tidings, "version"))
	}
	fmt.Fprintf(stdout, "%s, %s, %s\n%s\n\n", r.Machine.Processor, r.Machine.System, r.Machine.Go, r.Machine.Placement)
	if err := r.measure(ctx, programs, scenarios, s, stdout, stderr); err != nil {
		return err
	}
	if out := s.outFile(module, r.Date); out != "" {
		if err := r.keep(out, s.plot); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "Written: %s\n", out)
	}
	return r.conclude(s.strict, stdout)
}

// outFile returns where the results go; nowhere if empty.
func (s *settings) outFile(module string, date time.Time) string {
	what := "fanout"
	switch {
	case s.out != "":
		return s.out
	case s.quick:
		return ""
	case s.plot:
		what = "subscribers"
	case len(s.scenarios) > 0:
		what = strings.Join(s.scenarios, "+")
	}
	return filepath.Join(module, "bench", "results", fmt.Sprintf("%s-%s.md", date.Format(time.DateOnly), what))
}

// measure measures every scenario, and prints each when it is done.
func (r *record) measure(ctx context.Context, p *programs, scenarios []*scenario, s *settings, stdout, stderr io.Writer) error {
	for _, one := range scenarios {
		res, err := p.measureAll(ctx, one, s.count, s.quick, func(now string) { fmt.Fprintln(stderr, now) })
		if err != nil {
			return err
		}
		r.Results = append(r.Results, res)
		res.section(stdout)
	}
	return nil
}

// keep writes the record to files: out for people, and beside it JSON and the picture.
func (r *record) keep(out string, withPlot bool) error {
	trunk := strings.TrimSuffix(out, ".md")
	if withPlot {
		r.Plot = filepath.Base(trunk) + ".svg"
		if err := writeFile(trunk+".svg", sweepPlot(r).writeTo); err != nil {
			return err
		}
	}
	if err := writeFile(trunk+".json", r.json); err != nil {
		return err
	}
	return writeFile(out, func(w io.Writer) error {
		r.markdown(w)
		return nil
	})
}

// writeFile makes or replaces a file of what write writes.
func writeFile(name string, write func(w io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// conclude prints what is not as it should be, and says whether that is an error.
func (r *record) conclude(strict bool, stdout io.Writer) error {
	missed, all := 0, 0
	var faults []string
	for _, res := range r.Results {
		m, f := res.missed()
		missed += m
		all += len(res.Verdicts)
		faults = append(faults, f...)
	}
	for _, fault := range faults {
		fmt.Fprintf(stdout, "WRONG %s\n", fault)
	}
	if all > 0 {
		fmt.Fprintf(stdout, "%d of %d targets met\n", all-missed, all)
	}
	if len(faults) > 0 || strict && missed > 0 {
		return errFailed
	}
	return nil
}
