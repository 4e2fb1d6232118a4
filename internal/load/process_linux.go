package load

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/internal/descriptors"
)

// usageOf reads what a process has used.
func usageOf(pid int) usage {
	dir := "/proc/self"
	if pid != selfPID {
		dir = "/proc/" + strconv.Itoa(pid)
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return usage{}
	}
	// The second field is a name in parentheses that can hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return usage{}
	}
	var ticks int64
	for _, field := range fields[11:13] { // user and system time
		n, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return usage{}
		}
		ticks += n
	}
	const tick = time.Second / 100 // USER_HZ, the same on every architecture of Linux that Go knows
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return usage{}
	}
	return usage{known: true, cpu: time.Duration(ticks) * tick, rss: kilobytes(string(status), "VmRSS:")}
}

// kilobytes returns the bytes of a line such as "VmRSS:   123 kB".
func kilobytes(text, name string) int64 {
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == name {
			n, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return 0
}

// tcpMemory returns what all TCP connections of the machine hold in buffers, in bytes; -1 if that is not
// known.
func tcpMemory() int64 {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if i := slices.Index(fields, "mem"); i > 0 && fields[0] == "TCP:" && i+1 < len(fields) {
			if pages, err := strconv.ParseInt(fields[i+1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	return -1
}

// spareFiles is what a process has open beside connections.
const spareFiles = 64

// needFiles sees to it that there may be n connections, or says which limit is in the way. With room in the kernel's
// table as well it is not the load that stands still while connecting; where there is none to be had, as where the
// last numbers are taken, the load goes on: a connection that finds no descriptor says so.
func needFiles(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return os.NewSyscallError("getrlimit", err)
	}
	need := uint64(n) + spareFiles
	if limit.Max < need {
		return &FilesError{Need: need, Limit: limit.Max}
	}
	if limit.Cur < need {
		limit.Cur = limit.Max
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return os.NewSyscallError("setrlimit", err)
		}
	}
	_ = descriptors.Reserve(int(need))
	return nil
}

// Pin keeps this process, and all processes that it starts from now on, on some CPUs.
func Pin(cpus []int) error {
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	// Twice, since a thread that is not there yet when the list is read may have been begun by one that was not
	// pinned yet.
	for range 2 {
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				continue
			}
			if err := unix.SchedSetaffinity(tid, set); err != nil && err != unix.ESRCH {
				return pinError(cpus, err)
			}
		}
	}
	runtime.GOMAXPROCS(len(cpus))
	return nil
}

// PinChild has start start a process that runs on some CPUs only, from its first instruction.
func PinChild(cpus []int, start func() error) error {
	set, err := cpuSet(cpus)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // a child inherits from the thread that starts it
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	if err := unix.SchedSetaffinity(0, set); err != nil {
		return pinError(cpus, err)
	}
	err = start()
	if back := unix.SchedSetaffinity(0, &before); err == nil && back != nil {
		err = os.NewSyscallError("sched_setaffinity", back)
	}
	return err
}

// CPUs returns the CPUs that this process may run on.
func CPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var cpus []int
	for cpu := 0; len(cpus) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

func cpuSet(cpus []int) (*unix.CPUSet, error) {
	set := new(unix.CPUSet)
	for _, cpu := range cpus {
		set.Set(cpu)
		if !set.IsSet(cpu) {
			return nil, pinError(cpus, unix.EINVAL)
		}
	}
	return set, nil
}

func pinError(cpus []int, err error) error {
	return fmt.Errorf("load: cannot run on CPUs %v: %w", cpus, err)
}
