package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerifiedBytes is how long a token may be that is remembered.
const maxVerifiedBytes = 4 << 10

// verifiedTokens remembers tokens that were accepted, because a publisher sends the same one with each update, and a
// signature costs more than everything else. What can change meanwhile is looked at each time: the time, the keys, and
// what was revoked.
type verifiedTokens struct {
	mu    sync.Mutex
	cache lru[*verified]
}

// verified is a token that was accepted by a key of a ring, when the ring's keys had a version.
type verified struct {
	token   *Token
	ring    *ring
	version uint64
}

// get returns the token if it was accepted before and would be again, revocation aside.
func (c *verifiedTokens) get(key [sha256.Size]byte, now time.Time) *Token {
	c.mu.Lock()
	v := c.cache.get(key)
	c.mu.Unlock()
	if v == nil {
		return nil
	}
	version, good := v.ring.version()
	if !good || version != v.version || !v.token.Expires.IsZero() && !now.Before(v.token.Expires) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cache.remove(key)
		return nil
	}
	return v.token
}

func (c *verifiedTokens) put(key [sha256.Size]byte, v *verified) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cache.put(key, v)
}

// version returns a number that is another one whenever a key of r may be, and whether all keys can be had at present.
func (r *ring) version() (version uint64, good bool) {
	for _, source := range r.sources {
		v, good := source.version()
		if !good {
			return 0, false
		}
		version += v // each only grows
	}
	return version, true
}
