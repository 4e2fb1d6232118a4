package bench_test

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime returns what the process has used of the processors.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	self, err := syscall.GetCurrentProcess()
	if err != nil {
		b.Fatal(err)
	}
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(self, &created, &exited, &kernel, &user); err != nil {
		b.Fatal(err)
	}
	ticks := func(t syscall.Filetime) time.Duration {
		return time.Duration(int64(t.HighDateTime)<<32 | int64(t.LowDateTime))
	}
	return 100 * time.Nanosecond * (ticks(kernel) + ticks(user))
}
