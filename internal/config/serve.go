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
	Auth        `group:"Tokens:"`
	Access      `group:"Access:"`
	Logging     `group:"Logging:"`
}

// Validate refuses settings that do not go together.
func (s *Serve) Validate() error {
	switch tokens := s.HasTokens() || s.AuthorizeURL != ""; {
	case s.Dev && (tokens || s.open() || s.OperatorAddr != ""):
		return refuse([]string{"--dev"}, "--dev lets everybody do everything: tokens, --anonymous, --open-publish and --operator-addr do not go with it")
	case !s.Dev && !tokens && !s.OpenPublish:
		return refuse([]string{"--dev", "--issuer", "--legacy-key", "--authorize-url", "--open-publish"},
			"nobody could publish: give keys for tokens (--issuer or --legacy-key), --authorize-url or --open-publish; to try things out there is --dev")
	}
	for _, validate := range []func() error{
		s.Listen.validate, s.Log.validate, s.Delivery.validate, s.Limits.validate, s.Connections.validate,
		s.Auth.validate, s.Access.validate,
	} {
		if err := validate(); err != nil {
			return err
		}
	}
	switch {
	case s.Dev && len(s.AllowOrigins) > 0:
		return refuse([]string{"--dev", "--allow-origin"}, "--allow-origin changes nothing with --dev, which answers pages from loopback origins, and no others")
	case !s.Dev && s.BackupDir != "" && s.OperatorAddr == "":
		return refuse([]string{"--backup-dir", "--operator-addr"}, "--backup-dir needs --operator-addr: nobody could ask for a backup")
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
		MaxAge:       s.MaxConnectionAge,

		Subscriptions: s.Subscriptions,
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
