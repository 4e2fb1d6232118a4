// Command clientservice lets an outside judge of Server-Sent Events clients drive the package client. It
// speaks the HTTP API of the sse-contract-tests harness, version 2: the judge asks it to open streams, and it
// tells the judge by callbacks what came of them.
//
//	go run ./conformance/clientservice -addr 127.0.0.1:8000
//	sse-contract-tests -url http://127.0.0.1:8000
//
// It does what anybody asks of it and belongs on a machine's own network only.
package main
