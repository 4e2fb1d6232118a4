package sse_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/sse"
)

const vectorsFile = "../testdata/vectors.json"

// vector is one case of testdata/vectors.json, whose README describes the fields.
type vector struct {
	Name               string        `json:"name"`
	Source             string        `json:"source"`
	Input              *string       `json:"input"`
	InputBase64        *string       `json:"input_base64"`
	InitialLastEventID string        `json:"initial_last_event_id"`
	Events             []vectorEvent `json:"events"`
	Comments           *[]string     `json:"comments"`
	LastEventID        *string       `json:"last_event_id"`
	Retry              *int64        `json:"retry"`

	stream []byte
}

type vectorEvent struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data string `json:"data"`
}

func readVectors(tb testing.TB) []vector {
	tb.Helper()
	f, err := os.Open(vectorsFile)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.DisallowUnknownFields()
	var vectors []vector
	if err := dec.Decode(&vectors); err != nil {
		tb.Fatalf("%s: %v", vectorsFile, err)
	}
	for i := range vectors {
		v := &vectors[i]
		if (v.Input == nil) == (v.InputBase64 == nil) {
			tb.Fatalf("%s: %q needs one of input and input_base64", vectorsFile, v.Name)
		}
		if v.LastEventID == nil || v.Events == nil {
			tb.Fatalf("%s: %q lacks last_event_id or events", vectorsFile, v.Name)
		}
		if v.Input != nil {
			v.stream = []byte(*v.Input)
			continue
		}
		if v.stream, err = base64.StdEncoding.DecodeString(*v.InputBase64); err != nil {
			tb.Fatalf("%s: %q: %v", vectorsFile, v.Name, err)
		}
	}
	return vectors
}

func (v *vector) check(t *testing.T, r io.Reader) {
	t.Helper()
	got := decodeAll(r, sse.Options{LastEventID: v.InitialLastEventID})
	if got.Err != "" {
		t.Errorf("error %q", got.Err)
	}
	events := []vectorEvent{}
	for _, e := range got.Events {
		events = append(events, vectorEvent{ID: e.ID, Type: e.Name(), Data: e.Data})
	}
	if diff := cmp.Diff(v.Events, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if v.Comments != nil {
		if diff := cmp.Diff(*v.Comments, append([]string{}, got.Comments...)); diff != "" {
			t.Errorf("comments (-want +got):\n%s", diff)
		}
	}
	if got.LastEventID != *v.LastEventID {
		t.Errorf("last event ID %q, want %q", got.LastEventID, *v.LastEventID)
	}
	switch {
	case got.RetrySet != (v.Retry != nil):
		t.Errorf("retry set: %t, want %t", got.RetrySet, v.Retry != nil)
	case v.Retry != nil && got.Retry != time.Duration(*v.Retry)*time.Millisecond:
		t.Errorf("retry %v, want %d ms", got.Retry, *v.Retry)
	}
}

func TestVectors(t *testing.T) {
	seed := rand.Uint64()
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			for name, wrap := range map[string]func(io.Reader) io.Reader{
				"whole":               func(r io.Reader) io.Reader { return r },
				"byte by byte":        iotest.OneByteReader,
				"half reads":          iotest.HalfReader,
				"whole with EOF":      iotest.DataErrReader,
				"byte by byte to EOF": func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
			} {
				t.Run(name, func(t *testing.T) { v.check(t, wrap(bytes.NewReader(v.stream))) })
			}
			t.Run("random splits", func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 0))
				for range 20 {
					chunks := chop(v.stream, 1+rng.IntN(10), rng)
					v.check(t, &chunkReader{chunks: chunks})
					if t.Failed() {
						t.Fatalf("seed %d, split %q", seed, chunks)
					}
				}
			})
		})
	}
}

// TestVectorsFile checks what a reader in another language relies on.
func TestVectorsFile(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) < 60 {
		t.Errorf("only %d vectors", len(vectors))
	}
	names := map[string]bool{}
	wpt := map[string]bool{}
	for _, v := range vectors {
		if names[v.Name] {
			t.Errorf("two vectors are named %q", v.Name)
		}
		names[v.Name] = true
		if name, ok := strings.CutPrefix(v.Source, "WPT "); ok {
			wpt[name] = true
		} else if v.Source != "tidings" {
			t.Errorf("%q has source %q", v.Name, v.Source)
		}
	}
	for _, name := range []string{
		"event-data", "format-bom", "format-bom-2", "format-comments",
		"format-data-before-final-empty-line", "format-field-data", "format-field-event",
		"format-field-event-empty", "format-field-id", "format-field-id-2", "format-field-id-3",
		"format-field-id-null", "format-field-parsing", "format-field-retry",
		"format-field-retry-bogus", "format-field-retry-empty", "format-field-unknown",
		"format-leading-space", "format-newlines", "format-null-character", "format-utf-8",
	} {
		if !wpt[name] {
			t.Errorf("no vector states what WPT %s does", name)
		}
	}
}
