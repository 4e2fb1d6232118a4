package eventlog_test

import (
	"context"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func ExampleNewMemory() {
	log, err := eventlog.NewMemory(eventlog.Retention{MaxRecords: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer log.Close()

	ctx := context.Background()
	appended, err := log.Append(ctx, []eventlog.Entry{
		{Update: eventlog.Update{Topics: []string{"books/1"}, Data: "a new title"}},
		{Update: eventlog.Update{Topics: []string{"books/2"}, Data: "sold out"}},
		{Update: eventlog.Update{Topics: []string{"books/1"}, Data: "a better title"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// A subscriber comes back with the id of the first event.
	cursor := eventlog.ParseCursor(appended[0].Record.EventID())
	filter := &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("books/1")}}
	verdict, err := log.Verdict(ctx, cursor, filter)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("verdict:", verdict.Kind)
	chunk, err := log.Read(ctx, eventlog.ReadRequest{After: verdict.After, To: log.Head(), Filter: filter})
	for _, r := range chunk.Records {
		fmt.Println(r.Position.Offset, r.Data)
	}
	fmt.Println("looked up to", chunk.ScannedTo, err)
	// Output:
	// verdict: resumed
	// 3 a better title
	// looked up to 3 <nil>
}

func ExampleParseCursor() {
	for _, text := range []string{"#hsvp2bqxk7.42", "urn:uuid:5e9f", "earliest", ""} {
		c := eventlog.ParseCursor(text)
		fmt.Println(c.Kind() == eventlog.CursorPosition, c.Position().Offset, c)
	}
	// Output:
	// true 42 #hsvp2bqxk7.42
	// false 0 urn:uuid:5e9f
	// false 0 earliest
	// false 0
}
