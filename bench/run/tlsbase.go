package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	loadgen "github.com/tidings-hub/tidings/internal/load" // load is a type here
	"github.com/tidings-hub/tidings/protocol"
)

// tlsBaseCommand is the first argument of the process that is the base over TLS: this program itself, started once
// more. It is followed by the files of the certificate and its key.
const tlsBaseCommand = "serve-tls-base"

// serveTLSBase serves what tidings bench-base serves, over TLS, until ctx ends.
func serveTLSBase(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) != 2 {
		return fmt.Errorf("%s takes a certificate and its key", tlsBaseCommand)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: loadgen.NewBaseline()}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	fmt.Fprintf(stdout, "https://%s%s\n", listener.Addr(), protocol.DefaultPath)
	if err := server.ServeTLS(listener, args[0], args[1]); ctx.Err() == nil {
		return err
	}
	return nil
}
