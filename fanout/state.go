package fanout

import (
	"context"

	"github.com/tidings-hub/tidings/topic"
)

// State is what a fan-out looks like at one moment, for people who look into it.
type State struct {
	Window WindowState  `json:"window"`
	Replay ReplayState  `json:"replay"`
	Shards []ShardState `json:"shards"`
}

// ReplayState says how many subscribers are served from the log, of at most MaxBehind, and how many wait for it.
type ReplayState struct {
	Reading   int `json:"reading"`
	Waiting   int `json:"waiting"`
	MaxBehind int `json:"maxBehind"`
}

// WindowState describes the recent window: it holds the updates with Floor < offset <= Head.
type WindowState struct {
	Floor    uint64 `json:"floor"`
	Head     uint64 `json:"head"`
	Frames   int    `json:"frames"`
	Bytes    int    `json:"bytes"`
	MaxBytes int    `json:"maxBytes"`
}

// ShardState describes a shard.
type ShardState struct {
	Head        uint64            `json:"head"`
	Topics      int               `json:"topics"`
	Subscribers []SubscriberState `json:"subscribers"`
}

// SubscriberState describes a subscriber. Position is the offset up to which it has been served. Waiting says
// that it waits until fewer others are served from the log, Paced that it has had its share of it for now.
type SubscriberState struct {
	ID           string   `json:"id"`
	Matchers     []string `json:"matchers"`
	Position     uint64   `json:"position"`
	Live         bool     `json:"live"`
	Blocked      bool     `json:"blocked"`
	Reading      bool     `json:"reading"`
	Waiting      bool     `json:"waiting"`
	Paced        bool     `json:"paced"`
	Signals      bool     `json:"signals"`
	Pending      int      `json:"pending"`
	PendingBytes int      `json:"pendingBytes"`
	TakenBytes   uint64   `json:"takenBytes"`
}

// State asks every shard for its state. It is meant for debugging: its cost grows with the subscribers.
func (f *Fanout) State(ctx context.Context) (State, error) {
	state := State{Window: f.window.state(), Replay: f.places.state(), Shards: make([]ShardState, len(f.shards))}
	for i, s := range f.shards {
		reply := make(chan ShardState, 1)
		if !s.mailbox.post(message{kind: msgState, reply: reply}) {
			return State{}, ErrClosed
		}
		select {
		case state.Shards[i] = <-reply:
		case <-f.stopped:
			return State{}, ErrClosed
		case <-ctx.Done():
			return State{}, ctx.Err()
		}
	}
	return state, nil
}

func (s *shard) state() ShardState {
	state := ShardState{Head: s.head, Topics: s.index.Topics(), Subscribers: make([]SubscriberState, len(s.subs))}
	for i, sub := range s.subs {
		position := sub.pos
		if sub.live {
			position = max(position, s.head)
		}
		state.Subscribers[i] = SubscriberState{
			ID: sub.id.String(), Matchers: matcherNames(sub.filter.Matchers), Position: position,
			Live: sub.live, Blocked: sub.blocked, Reading: sub.reading,
			Waiting: sub.replay != nil && sub.place == placeWaiting, Paced: sub.replay != nil && sub.resting, Signals: sub.signals,
			Pending: len(sub.pending), PendingBytes: sub.pendingBytes(), TakenBytes: sub.sink.Taken(),
		}
	}
	return state
}

func matcherNames(ms topic.Matchers) []string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = m.String()
	}
	return names
}
