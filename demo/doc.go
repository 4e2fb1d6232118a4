// Package demo is the three clocks: a small site that shows on one page what the hub and <event-source> do, and
// that any program can serve.
//
// Once a second, on the second, it publishes three events to a hub of its own, all to one topic: an unnamed one
// with the date and time in UTC, one of type "est" for New York and one of type "pdt" for Los Angeles. Every few
// seconds a further event, of type "ping", says only that an item has changed. The page fetches that item again;
// this is the other use of the technique, in which the stream carries no values.
//
//	GET  /            the page
//	GET  /clocks      the stream; ?page=<id> names the page that it belongs to
//	GET  /shared      the same stream, for all tabs of a browser together; ?browser=<id> names it
//	GET  /tab         a small page that shows the shared stream
//	POST /cut         ?page=<id>[&hold=<duration>] cuts the streams of a page, and refuses new ones for a while
//	GET  /items       all items, and the place in the stream from which on their changes are told
//	GET  /items/{id}  one item
//	GET  /stats       how many streams of /clocks are open; ?page=<id> adds how many of them are that page's,
//	                  ?browser=<id> how many of /shared are that browser's
//
// Nothing is kept on disk, and everything that the page needs is in the binary.
package demo
