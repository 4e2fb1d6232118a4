package ssetest_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// The copy that is embedded is what TypeScript reads too.
func TestVectorsAreTheFile(t *testing.T) {
	shared, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile("vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(shared, copied) {
		t.Error("testdata/vectors.json has changed: run go generate ./ssetest")
	}
	if n, want := len(ssetest.Vectors()), bytes.Count(shared, []byte(`"source":`)); n != want || n < 60 {
		t.Errorf("%d vectors, want %d", n, want)
	}
}

func TestVectorsHoldForOurDecoder(t *testing.T) {
	for _, v := range ssetest.Vectors() {
		t.Run(v.Name, func(t *testing.T) {
			r := iotest.OneByteReader(bytes.NewReader(v.Stream))
			if err := v.Check(ssetest.Record(r, sse.Options{LastEventID: v.InitialLastEventID})); err != nil {
				t.Error(err)
			}
		})
	}
}

// Check notices everything that a parser can get wrong.
func TestCheckNotices(t *testing.T) {
	v := ssetest.Vector{
		Events:      []sse.Event{{ID: "1", Type: "message", Data: "x"}, {ID: "2", Type: "t", Data: "y"}},
		HasComments: true, Comments: []string{"c"}, LastEventID: "2", RetrySet: true, Retry: time.Second,
	}
	good := func() ssetest.Recording {
		return ssetest.Recording{
			Events:   []sse.Event{{ID: "1", Data: "x"}, {ID: "2", Type: "t", Data: "y", Retry: time.Second}},
			Comments: []string{"c"}, LastEventID: "2", RetrySet: true, Retry: time.Second, Ended: true,
		}
	}
	if err := v.Check(good()); err != nil {
		t.Errorf("what is right: %v", err)
	}
	for name, change := range map[string]func(*ssetest.Recording){
		"error":   func(r *ssetest.Recording) { r.Err = errors.New("it broke") },
		"2 event": func(r *ssetest.Recording) { r.Events = append(r.Events, r.Events[0]) },
		"event 0": func(r *ssetest.Recording) { r.Events[0].Data = "z" },
		"comment": func(r *ssetest.Recording) { r.Comments = nil },
		"last ev": func(r *ssetest.Recording) { r.LastEventID = "" },
		"retry":   func(r *ssetest.Recording) { r.RetrySet = false },
	} {
		r := good()
		change(&r)
		if err := v.Check(r); err == nil || name != "2 event" && !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
