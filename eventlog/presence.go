package eventlog

import (
	"slices"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// PresenceRetention is what a log keeps of presence updates, whatever else it keeps: 5 minutes, and no more than
// 64 MiB. So a storm of subscribers that come and go drops nobody's updates.
func PresenceRetention() Retention {
	return Retention{MaxAge: 5 * time.Minute, MaxBytes: 64 << 20}
}

// PresenceReach is what a log knows of all presence updates that it has ever held: enough to tell for most subscribers
// that none of them was ever theirs, so that they need not be told when these are dropped. The zero PresenceReach is of
// a log that never had one.
type PresenceReach struct {
	// Under is what all topics of presence updates begin with.
	Under string `json:"under,omitempty"`
	// Any says that there was one, so that Under means something.
	Any bool `json:"any,omitempty"`
	// Public says that not all of them were private.
	Public bool `json:"public,omitempty"`
	// Dots says that a topic had a dot segment: where it lies as a URL is not told by how it begins.
	Dots bool `json:"dots,omitempty"`
}

// Add notes a presence update, and reports whether that has changed p.
func (p *PresenceReach) Add(u *Update) bool {
	before := *p
	for _, t := range u.Topics {
		if p.Any {
			p.Under = common(p.Under, t)
		} else {
			p.Any, p.Under = true, t
		}
		p.Dots = p.Dots || dotted(t)
	}
	p.Public = p.Public || !u.Private
	return *p != before
}

// common returns what two topics have in common of the paths that they begin with, up to a slash.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	if n == len(a) && strings.HasSuffix(a, "/") || n == len(a) && n == len(b) {
		return a
	}
	return a[:strings.LastIndexByte(a[:n], '/')+1]
}

// dotted reports whether a topic has a segment that a URL would lose. URLs may have backslashes for slashes.
func dotted(t string) bool {
	for segment := range strings.FieldsFuncSeq(t, func(r rune) bool { return strings.ContainsRune(`/\?#`, r) }) {
		switch strings.ReplaceAll(strings.ToLower(segment), "%2e", ".") {
		case ".", "..":
			return true
		}
	}
	return false
}

// Reached reports whether a presence update may be one that f selects.
func (p *PresenceReach) Reached(f *Filter) bool {
	return p.Any && p.mayMatch(f.Matchers) && (p.Public || p.mayMatch(f.Grant.Subscribe))
}

func (p *PresenceReach) mayMatch(ms topic.Matchers) bool {
	return slices.ContainsFunc(ms, func(m topic.Matcher) bool {
		return p.Dots && m.Kind() == topic.KindPattern || m.MayMatchUnder(p.Under)
	})
}
