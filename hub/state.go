package hub

import (
	"context"
	"errors"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// State is what a hub looks like at one moment, for people who look into it.
type State struct {
	Log    LogState     `json:"log"`
	Fanout fanout.State `json:"fanout"`
}

// LogState describes the log: it is complete for Floor <= offset <= Head.
type LogState struct {
	Head    uint64          `json:"head"`
	Floor   uint64          `json:"floor"`
	Lineage []eventlog.Term `json:"lineage"`
}

// State looks into the log and every shard. It is meant for debugging: its cost grows with the subscribers.
func (h *Hub) State(ctx context.Context) (State, error) {
	fan, err := h.fan.State(ctx)
	if errors.Is(err, fanout.ErrClosed) {
		return State{}, ErrClosed
	}
	if err != nil {
		return State{}, err
	}
	return State{
		Log:    LogState{Head: h.log.Head(), Floor: h.log.Floor(), Lineage: h.log.Lineage()},
		Fanout: fan,
	}, nil
}
