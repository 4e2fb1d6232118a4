package protocol

import (
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tidings-hub/tidings/hub"
)

// limitSubject is the limit of streams for one subject of tokens.
const limitSubject = "MaxPerSubject"

// subjectCounts counts the streams of each subject of tokens. Its methods may be called from any goroutine.
type subjectCounts struct {
	max     int                    // 0 for no bound; nothing is counted then
	refused func(hub.RefuseReason) // nil for nobody

	mu      sync.Mutex
	streams map[string]int
}

// take counts a stream of who has access, or refuses it. The stream's end calls release, from any goroutine; calls
// after the first do nothing.
func (c *subjectCounts) take(access *Access) (release func(), err error) {
	if c.max == 0 || access.Token == nil {
		return releaseNothing, nil
	}
	if !c.add(access.Scope) {
		if c.refused != nil {
			c.refused(hub.RefusedSubject)
		}
		return nil, &problem{
			Status: http.StatusTooManyRequests, Limit: limitSubject, Max: int64(c.max), retryAfter: retryFull(),
			Detail: "the token's subject has as many streams as one may have (limit MaxPerSubject)",
		}
	}
	var released atomic.Bool
	return func() {
		if !released.Swap(true) {
			c.remove(access.Scope)
		}
	}, nil
}

// add reports whether there is room for one more stream, and counts it.
func (c *subjectCounts) add(scope string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[scope] >= c.max {
		return false
	}
	if c.streams == nil {
		c.streams = map[string]int{}
	}
	c.streams[scope]++
	return true
}

// remove forgets a subject with its last stream.
func (c *subjectCounts) remove(scope string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[scope]--; c.streams[scope] == 0 {
		delete(c.streams, scope)
	}
}
