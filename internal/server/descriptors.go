package server

import "fmt"

// Every connection takes a descriptor. So do the listener, the log's files, backups, and connections that are being
// refused: the reserve is for them. It is leastReserve, or a part of the limit if that is more, but never more than
// half of the limit, so that something is left where little is allowed.
const (
	leastReserve = 256
	reservePart  = 50 // 2 %
	// refusedPart of the reserve is for connections that are being refused; the log's files keep the rest.
	refusedPart = 4
)

// Ceiling says how many connections a server takes at once.
type Ceiling struct {
	// Connections is that number; 0 for no bound.
	Connections int
	// Descriptors is how many descriptors the process may have; 0 where the system does not say.
	Descriptors int
	// Reason is why the next connection is refused.
	Reason RefuseReason

	refused int // how many connections above it are refused by an answer at once
}

// String returns c as a line of the start-up log.
func (c Ceiling) String() string {
	switch {
	case c.Connections == 0:
		return "any number of connections"
	case c.Descriptors == 0:
		return fmt.Sprintf("at most %d connections", c.Connections)
	default:
		return fmt.Sprintf("at most %d connections (descriptor limit %d)", c.Connections, c.Descriptors)
	}
}

// newCeiling returns the ceiling under a limit of descriptors and one of connections; each may be 0 for none.
func newCeiling(descriptors, connections int) Ceiling {
	reserve := leastReserve
	if descriptors > 0 {
		reserve = min(max(leastReserve, descriptors/reservePart), descriptors/2)
	}
	c := Ceiling{
		Connections: max(0, descriptors-reserve), Descriptors: descriptors,
		Reason: RefusedDescriptors, refused: reserve / refusedPart,
	}
	if connections > 0 && (descriptors == 0 || connections < c.Connections) {
		c.Connections, c.Reason = connections, RefusedConnections
	}
	return c
}

// reservedAtMost is for how many descriptors there is room from the start, half a megabyte of the kernel's memory:
// limits of a million and of a milliard are usual too.
const reservedAtMost = 1 << 16

// tableSize returns for how many descriptors to make room under a limit of descriptors, which may be 0 for none.
func tableSize(limit int) int {
	if limit == 0 {
		return reservedAtMost
	}
	return min(limit, reservedAtMost)
}
