package fanout

import (
	"encoding/json"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/sse"
)

// The types of the events that the hub itself sends to subscribers that asked for signals. No update can have a
// type that begins like them.
const (
	SignalHello = "tidings.hello"
	SignalGap   = "tidings.gap"
	SignalPing  = "tidings.ping"
	SignalBye   = "tidings.bye"

	SignalExpiring = "tidings.expiring"
)

// NewSignal encodes an event of the hub's own. With a non-empty id the subscriber that comes back with it goes
// on from there. data is marshalled as JSON.
func NewSignal(kind, id string, data any) (*Frame, error) {
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("fanout: signal %s: %w", kind, err)
	}
	buf, err := sse.AppendEvent(make([]byte, maxChunkHead, 256), &sse.Event{ID: id, Type: kind, Data: string(text)})
	if err != nil {
		return nil, fmt.Errorf("fanout: signal %s: %w", kind, err)
	}
	return newFrame(buf), nil
}

// GapData is the data of a tidings.gap signal: what lies behind From up to To may be lost to the subscriber.
type GapData struct {
	// From is the cursor that could not be honoured.
	From string `json:"from"`
	// To is the position up to which updates may be missing. Some before it may follow all the same, in a log
	// that keeps some updates longer than others.
	To string `json:"to"`
	// Why names the [eventlog.GapReason].
	Why string `json:"why"`
}

// NewGap returns the signal that says that updates are lost.
func NewGap(from string, to eventlog.Position, why eventlog.GapReason) (*Frame, error) {
	return NewSignal(SignalGap, "", GapData{From: from, To: to.String(), Why: why.String()})
}

// ExpiringData is the data of a tidings.expiring signal: the stream will end when the leave to receive expires.
type ExpiringData struct {
	// At is when, in seconds since 1970, rounded down.
	At int64 `json:"at"`
	// In is in how many milliseconds that is.
	In int64 `json:"in"`
}

// newPing returns the heartbeat that scripts can see. It moves the subscriber's cursor to at: a stream that is
// quiet for long resumes exactly all the same.
func newPing(at eventlog.Position) (*Frame, error) {
	return NewSignal(SignalPing, at.String(), struct{}{})
}

// NewComment returns a frame that clients skip: the heartbeat of streams without signals.
func NewComment() *Frame { return newFrame(sse.AppendComment(make([]byte, maxChunkHead), "")) }
