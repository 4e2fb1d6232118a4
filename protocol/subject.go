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
	subject := subjectOf(access)
	if !c.add(subject) {
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
			c.remove(subject)
		}
	}, nil
}

// subjectOf returns what streams are counted by: the subject of the token, as its issuer names it. A token without one is
// counted by itself. That others have none either, as with protocol 0.x most have, does not make them one subject; nor
// do those of one application, whose client_id is that of all its users.
func subjectOf(access *Access) string {
	t := access.Token
	switch {
	case t.Subject != "":
		return "subject:" + t.Issuer + "\x00" + t.Subject
	case t.Hash != [len(t.Hash)]byte{}:
		return "token:" + string(t.Hash[:])
	}
	return "scope:" + access.Scope // an Authorizer of somebody's own
}

// add reports whether there is room for one more stream, and counts it.
func (c *subjectCounts) add(subject string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[subject] >= c.max {
		return false
	}
	if c.streams == nil {
		c.streams = map[string]int{}
	}
	c.streams[subject]++
	return true
}

// remove forgets a subject with its last stream.
func (c *subjectCounts) remove(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.streams[subject]--; c.streams[subject] == 0 {
		delete(c.streams, subject)
	}
}
