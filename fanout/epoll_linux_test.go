package fanout

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestEpollWaitsInGo: who waits for an epoll set keeps no processor of Go's scheduler, and hears of all that happens.
func TestEpollWaitsInGo(t *testing.T) {
	e, err := newEpoll()
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	const pipes = 600 // more than fit into one call, so that the set is still ready after it
	var ends [pipes][2]int
	for i := range ends {
		if err := unix.Pipe2(ends[i][:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(ends[i][0])
		defer unix.Close(ends[i][1])
		if err := e.add(ends[i][0], unix.EPOLLIN|unix.EPOLLET, int32(i)); err != nil {
			t.Fatal(err)
		}
	}
	heard := make(chan int32)
	failed := make(chan error, 1)
	go func() { waitForEpoll(e, heard, failed) }()
	for range 3 {
		for !waitsInGo("fanout.waitForEpoll") {
			runtime.Gosched()
		}
		for i := range ends {
			if _, err := unix.Write(ends[i][1], []byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		seen := map[int32]bool{}
		for len(seen) < pipes {
			seen[<-heard] = true
		}
	}
	e.remove(ends[0][0])
	if err := e.modify(ends[0][0], unix.EPOLLIN, 0); err != unix.ENOENT {
		t.Errorf("changing one that was removed: %v", err)
	}
	e.close()
	if err := <-failed; err == nil {
		t.Error("waiting for one that is closed: no error")
	}
}

// waitForEpoll tells of each event, until waiting fails.
func waitForEpoll(e *epoll, heard chan<- int32, failed chan<- error) {
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := e.wait(events, time.Time{})
		if err != nil {
			failed <- err
			return
		}
		for _, event := range events[:n] {
			heard <- event.Fd
		}
	}
}

// waitsInGo reports whether a goroutine that is in function waits in Go's poller.
func waitsInGo(function string) bool {
	stacks := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, function+"(") {
			status, _, _ := strings.Cut(stack, "\n")
			return strings.Contains(status, "[IO wait")
		}
	}
	return false
}

func TestEpollDue(t *testing.T) {
	e, err := newEpoll()
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ends[0])
	defer unix.Close(ends[1])
	if err := e.add(ends[0], unix.EPOLLIN, 7); err != nil {
		t.Fatal(err)
	}
	events := make([]unix.EpollEvent, 8)
	for range 2 { // the second time the deadline is there already
		due := time.Now().Add(20 * time.Millisecond)
		for range 2 {
			if n, err := e.wait(events, due); n != 0 || err != nil {
				t.Fatalf("%d events, %v", n, err)
			}
			if now := time.Now(); now.Before(due) {
				t.Errorf("%v too early", due.Sub(now))
			}
		}
		if _, err := unix.Write(ends[1], []byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := e.wait(events, time.Time{}); n != 1 || events[0].Fd != 7 || err != nil {
			t.Errorf("%d events, %v, of %d", n, err, events[0].Fd)
		}
		var one [1]byte
		if _, err := unix.Read(ends[0], one[:]); err != nil {
			t.Fatal(err)
		}
	}
}
