package load

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/internal/descriptors"
)

func TestUsage(t *testing.T) {
	before := usageOf(os.Getpid())
	for began := time.Now(); time.Since(began) < 50*time.Millisecond; {
		_ = newFiller(PayloadRandom, 1000) // work
	}
	after := usageOf(selfPID)
	if !before.known || !after.known || after.cpu <= before.cpu || after.rss < 1<<20 {
		t.Errorf("used %+v, then %+v", before, after)
	}
	if got := usageOf(1 << 30); got.known {
		t.Errorf("a process that is not there has used %+v", got)
	}
	if tcpMemory() < 0 {
		t.Error("negative memory")
	}
}

func TestFiles(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := unix.Rlimit{Cur: spareFiles, Max: limit.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}()
	if err := needFiles(1); err != nil {
		t.Fatal(err)
	}
	var raised unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &raised); err != nil || raised.Cur <= spareFiles {
		t.Errorf("the limit is %d, %v; want it raised", raised.Cur, err)
	}
	const many = 1 << 50
	err := needFiles(many)
	files, ok := errors.AsType[*FilesError](err)
	if !ok || files.Need != many+spareFiles || files.Limit != limit.Max || !strings.Contains(err.Error(), strconv.FormatUint(limit.Max, 10)) {
		t.Errorf("error %v, want one that names the limit %d", err, limit.Max)
	}
}

// What cannot be reserved may be had all the same: the numbers from the last one on are taken, the others are free.
func TestFilesWithoutReserve(t *testing.T) {
	const most = 4 * spareFiles
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: most, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Error(err)
		}
	}()
	last, err := unix.FcntlInt(os.Stdin.Fd(), unix.F_DUPFD_CLOEXEC, most-1)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(last)
	if err := descriptors.Reserve(most); !errors.Is(err, unix.EMFILE) {
		t.Fatalf("reserving: %v, want %v", err, unix.EMFILE)
	}
	if err := needFiles(most - spareFiles); err != nil {
		t.Errorf("error %v, want none", err)
	}
}

func TestPinChild(t *testing.T) {
	before, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	last := before[len(before)-1]
	var out strings.Builder
	child := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	child.Stdout = &out
	if err := PinChild([]int{last}, child.Start); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, got, _ := strings.Cut(strings.TrimSpace(out.String()), "\t"); got != strconv.Itoa(last) {
		t.Errorf("the child may run on %q, want %d", got, last)
	}
	if after, err := CPUs(); err != nil || len(after) != len(before) {
		t.Errorf("this process may run on %v, %v; before it was %v", after, err, before)
	}
	for _, cpus := range [][]int{{1000}, {1 << 20}} {
		started := false
		if err := PinChild(cpus, func() error { started = true; return nil }); err == nil || started {
			t.Errorf("pinned to %v: error %v, started %v", cpus, err, started)
		}
		if err := Pin(cpus); err == nil {
			t.Errorf("pinned to %v", cpus)
		}
	}
}
