package ssetest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/ssetest"
)

// send writes to a stream and flushes.
func send(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

func TestStreamRecordsAsItComes(t *testing.T) {
	gone := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		w.Header().Set("Content-Type", "text/event-stream")
		send(w, ": hello\nretry: 5\nid: 1\ndata: one\n\n")
		_, _ = io.WriteString(w, "data: not flushed\n\n")
		<-r.Context().Done()
	})
	for name, open := range streams(t, handler) {
		t.Run(name, func(t *testing.T) {
			gone = make(chan struct{})
			s := open(t)
			if got := s.NextComment(1); got != "hello" {
				t.Errorf("comment %q", got)
			}
			if got := s.Next(); got.Data != "one" || got.ID != "1" {
				t.Errorf("event %+v", got)
			}
			rec := s.Recording()
			if rec.Ended || len(rec.Events) != 1 || rec.LastEventID != "1" || rec.Retry.Milliseconds() != 5 {
				t.Errorf("recorded %+v", rec)
			}
			if s.Status != 200 || s.Header.Get("Content-Type") != "text/event-stream" {
				t.Errorf("answered %d with %v", s.Status, s.Header)
			}
			s.Close()
			<-gone
			if rec := s.Recording(); !rec.Ended || len(rec.Events) != 1 {
				t.Errorf("recorded in the end %+v", rec)
			}
		})
	}
}

func TestStreamEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		abort bool
	}{{"in good order", false}, {"cut", true}} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			send(w, "data: one\n\n")
			if tt.abort {
				panic(http.ErrAbortHandler)
			}
			_, _ = io.WriteString(w, "data: two\n\n")
		})
		for name, open := range streams(t, handler) {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				rec := open(t).Wait()
				if want := map[bool]int{false: 2, true: 1}[tt.abort]; len(rec.Events) != want {
					t.Errorf("%d events, want %d", len(rec.Events), want)
				}
				if !rec.Ended || (rec.Err != nil) != tt.abort {
					t.Errorf("ended: %t, with %v", rec.Ended, rec.Err)
				}
			})
		}
	}
}

func TestServeTellsOfAPanic(t *testing.T) {
	s := ssetest.Serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("no idea")
	}), httptest.NewRequest(http.MethodGet, "/", nil))
	if rec := s.Wait(); s.Status != 500 || rec.Err == nil || !strings.Contains(rec.Err.Error(), "no idea") {
		t.Errorf("status %d, %v", s.Status, rec.Err)
	}
}

// failing is a test that notes its failure and goes on to its end.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Helper() {}

func (f *failing) Fatal(args ...any) { f.fail(fmt.Sprint(args...)) }

func (f *failing) Fatalf(format string, args ...any) { f.fail(fmt.Sprintf(format, args...)) }

func (f *failing) fail(text string) {
	f.text = text
	panic(f)
}

// failure runs f and returns how the test failed in it.
func (f *failing) failure(run func()) string {
	defer func() {
		if p := recover(); p != nil && p != any(f) {
			panic(p)
		}
	}()
	run()
	return f.text
}

func TestNextFailsAtTheEnd(t *testing.T) {
	f := &failing{TB: t}
	s := ssetest.Serve(f, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		send(w, "data: one\n\n")
	}), httptest.NewRequest(http.MethodGet, "/", nil))
	s.Next()
	f.failure(func() { s.Next() })
	if !strings.Contains(f.text, "the stream has ended") {
		t.Errorf("failed with %q", f.text)
	}
}

func TestOpenFailsWithoutAnAnswer(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Reset()})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{TB: t}
	f.failure(func() { ssetest.Open(f, nil, r) })
	if !strings.Contains(f.text, "no answer") {
		t.Errorf("failed with %q", f.text)
	}
}

// streams returns how to open a stream of handler, in memory and over a network.
func streams(t *testing.T, handler http.Handler) map[string]func(*testing.T) *ssetest.Stream {
	ts := httptest.NewServer(handler)
	t.Cleanup(ts.Close)
	return map[string]func(*testing.T) *ssetest.Stream{
		"in memory": func(t *testing.T) *ssetest.Stream {
			return ssetest.Serve(t, handler, httptest.NewRequest(http.MethodGet, "/", nil))
		},
		"over a network": func(t *testing.T) *ssetest.Stream {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ts.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			return ssetest.Open(t, ts.Client(), r)
		},
	}
}
