package fanout

import (
	"net/http"
	"sync"
	"time"
)

// writeLimit lets a response's write fail that lasts too long. A deadline before each write would do so too, but over
// HTTP/2 each costs a message to the connection's goroutine and a timer of its own, which is a fifth of all the work.
type writeLimit struct {
	timer *time.Timer

	mu   sync.Mutex
	rc   *http.ResponseController // nil once the handler returns, whose response must not be touched any more
	late bool                     // a write has lasted too long
}

// open takes away whatever deadline the server has set. The error is of a response that is broken; one that knows no
// deadlines is none.
func (l *writeLimit) open(rc *http.ResponseController) error {
	l.rc = rc
	l.timer = time.AfterFunc(time.Hour, l.expire)
	l.timer.Stop()
	return ignoreUnsupported(rc.SetWriteDeadline(time.Time{}))
}

// arm lets the writes that follow fail if they are not done after d.
func (l *writeLimit) arm(d time.Duration) { l.timer.Reset(max(d, 0)) }

// disarm is for when nothing is being written.
func (l *writeLimit) disarm() { l.timer.Stop() }

// close ends the limit; what is still being done about a write is done when it returns.
func (l *writeLimit) close() {
	l.timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rc = nil
}

// expire is the timer's. If it comes when the write has just been done, the next one fails in its stead.
func (l *writeLimit) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rc != nil {
		l.late = true
		_ = l.rc.SetWriteDeadline(time.Unix(1, 0)) // long ago; where it cannot be had, the shard's own check is left
	}
}

// exceeded reports whether a write has lasted too long.
func (l *writeLimit) exceeded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.late
}
