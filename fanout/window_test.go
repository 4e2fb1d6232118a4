package fanout

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
)

func TestWindowRead(t *testing.T) {
	const all = 1 << 20
	w := newWindow(all, 10, new(budget))
	// The offsets are not dense, as in a log that several parts are merged from.
	for _, offset := range []uint64{11, 12, 15, 16, 20} {
		name := "a"
		if offset == 15 {
			name = "b"
		}
		b, err := NewBatch([]*eventlog.Record{record(offset, "x", name)})
		if err != nil {
			t.Fatal(err)
		}
		w.append(b)
	}
	size := len(w.frames[0].buf)
	tests := []struct {
		name              string
		after, to         uint64
		filter            *eventlog.Filter
		maxBytes, maxScan int
		want              []uint64
		scannedTo         uint64
		ok                bool
	}{
		{"everything", 10, 20, filterAny, all, all, []uint64{11, 12, 15, 16, 20}, 20, true},
		{"what the filter selects", 10, 20, filterA, all, all, []uint64{11, 12, 16, 20}, 20, true},
		{"nothing selected", 15, 20, filterB, all, all, nil, 20, true},
		{"behind an offset", 12, 20, filterAny, all, all, []uint64{15, 16, 20}, 20, true},
		{"behind a place where no update lies", 13, 20, filterAny, all, all, []uint64{15, 16, 20}, 20, true},
		{"up to an offset", 10, 15, filterAny, all, all, []uint64{11, 12, 15}, 15, true},
		{"nothing of the topic up to there", 12, 14, filterB, all, all, nil, 14, true},
		{"up to a place where no update lies", 10, 18, filterAny, all, all, []uint64{11, 12, 15, 16}, 18, true},
		{"not above the head", 16, 99, filterAny, all, all, []uint64{20}, 20, true},
		{"behind the head", 20, 99, filterAny, all, all, nil, 20, true},
		{"above the head", 25, 99, filterAny, all, all, nil, 25, true},
		{"below the floor", 9, 20, filterAny, all, all, nil, 9, false},
		{"few bytes", 10, 20, filterAny, 1, all, []uint64{11}, 11, true},
		{"exactly the bytes of one", 10, 20, filterAny, size, all, []uint64{11}, 11, true},
		{"a byte more", 10, 20, filterAny, size + 1, all, []uint64{11, 12}, 12, true},
		{"few looked at", 10, 20, filterAny, all, 2, []uint64{11, 12}, 12, true},
		{"few looked at, of one topic", 10, 20, filterA, all, 3, []uint64{11, 12, 16}, 16, true},
		{"few looked at, of two topics", 10, 20, filterAB, all, 3, []uint64{11, 12, 15}, 15, true},
		{"the same topic twice", 11, 20, filterAA, all, all, []uint64{12, 16, 20}, 20, true},
		{"a topic and all", 11, 15, filterOf([]string{"b", "*"}, nil), all, all, []uint64{12, 15}, 15, true},
		{"topics of which there are none", 10, 20, filterOf([]string{"c", "d"}, nil), all, 1, nil, 20, true},
		{"as many looked at as there are", 10, 20, filterAny, all, 5, []uint64{11, 12, 15, 16, 20}, 20, true},
		{"as many looked at as are asked for", 10, 18, filterAny, all, 4, []uint64{11, 12, 15, 16}, 18, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			frames, to, _, ok := w.read(nil, tt.after, tt.to, tt.filter, tt.maxBytes, tt.maxScan)
			if diff := cmp.Diff(tt.want, offsets(frames), equateEmpty); diff != "" {
				t.Errorf("offsets (-want +got):\n%s", diff)
			}
			if to != tt.scannedTo || ok != tt.ok {
				t.Errorf("looked up to %d, %v; want %d, %v", to, ok, tt.scannedTo, tt.ok)
			}
		})
	}
}

func TestWindowReadAppends(t *testing.T) {
	w := newWindow(1<<20, 0, new(budget))
	w.append(batchOf(t, 1, 2))
	first := batchOf(t, 100, 100).Frames
	frames, _, _, _ := w.read(first, 0, 2, filterA, 1<<20, 10)
	if diff := cmp.Diff([]uint64{100, 1, 2}, offsets(frames)); diff != "" {
		t.Errorf("offsets (-want +got):\n%s", diff)
	}
}

func TestWindowDropsTheOldest(t *testing.T) {
	each := batchOf(t, 1, 1).size() // offsets of one digit have frames of one size
	w := newWindow(3*each, 0, new(budget))
	for i, want := range []WindowState{
		{Floor: 0, Head: 1, Frames: 1},
		{Floor: 0, Head: 2, Frames: 2},
		{Floor: 0, Head: 3, Frames: 3},
		{Floor: 1, Head: 4, Frames: 3},
		{Floor: 2, Head: 5, Frames: 3},
	} {
		offset := uint64(i + 1)
		w.append(batchOf(t, offset, offset))
		want.Bytes, want.MaxBytes = want.Frames*each, 3*each
		if diff := cmp.Diff(want, w.state()); diff != "" {
			t.Errorf("after offset %d (-want +got):\n%s", offset, diff)
		}
	}
	if _, _, _, ok := w.read(nil, 1, 5, filterA, 1<<20, 10); ok {
		t.Error("a read behind 1 is said to be complete, though 2 was dropped")
	}
	if frames, to, _, ok := w.read(nil, 2, 5, filterA, 1<<20, 10); len(frames) != 3 || to != 5 || !ok {
		t.Errorf("read behind the floor = %v, %d, %v", offsets(frames), to, ok)
	}
}

// TestWindowLetsGo: the array behind the window outlives what was dropped, and must not hold it.
func TestWindowLetsGo(t *testing.T) {
	w := newWindow(3*batchOf(t, 1, 1).size(), 0, new(budget))
	w.frames = make([]*Frame, 0, 100)
	array := w.frames[:9]
	for offset := range uint64(9) {
		w.append(batchOf(t, offset+1, offset+1))
	}
	if diff := cmp.Diff([]uint64{7, 8, 9}, offsets(w.frames)); diff != "" {
		t.Fatalf("the window holds (-want +got):\n%s", diff)
	}
	for i, f := range array {
		if held := f != nil; held != (i >= 6) {
			t.Errorf("place %d of the array holds a frame: %v", i, held)
		}
	}
}

func TestWindowOfLessThanAFrame(t *testing.T) {
	w := newWindow(1, 5, new(budget))
	w.append(batchOf(t, 6, 8))
	want := WindowState{Floor: 8, Head: 8, MaxBytes: 1}
	if diff := cmp.Diff(want, w.state()); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if _, _, _, ok := w.read(nil, 7, 8, filterA, 1<<20, 10); ok {
		t.Error("a read of what was dropped is said to be complete")
	}
	if frames, to, _, ok := w.read(nil, 8, 8, filterA, 1<<20, 10); len(frames) > 0 || to != 8 || !ok {
		t.Errorf("read behind the head = %v, %d, %v", offsets(frames), to, ok)
	}
}
