package hub_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

func ExampleNew() {
	h, err := hub.New(hub.Options{}) // keeps its updates in memory
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()

	receipt, err := h.Publish(context.Background(), eventlog.Update{
		Topics: []string{"https://example.com/books/1"},
		Type:   "price",
		Data:   `{"price": 12}`,
	}, topic.All())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("durable at offset", receipt.Position.Offset)
	fmt.Println("a page that is rendered now resumes from it:", receipt.ID == h.Head().String())
	// Output:
	// durable at offset 1
	// a page that is rendered now resumes from it: true
}

// A hub in a program of one's own: a handler is a subscription, a sink, and its Run. Package protocol has one that
// speaks the whole protocol.
func ExampleHub() {
	h, err := hub.New(hub.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sub, err := h.Subscribe(r.Context(), hub.Request{
			Matchers: topic.Matchers{topic.Exact("books/1")},
			Cursor:   eventlog.ParseCursor(r.Header.Get("Last-Event-ID")),
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		sink := fanout.NewResponseSink(h.Options().Fanout.Stall, fanout.FormEvent)
		if _, err := sub.Attach(sink); err == nil {
			_ = sink.Run(r.Context(), w) // Options.Fanout.Observer is told how it ended
		}
	}))
	defer server.Close()
	defer h.Close() // first of all: it ends the streams that the server would wait for

	ctx := context.Background()
	for _, title := range []string{"a new title", "a better title"} {
		if _, err := h.Publish(ctx, eventlog.Update{Topics: []string{"books/1"}, ID: title, Data: title}, topic.All()); err != nil {
			fmt.Println(err)
			return
		}
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	request.Header.Set("Last-Event-ID", "a new title")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() && lines.Text() != "" {
		fmt.Println(lines.Text())
	}
	// Output:
	// :
	// id: a better title
	// data: a better title
}

func ExampleHub_Subscribe() {
	h, err := hub.New(hub.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	for _, cursor := range []string{"", "earliest", "#otherhub12.3", "urn:uuid:unknown"} {
		sub, err := h.Subscribe(context.Background(), hub.Request{
			Matchers: topic.Matchers{topic.Any()},
			Cursor:   eventlog.ParseCursor(cursor),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%q: %v, %v\n", cursor, sub.Verdict.Kind, sub.Verdict.Why)
	}
	// Output:
	// "": fresh, none
	// "earliest": resumed, none
	// "#otherhub12.3": gap, lineage
	// "urn:uuid:unknown": gap, unknown-id
}
