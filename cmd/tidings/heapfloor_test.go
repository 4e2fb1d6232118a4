package main

import (
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// heapGoal returns at which size of the heap Go collects next.
func heapGoal() uint64 {
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	metrics.Read(goal)
	return goal[0].Value.Uint64()
}

func TestHeapFloor(t *testing.T) {
	for _, tt := range []struct {
		name, gogc string
		raised     uint64 // by at least; no heap is smaller than 4 MB
	}{
		{"by default", "", heapFloor},
		{"not if GOGC is set", "100", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("GOGC", tt.gogc)
			defer debug.SetGCPercent(debug.SetGCPercent(100)) // whatever this process was started with
			debug.FreeOSMemory()
			before := heapGoal()
			release := holdHeapFloor()
			debug.FreeOSMemory() // also collects
			after := heapGoal()
			release()
			if tt.raised == 0 && after > before+heapFloor || after < before+tt.raised {
				t.Errorf("the heap is collected at %d bytes, at %d without a floor", after, before)
			}
		})
	}
}
