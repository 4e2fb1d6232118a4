// Package client reads Server-Sent Events from a server and comes back when a connection ends: what
// EventSource is to a page, exact to the same standard (WHATWG HTML §9.2), for Go programs.
//
//	source, err := client.New("https://hub.example/.well-known/mercure?topic=orders", client.Options{})
//	if err != nil {
//		return err
//	}
//	for event, err := range source.Events(ctx) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(event.Name(), event.Data)
//	}
//
// The loop goes on over as many connections as it takes. What may pass by itself is not its business: a
// connection that breaks, a server that restarts or is overloaded. An error is the end of the loop, and so is
// an answer of 204, with which a server says that there is no more to come. Leaving the loop, or the end of
// ctx, closes the connection at once, wherever it is: dialling, waiting to reconnect, or reading. [Options]
// has a hook for who wants to look on.
//
// Each connection resumes behind the last event that the loop was given, as far as the server can: it is told the
// last event ID. A server that knows what it no longer has can say so, see [Options.OnGap].
//
// The package starts no goroutine of its own.
package client
