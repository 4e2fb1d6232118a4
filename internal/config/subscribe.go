package config

import (
	"errors"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// How tidings subscribe prints events.
const (
	OutputText = "text" // for people
	OutputJSON = "json" // a line of JSON each
	OutputRaw  = "raw"  // the data alone
)

// Subscribe holds the settings of tidings subscribe.
type Subscribe struct {
	Hub

	// Topics say what to receive: exact topics, or * for all.
	Topics []string `arg:"" name:"topic" sep:"none" env:"TIDINGS_SUBSCRIBE_TOPIC" help:"What to receive: exact topics, or * for all."`
	// LastEventID is the id of the last event that was seen, or "earliest"; empty to begin now.
	LastEventID string `name:"last-event-id" placeholder:"ID" env:"TIDINGS_SUBSCRIBE_LAST_EVENT_ID" help:"Begin behind this event; 'earliest' for all that the hub has. Without it, begin now."`
	// NoReconnect ends with the first connection.
	NoReconnect bool `name:"no-reconnect" env:"TIDINGS_SUBSCRIBE_NO_RECONNECT" help:"End when the stream does, with exit code 5, instead of coming back behind its last event."`
	// Signals shows the hub's own events too.
	Signals bool `env:"TIDINGS_SUBSCRIBE_SIGNALS" help:"Show the hub's own events as well: tidings.hello, tidings.gap, tidings.ping."`
	// Output says how events are printed.
	Output string `enum:"text,json,raw" default:"text" placeholder:"FORM" env:"TIDINGS_SUBSCRIBE_OUTPUT" help:"How to print events: text, json (a line each), or raw (the data alone, and a line end)."`
	// JSON is short for the output json.
	JSON bool `name:"json" env:"TIDINGS_SUBSCRIBE_JSON" help:"Short for --output json."`
	// Count ends after so many events; 0 for never.
	Count int `default:"0" placeholder:"N" env:"TIDINGS_SUBSCRIBE_COUNT" help:"End after so many events; 0 for never."`
	// Exec is a command for the shell that is run for each event, instead of printing it.
	Exec string `placeholder:"COMMAND" env:"TIDINGS_SUBSCRIBE_EXEC" help:"Run this command for each event instead of printing it."`
	// ExecTimeout is how long one command may run; 0 for as long as it likes.
	ExecTimeout time.Duration `default:"1m" placeholder:"DURATION" env:"TIDINGS_SUBSCRIBE_EXEC_TIMEOUT" help:"How long the command may run for one event; 0 for as long as it likes."`
	// ExecStop ends with the first command that fails.
	ExecStop bool `env:"TIDINGS_SUBSCRIBE_EXEC_STOP" help:"End when the command fails, instead of going on with the next event."`
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
	if s.JSON && s.Output == OutputRaw {
		return refuse([]string{"--json", "--output"}, "--json and --output raw contradict each other")
	}
	if s.Exec == "" && s.ExecStop {
		return refuse([]string{"--exec-stop", "--exec"}, "--exec-stop needs --exec")
	}
	if s.Exec != "" && s.Form() != OutputText {
		return refuse([]string{"--exec", "--output"}, "with --exec nothing is printed: --output %s has no meaning", s.Form())
	}
	if err := atLeast(0, setting[time.Duration]{"--exec-timeout", s.ExecTimeout}); err != nil {
		return err
	}
	return atLeast(0, setting[int]{"--count", s.Count})
}

// Form returns how events are printed: OutputText, OutputJSON or OutputRaw.
func (s *Subscribe) Form() string {
	if s.JSON {
		return OutputJSON
	}
	return s.Output
}
