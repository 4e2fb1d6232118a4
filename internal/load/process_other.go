//go:build !linux

package load

import "errors"

// usageOf knows nothing of processes here.
func usageOf(int) usage { return usage{} }

func tcpMemory() int64 { return -1 }

// needFiles leaves the limit to Go's runtime, which raises it where there is one.
func needFiles(int) error { return nil }

// Pin keeps this process on some CPUs. It works on Linux only.
func Pin([]int) error { return errPin }

// PinChild starts a process on some CPUs. It works on Linux only.
func PinChild([]int, func() error) error { return errPin }

// CPUs returns the CPUs that this process may run on. It works on Linux only.
func CPUs() ([]int, error) { return nil, errPin }

var errPin = errors.New("load: processes can be pinned to CPUs on Linux only")
