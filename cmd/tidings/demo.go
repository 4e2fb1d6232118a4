package main

import (
	"context"
	"fmt"

	"github.com/tidings-hub/tidings/demo"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/server"
)

// demoCommand is tidings demo.
type demoCommand struct {
	config.Demo
}

// Help is shown by tidings demo --help.
func (*demoCommand) Help() string {
	return `Serves a page with three live clocks that are fed by one stream, and prints its URL. It needs no file, no service and no network. Ctrl-C ends it; a second one kills it.

The stream itself is at /clocks: unnamed events with the time in UTC, 'est' events for New York, 'pdt' events for Los Angeles.

Examples:

    tidings demo
    tidings demo --addr 127.0.0.1:0
    curl -N http://127.0.0.1:8080/clocks`
}

// Run serves until ctx ends.
func (c *demoCommand) Run(ctx context.Context, std *streams) error {
	logger := c.Logger(std.err)
	s, err := server.Listen(ctx, listenOptions(&c.Listen, logger))
	if err != nil {
		return err
	}
	defer s.Close()
	app, err := demo.New(demo.Options{Logger: logger})
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "Tidings demo: %s\n", s.URL())
	return s.Serve(ctx, app)
}
