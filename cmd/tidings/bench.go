package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/load"
)

// benchCommand is tidings bench.
type benchCommand struct {
	config.Bench
}

// Help is shown by tidings bench --help.
func (*benchCommand) Help() string {
	return `Puts a hub under load and says what it takes: many subscribers, updates at a rate, and for every subscriber whether each update came, once and in order. Without --hub it starts a hub, in memory and with nobody else, and ends it. With --compare the same load is put on a hub as one writes it with net/http in an afternoon, so that there is something to compare with: what counts are the ratios, since machines differ.

It subscribes and publishes as the protocol has it, and to other hubs as --subscribe-query, --publish-url, --publish-form and --header say. Latencies are from when an update was due until a subscriber has read it.

Many subscribers need many open files: ulimit -Hn is the limit, for the hub as well. On one machine hub and load share the processors; --pin-server and --pin-client keep them apart.

Examples:

    tidings bench
    tidings bench --subscribers 10000 --compare
    tidings bench --subscribers 10000 --rate 0 --pin-server 0,1 --pin-client 2,3
    tidings bench --subscribers 10000 --rate 0 --burst 300 --lines --count 1200
    tidings bench --subscribers 15000 --idle --settle 30s
    tidings bench --missed 1000 --lines --serve-arg=--shards=2
    tidings bench --hub https://example.com/hub --header 'Authorization: Bearer TOKEN' --json
    tidings bench --hub 'http://127.0.0.1:8000/sub/{topic}' --subscribe-query '' \
      --publish-url 'http://127.0.0.1:8000/pub/{topic}' --publish-type text/plain \
      --publish-form '{data}' --pid 4711

A resume storm (--missed) is measured from the first connection on, all others from each update.

The exit code is 1 if anything was lost, doubled or out of order; what happens to the plain hub does not matter. The others are listed by tidings --help.`
}

// Run puts the hub under load and prints what came of it.
func (c *benchCommand) Run(ctx context.Context, std *streams) error {
	report := newBenchReport(&c.Bench)
	pinServer, err := c.pin()
	if err != nil {
		return err
	}
	if report.Hub, err = c.hub(ctx, std, pinServer); err != nil {
		return benchError(err)
	}
	if c.Compare {
		if report.Base, err = c.base(ctx, std, pinServer); err != nil {
			return benchError(err)
		}
		report.Ratio = ratios(report.Hub, report.Base)
	}
	if c.JSON {
		err = json.NewEncoder(std.out).Encode(report)
	} else {
		err = report.print(std.out)
	}
	if err != nil {
		return err
	}
	if !report.Hub.OK {
		return &codedError{exitFailure, errors.New(fault(report.Hub))}
	}
	return nil
}

// pin pins this process, and returns the CPUs for those that it starts: nil for any.
func (c *benchCommand) pin() ([]int, error) {
	server := c.PinServer
	if len(c.PinClient) == 0 {
		return server, nil
	}
	if len(server) == 0 { // it would inherit the client's
		var err error
		if server, err = load.CPUs(); err != nil {
			return nil, cannotPin(err)
		}
	}
	if err := load.Pin(c.PinClient); err != nil {
		return nil, cannotPin(err)
	}
	return server, nil
}

// cannotPin returns the error of CPUs that cannot be had.
func cannotPin(err error) error {
	return &codedError{exitUsage, errors.New(strings.TrimPrefix(err.Error(), "load: "))}
}

// hub puts the hub under load: that of --hub, or one that it starts.
func (c *benchCommand) hub(ctx context.Context, std *streams, pin []int) (*load.Result, error) {
	o := c.Options()
	if o.URL == "" {
		args := []string{"serve", "--dev", "--data", "memory", "--addr", "127.0.0.1:0"}
		if n := c.Matchers + c.ExtraMatchers; n > 100 {
			args = append(args, fmt.Sprintf("--max-matchers=%d", n))
		}
		child, err := startChild(ctx, std, pin, "Tidings hub: ", append(args, c.ServeArgs...)...)
		if err != nil {
			return nil, err
		}
		defer child.end()
		o.URL, o.PID = child.url, child.pid()
	}
	return runLoad(ctx, std, o, "hub")
}

// base puts the plain hub under the same load.
func (c *benchCommand) base(ctx context.Context, std *streams, pin []int) (*load.Result, error) {
	child, err := startChild(ctx, std, pin, basePrefix, "bench-base")
	if err != nil {
		return nil, err
	}
	defer child.end()
	plain := c.Bench
	plain.BenchTarget = config.BenchTarget{HTTP2: c.HTTP2, Streams: c.Streams, Timeout: c.Timeout}
	o := plain.Options()
	o.SubscribeQuery = "topic={topic}"
	o.URL, o.PID = child.url, child.pid()
	return runLoad(ctx, std, o, "base")
}

// runLoad runs a load and shows its progress.
func runLoad(ctx context.Context, std *streams, o load.Options, name string) (*load.Result, error) {
	progress := newProgress(std.err, name)
	o.Progress = progress.show
	result, err := load.Run(ctx, o)
	progress.clear()
	return result, err
}

// benchError returns the error of a load with its exit code.
func benchError(err error) error {
	code := 0
	if _, ok := errors.AsType[*load.UnreachableError](err); ok {
		code = exitUnreachable
	}
	if _, ok := errors.AsType[*load.RefusedError](err); ok {
		code = exitRefused
	}
	if _, ok := errors.AsType[*load.FilesError](err); ok {
		code = exitUsage
	}
	if code == 0 {
		return err
	}
	return &codedError{code, errors.New(printable(strings.TrimPrefix(oneLine(err), "load: ")))}
}

// fault says in one line why a result is not good.
func fault(x *load.Result) string {
	var faults []string
	for _, f := range []struct {
		n    int64
		what string
		why  string
	}{
		{x.Lost, "lost", ""},
		{int64(x.Duplicated), "doubled", ""},
		{int64(x.Reordered), "out of order", ""},
		{int64(x.Ended), "streams ended", x.EndedError},
		{int64(x.ConnectFailed), "not connected", x.ConnectError},
		{int64(x.PublishFailed), "publications refused", x.PublishError},
	} {
		if f.n == 0 {
			continue
		}
		text := number(f.n) + " " + f.what
		if f.why != "" {
			text += " (" + printable(strings.TrimPrefix(f.why, "load: ")) + ")"
		}
		faults = append(faults, text)
	}
	return cmp.Or(strings.Join(faults, ", "), number(int64(x.Gaps))+" gaps")
}
