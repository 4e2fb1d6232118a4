package bench_test

import (
	"slices"
	"sync"
	"testing"
	"time"
)

// spread gathers how long things took. It may be used by several goroutines.
type spread struct {
	mu    sync.Mutex
	times []time.Duration
}

func (s *spread) add(times ...time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, times...)
}

// at returns the time that the part q of all stays within, 0 if there are none.
func (s *spread) at(q float64) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.times) == 0 {
		return 0
	}
	slices.Sort(s.times)
	return s.times[min(int(q*float64(len(s.times))), len(s.times)-1)]
}

// report adds a quantile to the benchmark's figures, in milliseconds.
func (s *spread) report(b *testing.B, q float64, name string) {
	b.Helper()
	b.ReportMetric(float64(s.at(q).Microseconds())/1000, name+"-ms")
}
