package main

import (
	"os"
	"runtime"
)

// heapFloor is below which size the heap is not worth collecting, for a process that serves thousands. Go collects
// whenever the heap has doubled. That of a hub is some megabytes, and net/http leaves twelve kilobytes behind for each
// connection: while thousands connect, that would be a collection every ten milliseconds.
const heapFloor = 8 << 20

// holdHeapFloor has Go take the heap for larger than it is, by heapFloor, until release is called. What it holds is
// never touched, so it takes no memory; the garbage that can be there for it does. Whoever sets GOGC is obeyed.
func holdHeapFloor() (release func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	floor := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(floor) }
}
