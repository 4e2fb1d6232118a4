// Package ssetest helps to test programs that speak Server-Sent Events.
//
//   - A [Stream] records what a server sends, event by event, from a handler ([Serve]) or over a network ([Open]).
//   - A [Server] does to a client what networks and servers do: it cuts, stalls, resets, refuses, as a [Script] says.
//   - [Vectors] are streams and what the standard makes of them, to judge a parser by.
//
// The functions that take a [testing.TB] fail the test when something does not happen within [Patience], and
// clean up at its end.
package ssetest
