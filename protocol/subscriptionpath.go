package protocol

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidings-hub/tidings/fanout"
)

// subscriptionsSegment is what the paths of subscriptions have behind the hub's.
const subscriptionsSegment = "/subscriptions"

// subscriptionsPath returns the path of some of a hub's subscriptions, or of one. Each segment is encoded as a whole,
// as RFC 6570 says of simple expansion.
func subscriptionsPath(hubPath string, segments ...string) string {
	var b strings.Builder
	b.WriteString(hubPath)
	b.WriteString(subscriptionsSegment)
	for _, s := range segments {
		b.WriteByte('/')
		writeSegment(&b, s)
	}
	return b.String()
}

const upperHex = "0123456789ABCDEF"

// writeSegment writes s with everything encoded but letters, digits and four other characters.
func writeSegment(b *strings.Builder, s string) {
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
}

// subscriptionsAt is what a request for subscriptions asks for.
type subscriptionsAt struct {
	hubPath  string   // as clients know it
	segments []string // behind subscriptionsSegment, decoded
}

// path returns the path of what is asked for, in its one right spelling: what a token must grant.
func (at *subscriptionsAt) path() string { return subscriptionsPath(at.hubPath, at.segments...) }

// findSubscriptions reports whether r is about subscriptions, and about which. A hub that is mounted at a path with the
// segment "subscriptions" in it cannot have subscriptions of its own.
func (h *handler) findSubscriptions(r *http.Request) (at subscriptionsAt, found bool) {
	if h.fixed != nil {
		return at, false
	}
	path := r.URL.EscapedPath()
	hubPath, rest, found := strings.Cut(path, subscriptionsSegment)
	if !found || hubPath == "" || rest != "" && rest[0] != '/' {
		return at, false
	}
	if !h.hub.Options().Subscriptions && hubPath != DefaultPath && hubPath != h.public.EscapedPath() {
		return at, false // the path of a hub that has no such thing
	}
	at.hubPath = hubPath
	if h.options.PublicURL != "" {
		at.hubPath = h.public.EscapedPath()
	}
	if rest == "" {
		return at, true
	}
	for segment := range strings.SplitSeq(rest[1:], "/") {
		decoded, err := url.PathUnescape(segment)
		if err != nil {
			decoded = "" // it names nothing
		}
		at.segments = append(at.segments, decoded)
	}
	return at, true
}

// parseSubscriber reads what [fanout.SubscriberID.String] writes, and nothing else.
func parseSubscriber(s string) (fanout.SubscriberID, bool) {
	var id fanout.SubscriberID
	digits := strings.ReplaceAll(s, "-", "")
	if len(s) != 36 || len(digits) != 2*len(id) {
		return id, false
	}
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return id, false
	}
	return id, id.String() == s
}
