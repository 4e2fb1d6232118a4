package main

import (
	"os"
	"runtime"

	"github.com/tidings-hub/tidings/internal/config"
)

// settleProcessors lets Go run more goroutines at once than there are processors, where the loops that deliver write to
// sockets by themselves. Each such loop holds one of Go's processors while it writes, and in a broadcast all do so all
// the time. A publication would then wait for one of them to be stopped, ten milliseconds or more, at each of the
// goroutines that it goes through, and its readiness be seen as late. With some to spare the kernel decides, and it
// lets those run soon who run little. Whoever sets GOMAXPROCS is obeyed.
func settleProcessors(d *config.Delivery) {
	if !d.TakeOver() || os.Getenv("GOMAXPROCS") != "" {
		return
	}
	processors := runtime.GOMAXPROCS(0)
	if d.Shards == 0 {
		d.Shards = processors
	}
	runtime.GOMAXPROCS(processorsFor(processors, d.Shards))
}

// processorsFor returns how many processors Go is to see where shards loops deliver: one to spare for every two.
func processorsFor(processors, shards int) int { return processors + (shards+1)/2 }
