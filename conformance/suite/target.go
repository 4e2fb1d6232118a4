package suite

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Target is a hub, spoken to in one dialect over one version of HTTP. It may be used by many rules at once.
type Target struct {
	config   Config
	dialect  Dialect
	protocol Protocol
	hub      *url.URL
	client   *http.Client
}

// NewTarget returns a target of a valid configuration. Close it when no rule runs any more.
func NewTarget(c Config, d Dialect, p Protocol) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	hub, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("suite: %w", err)
	}
	protocols := new(http.Protocols)
	switch {
	case p == HTTP1:
		protocols.SetHTTP1(true)
	case hub.Scheme == "https":
		protocols.SetHTTP2(true)
	default:
		protocols.SetUnencryptedHTTP2(true)
	}
	transport := &http.Transport{
		Protocols:             protocols,
		DisableCompression:    true,
		ExpectContinueTimeout: time.Second,
		TLSClientConfig:       &tls.Config{InsecureSkipVerify: c.Insecure},
	}
	return &Target{
		config: c, dialect: d, protocol: p, hub: hub,
		client: &http.Client{
			Transport: transport,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // a redirection is an answer as any other
			},
		},
	}, nil
}

// Close closes the connections that are not in use.
func (t *Target) Close() { t.client.CloseIdleConnections() }

// origin returns the origin of the hub itself.
func (t *Target) origin() string { return t.hub.Scheme + "://" + t.hub.Host }

// probe is one run of a rule: the target, its time, and what is unique to it.
type probe struct {
	*Target
	ctx   context.Context
	nonce string
	*shared
}

// shared is what a run has in common with itself in the other dialect.
type shared struct {
	streams []*stream
	ends    int // how many updates were published by which streams know that they have seen all
}

// fail ends the run: the hub breaks the rule.
func (t *probe) fail(format string, args ...any) {
	panic(failure{fmt.Sprintf(format, args...)})
}

// check ends the run if what must be is not.
func (t *probe) check(ok bool, format string, args ...any) {
	if !ok {
		t.fail(format, args...)
	}
}

func (t *probe) close() {
	for _, s := range t.streams {
		s.close()
	}
}

// is reports whether the run speaks a dialect.
func (t *probe) is(d Dialect) bool { return t.dialect == d }

// topic returns a topic that only this run uses.
func (t *probe) topic(name string) string { return "https://topics.example/" + t.nonce + "/" + name }

// random returns a text of 2n hexadecimal digits.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// longer is what a rule needs beyond the usual time.
func (r Rule) longer(c Config) time.Duration {
	if r.Needs == "heartbeat" {
		return 2 * c.Heartbeat // one comment may come at once, so the rule waits for the second
	}
	return 0
}
