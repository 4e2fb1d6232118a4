package sse_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

func ExampleRead() {
	body := strings.NewReader(`id: 1
data: Sat 09:30 UTC

: the next one is for another clock
id: 2
event: est
data: Sat 04:30
data: Eastern Standard Time

`)
	for event, err := range sse.Read(body, sse.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %s %q\n", event.ID, event.Name(), event.Data)
	}
	// Output:
	// 1 message "Sat 09:30 UTC"
	// 2 est "Sat 04:30\nEastern Standard Time"
}

func ExampleAppendEvent() {
	frame, err := sse.AppendEvent(nil, &sse.Event{ID: "7", Type: "est", Data: "one\r\ntwo"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", frame)

	_, err = sse.AppendEvent(nil, &sse.Event{Type: "est\ndata: injected"})
	fmt.Println(err)
	// Output:
	// id: 7
	// event: est
	// data: one
	// data: two
	//
	// sse: type contains LF at byte 3
}

func ExampleAppendComment() {
	fmt.Printf("%s", sse.AppendComment(nil, "still here"))
	fmt.Printf("%s", sse.AppendComment(nil, ""))
	// Output:
	// : still here
	// :
}

func ExampleAppendRetry() {
	fmt.Printf("%q", sse.AppendRetry(nil, 2500*time.Millisecond))
	// Output: "retry: 2500\n\n"
}

// A client that reconnects keeps what the decoder knows when the stream ends.
func ExampleDecoder() {
	body := strings.NewReader("retry: 2000\nid: 8\ndata: eight\n\nid: 9\ndata: cut off")
	d := sse.NewDecoder(body, sse.Options{LastEventID: "7"})
	for {
		event, err := d.Decode()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Data)
	}
	retry, _ := d.Retry()
	fmt.Printf("in %v, with Last-Event-ID: %s\n", retry, d.LastEventID())
	// Output:
	// eight
	// in 2s, with Last-Event-ID: 8
}
