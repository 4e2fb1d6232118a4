package fanout

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestPoller(t *testing.T) {
	tests := []struct {
		name string
		wait time.Duration
		wake time.Duration // when it is woken; negative: never
		want time.Duration // how long it waits
	}{
		{"for ever, woken", -1, time.Hour, time.Hour},
		{"woken in time", time.Minute, time.Second, time.Second},
		{"not woken", time.Minute, -1, time.Minute},
		{"woken too late", time.Minute, time.Hour, time.Minute},
		{"not at all", 0, -1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPoller()
				if tt.wake >= 0 {
					time.AfterFunc(tt.wake, p.wake)
				}
				start := time.Now()
				p.wait(tt.wait)
				if got := time.Since(start); got != tt.want {
					t.Errorf("waited for %v, want %v", got, tt.want)
				}
			})
		})
	}
}

func TestPollerRemembersAWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPoller()
		p.wake()
		p.wake()
		start := time.Now()
		p.wait(-1)
		p.wait(time.Minute)
		if got := time.Since(start); got != time.Minute {
			t.Errorf("two waits after two calls of wake took %v: they must count once", got)
		}
	})
}
