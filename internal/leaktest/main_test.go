package leaktest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestWait(t *testing.T) {
	before := runtime.NumGoroutine()
	leave := make(chan struct{})
	go func() { <-leave }()
	err := leaktest.Wait(before)
	if err == nil {
		t.Fatal("a goroutine more, and no error")
	}
	if !strings.Contains(err.Error(), "TestWait.func") {
		t.Errorf("the error does not show the goroutine's stack:\n%v", err)
	}
	close(leave)
	if err := leaktest.Wait(before); err != nil {
		t.Errorf("the goroutine has ended, but: %v", err)
	}
}

// failing is a test that may fail.
type failing struct {
	testing.TB
	text string
}

func (f *failing) Errorf(format string, args ...any) { f.text = fmt.Sprintf(format, args...) }

func TestRun(t *testing.T) {
	leave := make(chan struct{})
	fake := &failing{TB: t}
	elsewhere := make(chan struct{})
	go func() { <-elsewhere }() // another's is not looked at
	defer close(elsewhere)
	leaktest.Run(fake, func(started func() int) {
		if got := started(); got != 0 {
			t.Errorf("%d started, want 0", got)
		}
		for range 3 {
			go func() { <-leave }()
		}
		go func() {
			go func() { <-leave }()
			<-leave
		}()
		for started() != 5 { // the last one is started by another
			runtime.Gosched()
		}
	})
	if !strings.HasPrefix(fake.text, "leaktest: 5 goroutines are left:") || !strings.Contains(fake.text, "TestRun.func") {
		t.Errorf("five goroutines are left, and the test is told %q", fake.text)
	}
	close(leave)
	leaktest.Run(t, func(func() int) {})
}
