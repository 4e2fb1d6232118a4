package server

// RefuseReason says why a connection was refused.
type RefuseReason uint8

// The reasons of a refusal.
const (
	// RefusedDescriptors: the process is about to run out of descriptors.
	RefusedDescriptors RefuseReason = iota
	// RefusedConnections: there are as many connections as [Options].MaxConnections allows.
	RefusedConnections
)

// RefuseReasons lists every reason of a refusal, for those who keep one counter for each.
func RefuseReasons() []RefuseReason { return []RefuseReason{RefusedDescriptors, RefusedConnections} }

// String returns the name of r as metrics, logs and answers have it.
func (r RefuseReason) String() string {
	switch r {
	case RefusedDescriptors:
		return "descriptors"
	case RefusedConnections:
		return "connections"
	}
	return "unknown"
}
