package load

import "time"

// reading is what is measured of processes at one time.
type reading struct {
	at        time.Time
	server    usage // of the hub
	client    usage // of this process
	tcpMemory int64 // of the machine, in bytes; -1 if not known
}

// usage is what a process has used.
type usage struct {
	known bool
	cpu   time.Duration
	rss   int64 // in bytes
}

// meter reads at certain times of a run.
type meter struct {
	pid                               int
	empty, connected, loading, loaded reading
}

func newMeter(pid int) *meter { return &meter{pid: pid} }

// mark takes a reading.
func (m *meter) mark(r *reading) {
	*r = reading{at: time.Now(), client: usageOf(selfPID), tcpMemory: tcpMemory()}
	if m.pid != 0 {
		r.server = usageOf(m.pid)
	}
}

// selfPID stands for this process.
const selfPID = -1
