package fanout

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
)

// TestGlance: a goroutine that something has come for from the network runs soon, though another never waits.
func TestGlance(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	g, err := newGlance()
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))

	var heard atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.Close()
		for b := make([]byte, 1); ; heard.Add(1) {
			if _, err := r.Read(b); err != nil {
				return
			}
		}
	}()
	const messages = 50
	for i := range int32(messages) {
		for range 10 {
			runtime.Gosched() // it goes back to wait
		}
		if _, err := w.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			g.take()
			runtime.Gosched()
		}
		if got := heard.Load(); got != i+1 {
			t.Fatalf("%d messages were heard after three looks, want %d", got, i+1)
		}
	}
	w.Close()
	<-done
}

// TestGlanceWhenCrowded: a loop looks at the network if loops have all processors, and only then.
func TestGlanceWhenCrowded(t *testing.T) {
	for _, tt := range []struct {
		name             string
		working, sockets int
		want             bool
	}{
		{"all processors taken", 0, 1, true},
		{"one is free", -1, 1, false},
		{"no sockets", 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := stillShard(Options{})
			s.fan.working.Store(int32(runtime.GOMAXPROCS(0) - 1 + tt.working)) // the others
			s.sockets.count.Store(int64(tt.sockets))
			s.glanced = -glanceEvery
			for range 2 * yieldEvery {
				s.goLive(attachTo(s, filterA, 0, greedy()))
			}
			b := batchOf(t, 1, 1)
			s.fan.window.append(b)
			s.mailbox.put(b, b.size())
			s.turn()
			if got := s.glance != nil; got != tt.want {
				t.Errorf("it looked: %v, want %v", got, tt.want)
			}
			if s.glance != nil {
				s.glance.close()
			}
		})
	}
}
