package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// machine is what figures depend on beside the code.
type machine struct {
	Processor   string `json:"processor"`
	CPUs        int    `json:"cpus"`
	MemoryGiB   int    `json:"memory_gib"`
	System      string `json:"system"`
	Go          string `json:"go"`
	Revision    string `json:"revision"`
	Descriptors uint64 `json:"descriptors"`
	Placement   string `json:"placement"`
}

// inspect describes this machine and the tree in folder.
func inspect(ctx context.Context, folder string, cpus placement) machine {
	m := machine{
		Processor: valueOf(fileText("/proc/cpuinfo"), "model name"),
		CPUs:      runtime.NumCPU(),
		System:    strings.TrimSpace(runtime.GOOS + " " + strings.TrimSpace(fileText("/proc/sys/kernel/osrelease"))),
		Go:        firstLine(outputOf(ctx, folder, "go", "env", "GOVERSION")),
		Revision:  revision(ctx, folder),
		Placement: cpus.String(),

		Descriptors: descriptorLimit(),
	}
	if kib, _, found := strings.Cut(valueOf(fileText("/proc/meminfo"), "MemTotal"), " "); found {
		if n, err := strconv.Atoi(kib); err == nil {
			m.MemoryGiB = (n + 1<<19) >> 20
		}
	}
	return m
}

// revision returns the commit of the tree, and says if the tree is not exactly that.
func revision(ctx context.Context, folder string) string {
	commit := firstLine(outputOf(ctx, folder, "git", "rev-parse", "--short=12", "HEAD"))
	if commit == "" {
		return "unknown"
	}
	if outputOf(ctx, folder, "git", "status", "--porcelain", "--untracked-files=no") != "" {
		commit += ", changed"
	}
	return commit
}

// load1 is how many processes wanted to run in the last minute, as the system says; empty if it does not.
func load1() string {
	load, _, _ := strings.Cut(fileText("/proc/loadavg"), " ")
	return load
}

// valueOf returns what follows "key:" in the first such line.
func valueOf(text, key string) string {
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// loopbackBytes returns how much has gone over the loopback device, of everybody, with all headers.
func loopbackBytes(devices string) (float64, bool) {
	received, _, _ := strings.Cut(valueOf(devices, "lo"), " ")
	n, err := strconv.ParseFloat(received, 64)
	return n, err == nil
}

func fileText(name string) string {
	text, _ := os.ReadFile(name) // other systems have no such files, and nothing is said of them then
	return string(text)
}

func outputOf(ctx context.Context, folder, name string, args ...string) string {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = folder
	text, _ := command.Output() // what cannot be asked is not said
	return string(text)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// placement is which CPUs server and load get; none if nothing is pinned.
type placement struct {
	server, client []string
	why            string // nothing is pinned
}

// place chooses two CPUs for the server and two for the load, of those in a list as "0-3,8".
func place(list string, canPin bool) placement {
	cpus := cpuList(list)
	switch {
	case !canPin:
		return placement{why: "there is no taskset"}
	case len(cpus) < 4:
		return placement{why: fmt.Sprintf("%d CPUs may be used, 4 are needed", len(cpus))}
	}
	return placement{server: cpus[:2], client: cpus[2:4]}
}

// placeHere chooses of the CPUs that this process may use.
func placeHere() placement {
	_, err := exec.LookPath("taskset")
	return place(valueOf(fileText("/proc/self/status"), "Cpus_allowed_list"), err == nil)
}

// cpuList returns the numbers of a list as "0-3,8".
func cpuList(list string) []string {
	var cpus []string
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil {
			continue
		}
		for n := first; n <= last; n++ {
			cpus = append(cpus, strconv.Itoa(n))
		}
	}
	return cpus
}

// onServer returns what is put before a server's command, onClient before that of the load.
func (p placement) onServer() []string { return pinned(p.server) }
func (p placement) onClient() []string { return pinned(p.client) }

func pinned(cpus []string) []string {
	if len(cpus) == 0 {
		return nil
	}
	return []string{"taskset", "--cpu-list", strings.Join(cpus, ",")}
}

// serverCount is how many CPUs the server has.
func (p placement) serverCount() int {
	if len(p.server) == 0 {
		return runtime.NumCPU()
	}
	return len(p.server)
}

func (p placement) String() string {
	if len(p.server) == 0 {
		return "not pinned: " + p.why
	}
	return fmt.Sprintf("server on CPUs %s, load on %s", strings.Join(p.server, " and "), strings.Join(p.client, " and "))
}
