package ssetest

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// vectorsJSON is a copy of testdata/vectors.json, since a package embeds its own files only.
//
//go:generate cp ../testdata/vectors.json vectors.json
//go:embed vectors.json
var vectorsJSON []byte

// Vector is a stream, and what a client must make of it by WHATWG HTML §9.2.5 and §9.2.6.
type Vector struct {
	// Name says what the case is about. No two vectors have the same.
	Name string
	// Source is "tidings", or "WPT" and the name of the web platform test that pins the fact.
	Source string
	// Stream is what the server sends before the connection ends.
	Stream []byte
	// InitialLastEventID is the last event ID with which the connection begins.
	InitialLastEventID string
	// Events are dispatched, in order. ID is the last event ID at that moment; Type is "message" where the stream
	// names none; Retry and ClearID are not set.
	Events []sse.Event
	// Comments are the texts of all comment lines, less one leading space. They count only with HasComments.
	Comments    []string
	HasComments bool
	// LastEventID is the last event ID at the end: the one to reconnect with.
	LastEventID string
	// Retry is the reconnection time at the end, if RetrySet.
	Retry    time.Duration
	RetrySet bool
}

// Vectors returns all vectors. They are the caller's.
func Vectors() []Vector {
	var wire []struct {
		Name        string  `json:"name"`
		Source      string  `json:"source"`
		Input       *string `json:"input"`
		InputBase64 string  `json:"input_base64"`
		Initial     string  `json:"initial_last_event_id"`
		Events      []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
			Data string `json:"data"`
		} `json:"events"`
		Comments    *[]string `json:"comments"`
		LastEventID string    `json:"last_event_id"`
		Retry       *int64    `json:"retry"`
	}
	must(json.Unmarshal(vectorsJSON, &wire))
	vectors := make([]Vector, 0, len(wire))
	for _, w := range wire {
		v := Vector{
			Name: w.Name, Source: w.Source, InitialLastEventID: w.Initial, LastEventID: w.LastEventID,
			RetrySet: w.Retry != nil, HasComments: w.Comments != nil,
		}
		if w.Input != nil {
			v.Stream = []byte(*w.Input)
		} else {
			var err error
			v.Stream, err = base64.StdEncoding.DecodeString(w.InputBase64)
			must(err)
		}
		for _, e := range w.Events {
			v.Events = append(v.Events, sse.Event{ID: e.ID, Type: e.Type, Data: e.Data})
		}
		if v.HasComments {
			v.Comments = *w.Comments
		}
		if v.RetrySet {
			v.Retry = time.Duration(*w.Retry) * time.Millisecond
		}
		vectors = append(vectors, v)
	}
	return vectors
}

// must panics if the embedded file is damaged, which a test of this package excludes.
func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("ssetest: vectors.json: %v", err))
	}
}

// Check returns what is wrong with what a client made of v.Stream, or nil.
func (v *Vector) Check(got Recording) error {
	if got.Err != nil {
		return fmt.Errorf("ssetest: error %w", got.Err)
	}
	if len(got.Events) != len(v.Events) {
		return fmt.Errorf("ssetest: %d events, want %d: %+v", len(got.Events), len(v.Events), got.Events)
	}
	for i, want := range v.Events {
		e := got.Events[i]
		if event := (sse.Event{ID: e.ID, Type: e.Name(), Data: e.Data}); event != want {
			return fmt.Errorf("ssetest: event %d is %+v, want %+v", i, event, want)
		}
	}
	if v.HasComments && fmt.Sprintf("%q", got.Comments) != fmt.Sprintf("%q", v.Comments) {
		return fmt.Errorf("ssetest: comments %q, want %q", got.Comments, v.Comments)
	}
	if got.LastEventID != v.LastEventID {
		return fmt.Errorf("ssetest: last event ID %q, want %q", got.LastEventID, v.LastEventID)
	}
	if got.RetrySet != v.RetrySet || got.Retry != v.Retry {
		return fmt.Errorf("ssetest: retry %v (set: %t), want %v (%t)", got.Retry, got.RetrySet, v.Retry, v.RetrySet)
	}
	return nil
}
