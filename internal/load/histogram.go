package load

import (
	"math"
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that are at most 1/64 wide of what they hold, from a nanosecond to years.
// The zero value is empty.
type Histogram struct {
	buckets  [histogramSize]uint64
	n        uint64
	sum      float64
	min, max time.Duration // of n > 0
}

const (
	subBuckets    = 64 // for each power of two
	histogramSize = (64-7)*subBuckets + subBuckets
)

// bucketOf returns the index of the bucket that v is counted in.
func bucketOf(v uint64) int {
	shift := max(0, bits.Len64(v)-7)
	return shift*subBuckets + int(v>>shift)
}

// upper returns the greatest value of bucket i.
func upper(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i)
	}
	shift := i/subBuckets - 1
	return time.Duration((uint64(i-shift*subBuckets)+1)<<shift - 1)
}

// Record counts d; what is negative counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(0, d)
	h.buckets[bucketOf(uint64(d))]++
	if h.n == 0 || d < h.min {
		h.min = d
	}
	h.max = max(h.max, d)
	h.n++
	h.sum += float64(d)
}

// Merge adds what other counted.
func (h *Histogram) Merge(other *Histogram) {
	if other.n == 0 {
		return
	}
	if h.n == 0 || other.min < h.min {
		h.min = other.min
	}
	h.max = max(h.max, other.max)
	h.n += other.n
	h.sum += other.sum
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
}

// Count returns how many durations were counted.
func (h *Histogram) Count() uint64 { return h.n }

// Min returns the shortest duration, exactly.
func (h *Histogram) Min() time.Duration { return h.min }

// Max returns the longest duration, exactly.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean returns the mean of all durations, 0 if there are none.
func (h *Histogram) Mean() time.Duration {
	if h.n == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.n))
}

// Quantile returns a duration that the share q (0 to 1) of all does not exceed: at most 1/64 above the shortest such
// one. It is 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(1, uint64(math.Ceil(q*float64(h.n))))
	var below uint64
	for i, n := range h.buckets {
		below += n
		if below >= rank {
			return min(upper(i), h.max)
		}
	}
	return h.max
}

// Steps returns the histogram in steps of a quarter of a power of two, the empty ones left out.
func (h *Histogram) Steps() []Step {
	const together = subBuckets / 4
	var steps []Step
	for i := 0; i < len(h.buckets); i += together {
		var count uint64
		for _, n := range h.buckets[i : i+together] {
			count += n
		}
		if count > 0 {
			steps = append(steps, Step{To: upper(i + together - 1), Count: count})
		}
	}
	return steps
}

// Step is how many durations are at most To, and above that of the step before.
type Step struct {
	To    time.Duration
	Count uint64
}
