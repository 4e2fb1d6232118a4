package ssetest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// example stands for the *testing.T that a test has.
type example struct {
	testing.TB
	cleanups []func()
}

func (e *example) Helper()           {}
func (e *example) Cleanup(f func())  { e.cleanups = append(e.cleanups, f) }
func (e *example) Fatal(args ...any) { log.Fatal(args...) }
func (e *example) finish() {
	for _, f := range slices.Backward(e.cleanups) {
		f()
	}
}

func (e *example) Fatalf(format string, args ...any) { log.Fatalf(format, args...) }

// A handler is tested without a network.
func ExampleServe() {
	t := new(example) // in a test, what the test is given
	defer t.finish()

	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		frame, _ := sse.AppendEvent(nil, &sse.Event{ID: "1", Data: "after " + r.Header.Get("Last-Event-ID")})
		w.Write(frame)
		w.(http.Flusher).Flush() // without it, Next would wait in vain
		<-r.Context().Done()
	})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Last-Event-ID", "0")

	stream := ssetest.Serve(t, handler, r)
	fmt.Println(stream.Next().Data)
	stream.Close()
	fmt.Println(stream.Recording().LastEventID)
	// Output:
	// after 0
	// 1
}

func ExampleOpen() {
	t := new(example)
	defer t.finish()

	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("event: greeting\ndata: hi\n\n")})
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range ssetest.Open(t, nil, r).Wait().Events {
		fmt.Println(event.Type, event.Data)
	}
	// Output: greeting hi
}

// The server cuts the stream in the middle of an event, is overloaded, and goes on. A client that comes back
// asks for what is behind the event that it has.
func ExampleServer() {
	t := new(example)
	defer t.finish()

	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Send("id: 1\ndata: one\n\nid: 2\ndata: tw"), ssetest.Cut()},
		ssetest.Script{ssetest.Answer(503, "Retry-After", "0")},
		ssetest.Script{ssetest.Send("id: 2\ndata: two\n\n")},
	)
	lastID := ""
	for range 3 {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, server.URL, nil)
		if err != nil {
			log.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", lastID)
		stream := ssetest.Open(t, nil, r)
		rec := stream.Wait()
		fmt.Printf("%d, %d event(s), %v\n", stream.Status, len(rec.Events), rec.Err)
		if rec.LastEventID != "" {
			lastID = rec.LastEventID
		}
	}
	fmt.Printf("asked behind %q at last\n", server.Wait(3).Header.Get("Last-Event-ID"))
	// Output:
	// 200, 1 event(s), sse: reading the stream: unexpected EOF
	// 503, 0 event(s), <nil>
	// 200, 1 event(s), <nil>
	// asked behind "1" at last
}

func ExampleRecord() {
	rec := ssetest.Record(strings.NewReader(": hello\nid: 7\ndata: one\n\ndata: cut off"), sse.Options{})
	fmt.Println(len(rec.Events), rec.Comments, rec.LastEventID)
	// Output: 1 [hello] 7
}

// A parser is judged by the vectors; here it is the one of this module.
func ExampleVectors() {
	for _, v := range ssetest.Vectors() {
		got := ssetest.Record(strings.NewReader(string(v.Stream)), sse.Options{LastEventID: v.InitialLastEventID})
		if err := v.Check(got); err != nil {
			fmt.Printf("%s: %v\n", v.Name, err)
		}
	}
	fmt.Println("done")
	// Output: done
}
