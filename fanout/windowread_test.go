package fanout

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

var (
	filterAB = filterOf([]string{"a", "b"}, nil)
	filterAA = filterOf([]string{"a", "a"}, nil)
)

// TestWindowReadAgainstModel: whatever the window holds and a filter asks for, reading on and on gives what a look
// at every update gives, once and in order, within the bounds.
func TestWindowReadAgainstModel(t *testing.T) {
	names := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab", "c", "d"}), 1, 4)
	matcher := rapid.Custom(func(t *rapid.T) topic.Matcher {
		return topic.Exact(rapid.SampledFrom([]string{"a", "b", "ab", "c", "never", "*"}).Draw(t, "matcher"))
	})
	rapid.Check(t, func(t *rapid.T) {
		w := newWindow(rapid.IntRange(1, 10_000).Draw(t, "window"), 0, new(budget))
		var all []*Frame
		offset := uint64(0)
		for range rapid.IntRange(0, 8).Draw(t, "batches") {
			var records []*eventlog.Record
			for range rapid.IntRange(1, 6).Draw(t, "records") {
				offset += uint64(rapid.IntRange(1, 3).Draw(t, "step"))
				r := record(offset, "x", names.Draw(t, "topics")...)
				r.Private = rapid.Bool().Draw(t, "private")
				records = append(records, r)
			}
			b, err := NewBatch(records)
			if err != nil {
				t.Fatal(err)
			}
			w.append(b)
			all = append(all, b.Frames...)
		}
		filter := &eventlog.Filter{Matchers: rapid.SliceOfN(matcher, 0, 4).Draw(t, "matchers")}
		filter.Grant.Subscribe = rapid.SliceOfN(matcher, 0, 2).Draw(t, "grant")
		after := rapid.Uint64Range(0, offset).Draw(t, "after")
		to := rapid.Uint64Range(after, offset).Draw(t, "to")
		maxBytes := rapid.IntRange(1, 200).Draw(t, "bytes")
		maxScan := rapid.IntRange(1, 10).Draw(t, "scan")
		if _, _, _, ok := w.read(nil, after, to, filter, maxBytes, maxScan); ok != (after >= w.floor) {
			t.Fatalf("a window from %d on says %v behind %d", w.floor, ok, after)
		}
		if after < w.floor {
			return
		}

		var want, got []uint64
		for _, f := range all {
			if f.Offset() > after && f.Offset() <= to && filter.Match(&f.record.Update) {
				want = append(want, f.Offset())
			}
		}
		for at := after; at < to; {
			frames, next, _, ok := w.read(nil, at, to, filter, maxBytes, maxScan)
			if !ok || next <= at || next > to || len(frames) > maxScan {
				t.Fatalf("a read behind %d: %v, up to %d, %v", at, offsets(frames), next, ok)
			}
			size := 0
			for _, f := range frames {
				if size >= maxBytes {
					t.Fatalf("a read of more than %d bytes: %v", maxBytes, offsets(frames))
				}
				size += len(f.buf)
			}
			got = append(got, offsets(frames)...)
			at = next
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("offsets (-want +got):\n%s", diff)
		}

		held := map[string]int{}
		for _, f := range w.frames {
			seen := map[string]bool{}
			for _, name := range f.record.Topics {
				if !seen[name] {
					held[name]++
				}
				seen[name] = true
			}
		}
		if diff := cmp.Diff(held, w.index.Topics()); diff != "" {
			t.Errorf("frames of each topic in the index (-want +got):\n%s", diff)
		}
	})
}

// BenchmarkWindowRead reads what one subscriber of a topic has missed, by the index and by a look at every frame.
func BenchmarkWindowRead(b *testing.B) {
	const frames = 10_000
	for _, topics := range []int{1, 1000} {
		w := newWindow(1<<30, 0, new(budget))
		for offset := range uint64(frames) {
			name := fmt.Sprintf("https://example.com/items/%d", int(offset)%topics)
			batch, err := NewBatch([]*eventlog.Record{record(offset+1, "x", name)})
			if err != nil {
				b.Fatal(err)
			}
			w.append(batch)
		}
		if topics > 1 { // as many as a subscriber may ask for
			var names []string
			for i := range 100 {
				names = append(names, fmt.Sprintf("https://example.com/items/%d", i))
			}
			asked := filterOf(names, nil)
			b.Run(fmt.Sprintf("topics=%d/index-of-100", topics), func(b *testing.B) {
				var dst []*Frame
				b.ReportAllocs()
				for b.Loop() {
					dst, _, _, _ = w.read(dst[:0], 0, frames, asked, 1<<30, 1<<30)
				}
				b.ReportMetric(float64(len(dst)), "frames")
			})
		}
		filter := filterOf([]string{"https://example.com/items/0"}, nil)
		b.Run(fmt.Sprintf("topics=%d/index", topics), func(b *testing.B) {
			var dst []*Frame
			b.ReportAllocs()
			for b.Loop() {
				dst, _, _, _ = w.read(dst[:0], 0, frames, filter, 1<<30, 1<<30)
			}
			b.ReportMetric(float64(len(dst)), "frames")
		})
		b.Run(fmt.Sprintf("topics=%d/every", topics), func(b *testing.B) {
			var dst []*Frame
			b.ReportAllocs()
			for b.Loop() {
				r := windowRead{frames: dst[:0], to: frames, maxBytes: 1 << 30, maxScan: 1 << 30}
				for _, f := range w.frames {
					r.look(f, filter.Match)
				}
				dst = r.frames
			}
			b.ReportMetric(float64(len(dst)), "frames")
		})
	}
}

// BenchmarkWindowAppend is the committer's part: a batch of one update into a window that is full.
func BenchmarkWindowAppend(b *testing.B) {
	const batches = 50_000
	for _, topics := range []int{1, 1000, batches} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			var made []*Batch
			for offset := range uint64(batches) {
				batch, err := NewBatch([]*eventlog.Record{record(offset+1, "x", fmt.Sprintf("https://example.com/items/%d", int(offset)%topics))})
				if err != nil {
					b.Fatal(err)
				}
				made = append(made, batch)
			}
			w := newWindow(batches/2*made[0].size(), 0, new(budget))
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				w.append(made[i%batches])
				i++
			}
		})
	}
}
