package eventlog

import (
	"fmt"
	"runtime"
	"testing"
)

// TestManyTopicsAreCounted: the index of updates that have many topics of their own is a part of what a log may keep.
func TestManyTopicsAreCounted(t *testing.T) {
	const most = 4 << 20
	heap := func() uint64 {
		var now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&now)
		return now.HeapAlloc
	}
	before := heap()
	m, err := NewMemory(Retention{MaxBytes: most})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		e := Entry{Update: Update{Topics: make([]string, 100)}}
		for j := range e.Topics {
			e.Topics[j] = fmt.Sprintf("topic/%d/%d", i, j)
		}
		if _, err := m.Append(t.Context(), []Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if got := int64(heap()) - int64(before); got > 2*most || len(m.topics) == 0 {
		t.Errorf("a log of %d bytes takes %d", most, got)
	}
	runtime.KeepAlive(m)
}
