package fanout_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// A fan-out by itself: package hub does all this, and checks, limits and cursors too.
func ExampleNew() {
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()
	fan, err := fanout.New(log, log.Head(), fanout.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}

	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		sink := fanout.NewResponseSink(time.Minute, fanout.FormEvent)
		_, err := fan.Attach(fanout.Subscription{
			ID:     fanout.NewSubscriberID(),
			Filter: &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("books/1")}},
		}, sink)
		if err != nil {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
			return
		}
		_ = sink.Run(r.Context(), w) // the Observer is told how it ended
	}))
	defer server.Close()

	ctx := context.Background()
	defer fan.Shutdown(ctx) // first of all: it ends the streams that the server would wait for

	update := eventlog.Update{Topics: []string{"books/1"}, ID: "17", Data: "a new title"}
	appended, err := log.Append(ctx, []eventlog.Entry{{Update: update}})
	if err != nil {
		fmt.Println(err)
		return
	}
	batch, err := fanout.NewBatch([]*eventlog.Record{appended[0].Record})
	if err != nil {
		fmt.Println(err)
		return
	}
	fan.Publish(batch)

	response, err := http.Get(server.URL)
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
	// id: 17
	// data: a new title
}
