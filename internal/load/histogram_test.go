package load

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBucketsFollowOneAnother(t *testing.T) {
	before := time.Duration(-1)
	for i := range histogramSize {
		to := upper(i)
		if to <= before || bucketOf(uint64(to)) != i || bucketOf(uint64(before+1)) != i {
			t.Fatalf("bucket %d ends at %d, which is counted in %d; the one before ends at %d", i, to, bucketOf(uint64(to)), before)
		}
		before = to
	}
	if before != math.MaxInt64 {
		t.Errorf("the last bucket ends at %d, want the longest duration", before)
	}
}

func TestQuantilesAreWithinABucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var exact []time.Duration
		h, parts := new(Histogram), [2]Histogram{}
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 200).Draw(t, "nanoseconds") {
			exact = append(exact, time.Duration(n))
			parts[i%2].Record(time.Duration(n))
		}
		h.Merge(&parts[0])
		h.Merge(&parts[1])
		slices.Sort(exact)
		if h.Count() != uint64(len(exact)) || h.Min() != exact[0] || h.Max() != exact[len(exact)-1] {
			t.Fatalf("%d from %v to %v", h.Count(), h.Min(), h.Max())
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 0.999, 1} {
			want := exact[max(1, int(math.Ceil(q*float64(len(exact)))))-1]
			if got := h.Quantile(q); got < want || got > want+want/subBuckets {
				t.Errorf("quantile %v is %d, exactly it is %d", q, got, want)
			}
		}
		var sum float64
		for _, d := range exact {
			sum += float64(d)
		}
		if want := sum / float64(len(exact)); math.Abs(float64(h.Mean())-want) > 1 {
			t.Errorf("mean %v, want %v", h.Mean(), want)
		}
		var steps uint64
		for _, s := range h.Steps() {
			steps += s.Count
		}
		if steps != h.Count() {
			t.Errorf("the steps hold %d of %d", steps, h.Count())
		}
	})
}

func TestEmptyHistogram(t *testing.T) {
	var h Histogram
	h.Merge(new(Histogram))
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Count() != 0 || h.Steps() != nil {
		t.Errorf("an empty histogram has median %v, mean %v, count %d, steps %v", h.Quantile(0.5), h.Mean(), h.Count(), h.Steps())
	}
	h.Record(-time.Second)
	if h.Max() != 0 || h.Count() != 1 {
		t.Errorf("a negative duration is counted as %v", h.Max())
	}
}
