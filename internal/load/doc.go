// Package load puts a hub under load and checks what it delivers: many subscribers, publishers that keep a rate or
// wait for everybody, and for every subscriber whether each update came, once and in order.
//
// Where it can (HTTP/1.1 in clear, on Linux) a few threads read all connections under epoll, each thread into one
// buffer that its connections share, so that the load is not the bottleneck of what it measures. TLS, HTTP/2 and
// gzip go through net/http with a goroutine for each subscriber, and so does everything on other systems.
//
// Every update says in its data when it was due and what its number is among those of its publisher and topic
// (payload.go). The clock is that of this process alone, so the publishers must be its own.
//
//	run.go        a run from the first connection to the result
//	plan.go       who subscribes to what, and who reads slowly or never
//	drive.go      when updates are published; publish.go: how
//	epoll_linux.go, stream.go   the two kinds of subscribers
//	response.go → chunked.go → scanner.go → shard.go → lane.go   the way of the bytes that a subscriber reads
//	baseline.go   the plain net/http hub that others are compared with
package load
