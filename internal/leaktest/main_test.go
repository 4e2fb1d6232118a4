package leaktest_test

import (
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
