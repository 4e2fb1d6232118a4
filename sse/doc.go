// Package sse reads and writes text/event-stream, the wire format of Server-Sent Events, exactly as
// the WHATWG HTML standard defines it (§9.2.5 the syntax, §9.2.6 its interpretation).
//
// [Read] turns any [io.Reader] into a sequence of events:
//
//	for event, err := range sse.Read(resp.Body, sse.Options{}) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Name(), event.Data)
//	}
//
// A [Decoder] does the same one event at a time and also knows what a client needs in order to come
// back: the last event ID and the reconnection time. It delivers an event as soon as its blank line
// has arrived, and the limits in its [Options] bound its memory, whatever the stream contains.
//
// [AppendEvent], [AppendComment] and [AppendRetry] write to a byte slice and do not allocate when the
// slice has room. What they write, the decoder reads back as it was, except that line ends in the
// data become LF, bytes that are not UTF-8 become U+FFFD, and times are whole milliseconds.
//
// The package does no I/O of its own, starts no goroutine and knows nothing of HTTP. Names that an
// application should not use for its events (such as open and error, which a browser's EventSource
// uses itself) are refused elsewhere: on the wire they are ordinary.
package sse
