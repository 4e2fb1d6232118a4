package config

import "time"

// Publish holds the settings of tidings publish.
type Publish struct {
	Hub

	// Topics name what has changed; the first is the canonical one.
	Topics []string `name:"topic" required:"" sep:"none" placeholder:"TOPIC" env:"TIDINGS_PUBLISH_TOPIC" help:"What the update is about. Repeat it for more topics; the first is the canonical one."`
	// Data is the payload; nil to read it from standard input.
	Data *string `placeholder:"TEXT" env:"TIDINGS_PUBLISH_DATA" help:"The update's data. Without it, standard input is read to its end and sent as it is."`
	// Type is the event's type; empty for an unnamed event.
	Type string `placeholder:"TYPE" env:"TIDINGS_PUBLISH_TYPE" help:"The event's type; without it the event is unnamed."`
	// ID is the publisher's own id; empty to have the hub make one.
	ID string `name:"id" placeholder:"ID" env:"TIDINGS_PUBLISH_ID" help:"The event's id; without it the hub makes one."`
	// Private keeps the update to subscribers that are allowed to receive it.
	Private bool `env:"TIDINGS_PUBLISH_PRIVATE" help:"Only for subscribers that are allowed to receive it."`
	// Retry is how long subscribers shall wait before they reconnect; nil to leave that to them.
	Retry *time.Duration `placeholder:"DURATION" env:"TIDINGS_PUBLISH_RETRY" help:"How long subscribers shall wait before they reconnect."`
}

// Validate refuses settings that cannot be. What may be published is the hub's to say.
func (p *Publish) Validate() error {
	if err := p.Hub.validate(); err != nil {
		return err
	}
	if p.Retry != nil {
		return atLeast(0, setting[time.Duration]{"--retry", *p.Retry})
	}
	return nil
}
