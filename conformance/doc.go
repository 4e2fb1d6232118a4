// Package conformance holds tests in which parts of this module that know nothing of each other work together:
// the client with the hub, the TypeScript parser with the Go decoder. What an outside judge is pointed at is in
// the folders below.
package conformance
