package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/ssetest"
)

// Each vector over a socket, and then the request with which the client comes back.
func TestVectors(t *testing.T) {
	matrix(t, func(t *testing.T, m mode) {
		for _, v := range ssetest.Vectors() {
			for _, chunks := range []string{"whole", "byte by byte"} {
				t.Run(v.Name+"/"+chunks, func(t *testing.T) { checkVector(t, m, &v, chunks == "whole") })
			}
		}
	})
}

func checkVector(t *testing.T, m mode, v *ssetest.Vector, whole bool) {
	var cursors []string // one for each request; "" without a header
	url, httpClient := listen(t, m, func(w http.ResponseWriter, r *http.Request) {
		cursors = append(cursors, strings.Join(r.Header["Last-Event-Id"], ","))
		if len(cursors) > 1 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		if whole {
			_, _ = w.Write(v.Stream)
			return
		}
		for i := range v.Stream {
			_, _ = w.Write(v.Stream[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	})
	var got ssetest.Recording
	source := newSource(t, url, soon(client.Options{
		HTTPClient: httpClient, LastEventID: v.InitialLastEventID,
		OnComment: func(text string) { got.Comments = append(got.Comments, text) },
	}))
	got.Events, got.Err = all(t.Context(), source)
	got.LastEventID = source.LastEventID()
	got.Retry, got.RetrySet = source.Retry()
	if err := v.Check(got); err != nil {
		t.Error(err)
	}
	want := []string{v.InitialLastEventID, v.LastEventID}
	for i := range want {
		want[i] = strings.Trim(want[i], " \t")
	}
	if len(cursors) != 2 || cursors[0] != want[0] || cursors[1] != want[1] {
		t.Errorf("Last-Event-ID was %q, want %q", cursors, want)
	}
}
