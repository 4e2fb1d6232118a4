package main

import (
	"context"
	"fmt"
	"io"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/sse"
)

// printer returns a function that prints events in one of the forms.
func printer(w io.Writer, form string) func(context.Context, sse.Event) error {
	write := writeText
	switch form {
	case config.OutputJSON:
		write = writeJSON
	case config.OutputRaw:
		write = writeRaw
	}
	return func(_ context.Context, event sse.Event) error {
		if err := write(w, event); err != nil {
			return fmt.Errorf("writing to standard output: %w", err)
		}
		return nil
	}
}

// writeRaw prints an event's data as it is, for programs that know what it looks like.
func writeRaw(w io.Writer, e sse.Event) error {
	_, err := io.WriteString(w, e.Data+"\n")
	return err
}
