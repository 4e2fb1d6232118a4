package config

import (
	"net/url"
	"time"

	"github.com/tidings-hub/tidings/protocol"
)

// Hub says which hub a command talks to.
type Hub struct {
	// URL is the hub's. One without a path stands for the hub at its usual path.
	URL string `name:"hub" default:"http://127.0.0.1:8080/.well-known/mercure" placeholder:"URL" env:"TIDINGS_HUB" help:"The hub's URL; its path may be left out."`
	// Timeout is how long the hub may take to answer.
	Timeout time.Duration `default:"30s" placeholder:"DURATION" env:"TIDINGS_TIMEOUT" help:"How long the hub may take to answer."`
	// TokenFile holds the access token. It is read for each request, so that what renews it need not know of this one.
	TokenFile string `placeholder:"FILE" env:"TIDINGS_TOKEN_FILE" help:"File with the access token to send, as 'tidings token mint' prints it; it is read anew for each connection."`
}

func (h *Hub) validate() error {
	u, err := url.Parse(h.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return refuse([]string{"--hub"}, "--hub is %q, it must be an http or https URL", h.URL)
	}
	return atLeast(time.Millisecond, setting[time.Duration]{"--timeout", h.Timeout})
}

// Endpoint returns the hub's URL with its path.
func (h *Hub) Endpoint() (*url.URL, error) {
	u, err := url.Parse(h.URL)
	if err != nil {
		return nil, err
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = protocol.DefaultPath
	}
	u.Fragment = ""
	return u, nil
}
