package fanout

import (
	"runtime"
	"time"
)

// yieldEvery is after how many writes other goroutines have their turn. A write to a socket does not give the processor
// back to Go's scheduler, and with as many loops as processors a broadcast would hold up whoever publishes.
const yieldEvery = 64

// glanceEvery is how often they look at the network, if all processors are taken.
const glanceEvery = 500 * time.Microsecond

// breathe lets other goroutines run, and those for whom something has come from the network.
func (s *shard) breathe() {
	if now := s.clock(); now-s.glanced >= glanceEvery {
		s.glanced = now
		if s.crowded() {
			s.glance.take()
			return
		}
	}
	runtime.Gosched()
}

// crowded reports whether this loop and others write to sockets on all of Go's processors.
func (s *shard) crowded() bool {
	if int(s.fan.working.Load()) < runtime.GOMAXPROCS(0) || s.sockets.sockets() == 0 {
		return false
	}
	if s.glance == nil {
		s.glance, _ = newGlance() // without one the monitor has to do
	}
	return s.glance != nil
}
