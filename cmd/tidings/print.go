package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

// writeText prints an event for people: id, type and data with tabs between, further lines of data below the first.
func writeText(w io.Writer, e sse.Event) error {
	lines := strings.Split(e.Data, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	_, err := fmt.Fprintf(w, "%s\t%s\t%s\n", printable(e.ID), printable(e.Name()), strings.Join(lines, "\n\t\t"))
	return err
}

// eventLine is an event as a line of JSON.
type eventLine struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Data  string `json:"data"`
	Retry *int64 `json:"retry,omitempty"` // milliseconds
}

// writeJSON prints an event as one line of JSON.
func writeJSON(w io.Writer, e sse.Event) error {
	line := eventLine{ID: e.ID, Type: e.Name(), Data: e.Data}
	if e.Retry != 0 {
		line.Retry = new(max(e.Retry, 0).Milliseconds())
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(line)
}
