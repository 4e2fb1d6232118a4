package config

import (
	"errors"

	"github.com/tidings-hub/tidings/topic"
)

// Subscribe holds the settings of tidings subscribe.
type Subscribe struct {
	Hub

	// Topics say what to receive: exact topics, or * for all.
	Topics []string `arg:"" name:"topic" sep:"none" env:"TIDINGS_SUBSCRIBE_TOPIC" help:"What to receive: exact topics, or * for all."`
	// LastEventID is the id of the last event that was seen, or "earliest"; empty to begin now.
	LastEventID string `name:"last-event-id" placeholder:"ID" env:"TIDINGS_SUBSCRIBE_LAST_EVENT_ID" help:"Begin behind this event; 'earliest' for all that the hub has. Without it, begin now."`
	// Signals asks for the hub's own events too.
	Signals bool `env:"TIDINGS_SUBSCRIBE_SIGNALS" help:"Receive the hub's own events as well: tidings.hello, tidings.gap, tidings.ping."`
	// JSON prints every event as one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_SUBSCRIBE_JSON" help:"Print each event as one line of JSON."`
	// Count ends after so many events; 0 for never.
	Count int `default:"0" placeholder:"N" env:"TIDINGS_SUBSCRIBE_COUNT" help:"End after so many events; 0 for never."`
}

// Validate refuses settings that cannot be. What may be subscribed to is the hub's to say.
func (s *Subscribe) Validate() error {
	if err := s.Hub.validate(); err != nil {
		return err
	}
	if err, bad := errors.AsType[*topic.StringError](topic.CheckString(s.LastEventID)); bad {
		return refuse([]string{"--last-event-id"},
			"--last-event-id cannot be an event's id: it has a forbidden character at byte %d", err.Offset)
	}
	return atLeast(0, setting[int]{"--count", s.Count})
}
