package client

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// What the hub's own events are called begins so, and no other event's name does.
const (
	signalPrefix = "tidings."
	signalHello  = signalPrefix + "hello"
	signalGap    = signalPrefix + "gap"
	signalBye    = signalPrefix + "bye"

	// typeUpdate is what an update is called that comes in its envelope: no signal, though it begins so.
	typeUpdate = signalPrefix + "update"

	// verdictGap is what hello says before there is a gap.
	verdictGap = "gap"
)

// isSignal reports whether an event of this type is the hub's own.
func isSignal(kind string) bool { return strings.HasPrefix(kind, signalPrefix) && kind != typeUpdate }

// Hello is the beginning of a stream of a Tidings hub.
type Hello struct {
	// Subscriber names this connection to the hub.
	Subscriber string
	// Epoch is the present one of the hub's log.
	Epoch string
	// Position is the cursor that the stream goes on behind.
	Position string
	// Verdict says how the stream begins: "fresh" (now, there was no cursor), "resumed" (exactly behind the
	// cursor), "gap" (something may be lost, see Gap) or "compacted" (behind the cursor, less values that
	// newer ones have replaced).
	Verdict string
	// Heartbeat is the longest that the hub is silent.
	Heartbeat time.Duration
	// MaxMatchers and MaxMatcherBytes bound what a subscriber may ask for.
	MaxMatchers, MaxMatcherBytes int
}

// Gap says that events may be lost.
type Gap struct {
	// From is the cursor that could not be honoured.
	From string
	// To is the cursor up to which events may be missing, as far as the server says it.
	To string
	// Why is the hub's reason, such as "retention" or "lineage". It is empty without Signals.
	Why string
}

// Bye announces that the hub ends the stream.
type Bye struct {
	// Reason is the hub's, such as that it shuts down.
	Reason string
	// Retry is when the hub wants its subscribers back, 0 if it does not say. The source comes back between
	// once and twice that time, so that not all do at once.
	Retry time.Duration
}

// askForSignals adds signals=1 to a URL that does not say it, and leaves the rest of the query as it is.
func askForSignals(u *url.URL) {
	if u.Query().Has("signals") {
		return
	}
	if u.RawQuery != "" && !strings.HasSuffix(u.RawQuery, "&") {
		u.RawQuery += "&"
	}
	u.RawQuery += "signals=1"
}

// heed does what an event of the hub's own is for. One that is not known, or not understood, is for others.
func (c *connection) heed(event sse.Event) {
	o := c.options
	if o.OnSignal != nil {
		o.OnSignal(event)
	}
	switch event.Type {
	case signalHello:
		if hello, ok := parseHello(event.Data); ok {
			c.hello(hello)
		}
	case signalGap:
		c.gap = nil
		if o.OnGap != nil {
			o.OnGap(parseGap(event.Data))
		}
	case signalBye:
		c.part(parseBye(event.Data))
	}
}

// hello takes note of the hub's heartbeat, by which a silent stream is known to be dead, and of a gap, of which the
// hub says more in its next event.
func (c *connection) hello(h Hello) {
	c.gap = nil
	if h.Verdict == verdictGap {
		c.gap = &Gap{From: c.sent, To: h.Position}
	}
	if c.options.IdleTimeout == 0 {
		c.watch.idle = 3 * h.Heartbeat
	}
	if c.options.OnHello != nil {
		c.options.OnHello(h)
	}
}

// part takes note of when the hub wants to be asked again.
func (c *connection) part(b Bye) {
	c.bye, c.asked = true, b.spread()
	if c.options.OnBye != nil {
		c.options.OnBye(b)
	}
}

// lookForGap compares the cursor that was sent with the one that the answer is for.
func (c *connection) lookForGap(answer http.Header) {
	if c.sent == "" {
		return
	}
	for _, name := range []string{"Mercure-Last-Event-ID", headerCursor} {
		if got := answer.Get(name); got != "" {
			if got != c.sent {
				c.gap = &Gap{From: c.sent, To: got}
			}
			return
		}
	}
}

// tellGap tells of a gap that is known of, unless the hub has said itself what is lost.
func (c *connection) tellGap() {
	if c.gap != nil && c.options.OnGap != nil {
		c.options.OnGap(*c.gap)
	}
	c.gap = nil
}
