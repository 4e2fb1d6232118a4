package client_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tidings-hub/tidings/client"
)

// cutting is a server that cuts each connection behind one event, and knows how to go on.
func cutting() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		switch r.Header.Get("Last-Event-ID") {
		case "":
			fmt.Fprint(w, "id: 1\ndata: one\n\nid: 2\ndata: tw")
		case "1":
			fmt.Fprint(w, "id: 2\ndata: two\n\n")
		default:
			w.WriteHeader(http.StatusNoContent) // there is no more
			return
		}
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
}

func Example() {
	server := cutting()
	defer server.Close()

	source, err := client.New(server.URL, client.Options{Backoff: 10 * time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range source.Events(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.ID, event.Data)
	}
	// Output:
	// 1 one
	// 2 two
}

// A program that shows whether its data is live.
func ExampleOptions_onState() {
	server := cutting()
	defer server.Close()

	source, err := client.New(server.URL, client.Options{
		Backoff: 10 * time.Millisecond,
		OnState: func(s client.State) {
			if s.Phase == client.Waiting {
				fmt.Printf("attempt %d: %v\n", s.Attempt, s.Err)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range source.Events(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Data)
	}
	// Output:
	// one
	// attempt 1: client: sse: reading the stream: unexpected EOF
	// two
	// attempt 2: client: sse: reading the stream: unexpected EOF
}

// A program that builds a state out of events fetches the state anew when some are lost.
func ExampleOptions_onGap() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: tidings.gap\ndata: {\"from\":\"#a.3\",\"to\":\"#b.9\",\"why\":\"lineage\"}\n\n")
		fmt.Fprint(w, "id: #b.10\ndata: change\n\n")
	}))
	defer server.Close()

	source, err := client.New(server.URL, client.Options{
		LastEventID: "#a.3", // kept from the last run
		Signals:     true,
		OnGap:       func(g client.Gap) { fmt.Println("fetch the state:", g.Why) },
	})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range source.Events(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("apply the", event.Data)
		break
	}
	fmt.Println("go on behind", source.LastEventID())
	// Output:
	// fetch the state: lineage
	// apply the change
	// go on behind #b.10
}

// A service that answers a question with a stream, and asks for a token that does not live long.
func ExampleOptions_prepare() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, "data: %s with %s\n\n", r.Method, r.Header.Get("Authorization"))
	}))
	defer server.Close()

	source, err := client.New(server.URL, client.Options{
		Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"question": "what is new?"}`),
		Prepare: func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer fresh")
			return nil
		},
		MaxFailures: 1, // one answer, no reconnecting
	})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range source.Events(context.Background()) {
		if err == client.ErrEnded {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Data)
	}
	// Output: POST with Bearer fresh
}
