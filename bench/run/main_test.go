package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

// TestMain runs the tests, or is the server that one of them has started.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == tlsBaseCommand {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := dispatch(ctx, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	leaktest.Main(m)
}
