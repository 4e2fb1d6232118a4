package config

import (
	"cmp"
	"net/url"
	"strings"
	"time"
)

// Access says who may use the hub beside those who have a token, and from where.
type Access struct {
	// Anonymous lets subscribers without a token receive what is public.
	Anonymous bool `env:"TIDINGS_ANONYMOUS" help:"Let subscribers without a token receive public updates."`
	// OpenPublish lets everybody publish. It is for networks that only friends can reach.
	OpenPublish bool `env:"TIDINGS_OPEN_PUBLISH" help:"Let everybody publish public and private updates, without a token."`
	// Dialect says which dialects of the protocol are spoken.
	Dialect string `default:"both" enum:"both,1.0,0.x" env:"TIDINGS_DIALECT" help:"Which dialects of the protocol to speak: both, 1.0 or 0.x."`
	// Subscriptions publishes who subscribes to what.
	Subscriptions bool `env:"TIDINGS_SUBSCRIPTIONS" help:"Publish an update when a subscription begins and ends, and serve the list of them to who is granted it."`
	// PublicURL is the hub's URL as its clients know it.
	PublicURL string `name:"public-url" placeholder:"URL" env:"TIDINGS_PUBLIC_URL" help:"The hub's URL as its clients know it, which relative patterns and topics are relative to; unless it is given, --resource if that is a URL."`
	// AllowOrigins are the origins of pages that may read streams and publish, with credentials.
	AllowOrigins []string `name:"allow-origin" sep:"," placeholder:"ORIGIN" env:"TIDINGS_ALLOW_ORIGIN" help:"Origin of pages that may use the hub with their users' credentials, as in https://app.example; may be repeated."`
	// NoQueryToken refuses the tokens of protocol 0.x in URLs.
	NoQueryToken bool `env:"TIDINGS_NO_QUERY_TOKEN" help:"Do not take tokens of protocol 0.x from the query's parameter 'authorization': URLs end up in logs."`
	// NoEnvelope refuses streams that tell the topics of updates.
	NoEnvelope bool `env:"TIDINGS_NO_ENVELOPE" help:"Refuse streams with envelope=1, which tell all topics of an update."`
	// MaxConnectionAge is how long a stream may last.
	MaxConnectionAge time.Duration `default:"0" placeholder:"DURATION" env:"TIDINGS_MAX_CONNECTION_AGE" help:"How long a stream may last; each ends up to a fifth sooner, at random; 0 for no bound beside its token's."`
	// MaxPerSubject is how many streams the bearers of one subject's tokens may have.
	MaxPerSubject int `default:"0" placeholder:"N" env:"TIDINGS_MAX_PER_SUBJECT" help:"How many streams one subject of tokens, or one token without a subject, may have; 0 for no bound."`

	// OperatorAddr is where the operator's API listens.
	OperatorAddr string `placeholder:"HOST:PORT" env:"TIDINGS_OPERATOR_ADDR" help:"Where to serve the operator's API: state, metrics, backups, revocations. Off unless it is given."`
	// OperatorToken opens it.
	OperatorToken string `placeholder:"TOKEN" env:"TIDINGS_OPERATOR_TOKEN" help:"What requests to --operator-addr must carry as their bearer token, at least 32 bytes."`
	// RevocationFile keeps which tokens were revoked.
	RevocationFile string `placeholder:"FILE" env:"TIDINGS_REVOCATION_FILE" help:"Where to keep which tokens were revoked; unless it is given, beside the directory --data, or in memory."`
	// MaxRevocations is how many may be in force at once.
	MaxRevocations int `default:"100000" placeholder:"N" env:"TIDINGS_MAX_REVOCATIONS" help:"How many revocations may be in force at once."`
}

// AllowsOrigin reports whether pages of origin may use the hub.
func (a *Access) AllowsOrigin(origin string) bool {
	for _, allowed := range a.AllowOrigins {
		if strings.EqualFold(allowed, origin) {
			return true
		}
	}
	return false
}

func (a *Access) validate() error {
	if err := cmp.Or(
		atLeast(0, setting[time.Duration]{"--max-connection-age", a.MaxConnectionAge}),
		atLeast(0, setting[int]{"--max-per-subject", a.MaxPerSubject}),
		atLeast(1, setting[int]{"--max-revocations", a.MaxRevocations}),
	); err != nil {
		return err
	}
	for _, origin := range a.AllowOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || u.Scheme == "" || u.Scheme+"://"+u.Host != origin {
			return refuse([]string{"--allow-origin"}, "--allow-origin is %q, it must be an origin such as https://app.example", origin)
		}
	}
	if u, err := url.Parse(a.PublicURL); a.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return refuse([]string{"--public-url"}, "--public-url is %q, it must be an http or https URL", a.PublicURL)
	}
	const least = 32
	switch {
	case a.OperatorAddr == "" && a.OperatorToken != "":
		return refuse([]string{"--operator-token", "--operator-addr"}, "--operator-token needs --operator-addr")
	case a.OperatorAddr != "" && len(a.OperatorToken) < least:
		return refuse([]string{"--operator-addr", "--operator-token"},
			"--operator-addr needs --operator-token of at least %d bytes: whoever guesses it may do everything", least)
	}
	if a.OperatorAddr == "" {
		return nil
	}
	return validateAddr("--operator-addr", a.OperatorAddr)
}

// open reports whether there is anything that somebody without a token may do.
func (a *Access) open() bool { return a.Anonymous || a.OpenPublish }
