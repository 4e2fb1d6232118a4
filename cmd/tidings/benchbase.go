package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/load"
	"github.com/tidings-hub/tidings/protocol"
)

// benchBaseCommand is tidings bench-base, which tidings bench --compare starts.
type benchBaseCommand struct {
	config.BenchBase
}

// basePrefix is what stands before the URL.
const basePrefix = "Base: "

// Help is shown by tidings bench-base --help.
func (*benchBaseCommand) Help() string {
	return `Serves the plain net/http hub that 'tidings bench --compare' compares with: a goroutine and a channel for each subscriber, and a flush for each event. Ctrl-C ends it.

Examples:

    tidings bench-base --addr 127.0.0.1:8081`
}

// Run serves until ctx ends.
func (c *benchBaseCommand) Run(ctx context.Context, std *streams) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: load.NewBaseline(), Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	fmt.Fprintf(std.out, "%shttp://%s%s\n", basePrefix, listener.Addr(), protocol.DefaultPath)
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}
