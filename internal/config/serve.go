package config

import "github.com/tidings-hub/tidings/hub"

// Serve holds the settings of tidings serve.
type Serve struct {
	// Dev lets the hub run without access tokens: everybody may do everything, and for that reason it listens on
	// loopback addresses only.
	Dev bool `env:"TIDINGS_DEV" help:"Let everybody do everything, without tokens; listens on loopback addresses only."`

	Listen      `group:"Listening:"`
	Log         `group:"Keeping updates:"`
	Delivery    `group:"Delivering:"`
	Limits      `group:"Limits:"`
	Connections `group:"Connections:"`
	Logging     `group:"Logging:"`
}

// Validate refuses settings that do not go together.
func (s *Serve) Validate() error {
	if !s.Dev {
		return refuse([]string{"--dev"}, "serve needs --dev until access tokens are there")
	}
	for _, validate := range []func() error{
		s.Listen.validate, s.Log.validate, s.Delivery.validate, s.Limits.validate, s.Connections.validate,
	} {
		if err := validate(); err != nil {
			return err
		}
	}
	return s.HubOptions().Validate()
}

// HubOptions returns the hub's part of the settings, without a log.
func (s *Serve) HubOptions() hub.Options {
	o := hub.Options{
		Fanout:       s.Delivery.options(),
		Limits:       s.Limits.options(),
		GapReplay:    s.GapReplay,
		TrimInterval: s.TrimInterval,
	}
	o.Limits.Subscribers = s.MaxSubscribers
	o.Fanout.NotSentBytes = int(s.NotSent)
	if s.NotSent == 0 {
		o.Fanout.NotSentBytes = mostNotSent // the system's own choice is no bound; the fan-out's zero its default
	}
	if o.GapReplay == 0 {
		o.GapReplay = -1 // the hub's zero stands for its default
	}
	return o
}
