package fanout

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/sse"
)

// TypeUpdate is the type of an update in its envelope.
const TypeUpdate = "tidings.update"

// Envelope is the data of an update in its envelope. An event does not say which topics it is of: with it, one stream
// can carry what several readers asked for.
type Envelope struct {
	Offset uint64   `json:"offset"`
	Topics []string `json:"topics"`
	Type   string   `json:"type,omitempty"`
	Data   string   `json:"data"`
}

// newEnvelope encodes a record's update in its envelope.
func newEnvelope(r *eventlog.Record) (*Frame, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(Envelope{Offset: r.Position.Offset, Topics: r.Topics, Type: r.Type, Data: r.Data}); err != nil {
		return nil, fmt.Errorf("fanout: envelope of offset %d: %w", r.Position.Offset, err)
	}
	data := bytes.TrimSuffix(text.Bytes(), []byte{'\n'})
	e := sse.Event{ID: r.EventID(), Type: TypeUpdate, Data: string(data), Retry: r.Retry}
	buf, err := sse.AppendEvent(make([]byte, maxChunkHead, maxChunkHead+len(e.ID)+len(e.Data)+64), &e)
	if err != nil {
		return nil, fmt.Errorf("fanout: envelope of offset %d: %w", r.Position.Offset, err)
	}
	f := newFrame(buf)
	f.record = r
	return f, nil
}
