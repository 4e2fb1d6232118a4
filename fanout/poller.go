package fanout

import (
	"runtime"
	"time"
)

// poller is where a shard waits when it has nothing to do.
type poller struct {
	woken chan struct{}
	timer *time.Timer
}

func newPoller() *poller {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return &poller{woken: make(chan struct{}, 1), timer: timer}
}

// wake ends the present or the next wait. It never blocks; several calls count once.
func (p *poller) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// forget takes back the calls of wake since the last wait.
func (p *poller) forget() {
	select {
	case <-p.woken:
	default:
	}
}

// wait returns when wake was called since the last wait, or after d; a negative d is forever. It lets other goroutines
// run in any case: a loop that has much to do would keep its processor until it is stopped, ten milliseconds later.
func (p *poller) wait(d time.Duration) {
	if d < 0 {
		<-p.woken
		return
	}
	if d == 0 {
		runtime.Gosched()
		p.forget()
		return
	}
	p.timer.Reset(d)
	defer p.timer.Stop()
	select {
	case <-p.woken:
	case <-p.timer.C:
	}
}
