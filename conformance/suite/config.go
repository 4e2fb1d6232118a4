package suite

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config says where the hub is and what it was told. Only URL is required: the rest has the values of the protocol's
// public test suite. The hub must let anonymous subscribers in.
type Config struct {
	// URL is the hub's, https://hub.example/.well-known/mercure for instance. To http, HTTP/2 is spoken without
	// negotiation ("prior knowledge").
	URL string
	// Key is the HMAC secret that the hub trusts for HS256 tokens of Issuer.
	Key string
	// Issuer is what 1.0 tokens have as iss.
	Issuer string
	// Resource is the hub's identifier, which 1.0 tokens have as aud.
	Resource string
	// LegacyKey is the HMAC secret for HS256 tokens of dialect 0.x. The default is Key.
	LegacyKey string
	// Cookie and LegacyCookie are the names of the cookies that carry tokens.
	Cookie, LegacyCookie string
	// Origin is an origin whose pages the hub lets in, also with credentials, and which is not its own.
	Origin string
	// Dialects are those that the hub speaks. The default is both.
	Dialects []Dialect
	// Protocols are the versions of HTTP to use. The default is both.
	Protocols []Protocol
	// Without names features that the hub does not have: the rules that need one are not run. See [Features].
	Without []string
	// Insecure accepts any certificate.
	Insecure bool
	// Timeout bounds each run of a rule. The default is 10 s.
	Timeout time.Duration
	// Heartbeat bounds how long the hub may leave a stream without a byte. The default is a minute.
	Heartbeat time.Duration
	// MaxMatchers and MaxPattern are the hub's limits of matchers to a subscription or token, and of bytes to a
	// pattern. The defaults are 100 and 4,096.
	MaxMatchers, MaxPattern int
	// TooLarge is a size in bytes that is too much for the body of a request. The default is 32 MiB.
	TooLarge int
	// TooManyTopics is a number of topics that is too much for an update. The default is 20,000.
	TooManyTopics int
	// TooLong is a length in bytes that is too much for a topic, an id or a type. The default is 1 MiB.
	TooLong int
	// Connections is the hub's limit of streams to one subject of tokens, if it has one that is small enough to
	// try. With 0, the rule about it is not run.
	Connections int
	// Parallel is how many rules run at once. The default is 8.
	Parallel int
}

// Features returns the names of the features that a hub may lack, each with what it is.
func Features() map[string]string {
	return map[string]string{
		"query":         "subscribing with QUERY and a body",
		"subscriptions": "subscription events and the subscription API",
		"cors":          "pages of other origins (also without -origin)",
		"metadata":      "the hub's description as a protected resource",
		"cookie":        "tokens in cookies",
		"heartbeat":     "a comment when a stream is quiet",
		"history":       "replay of updates that were missed",
		"connections":   "a limit of streams to one subject of tokens (also without -connections)",
		"page":          "a page at the root of the hub's origin",
		"template":      "URI templates",
	}
}

func (c Config) withDefaults() Config {
	const publicKey = "!ChangeThisMercureHubJWTSecretKey!"
	c.Key = cmp.Or(c.Key, publicKey)
	c.Issuer = cmp.Or(c.Issuer, "https://localhost")
	c.Resource = cmp.Or(c.Resource, "https://localhost/.well-known/mercure")
	c.LegacyKey = cmp.Or(c.LegacyKey, c.Key)
	c.Cookie = cmp.Or(c.Cookie, "__Secure-mercure_access_token")
	c.LegacyCookie = cmp.Or(c.LegacyCookie, "mercureAuthorization")
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, time.Minute)
	c.MaxMatchers = cmp.Or(c.MaxMatchers, 100)
	c.MaxPattern = cmp.Or(c.MaxPattern, 4096)
	c.TooLarge = cmp.Or(c.TooLarge, 32<<20)
	c.TooManyTopics = cmp.Or(c.TooManyTopics, 20_000)
	c.TooLong = cmp.Or(c.TooLong, 1<<20)
	c.Parallel = cmp.Or(c.Parallel, 8)
	if len(c.Dialects) == 0 {
		c.Dialects = []Dialect{Modern, Legacy}
	}
	if len(c.Protocols) == 0 {
		c.Protocols = []Protocol{HTTP1, HTTP2}
	}
	return c
}

// Validate refuses what cannot work, naming the fields.
func (c Config) Validate() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return fmt.Errorf("suite: Config.URL: %w", err)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", len(u.Path) < 2:
		return fmt.Errorf("suite: Config.URL %q is not the http or https URL of a hub with its path", c.URL)
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("suite: Config.URL has a query or a fragment")
	case strings.HasSuffix(u.Path, "/"):
		return errors.New("suite: Config.URL ends in a slash")
	case c.Timeout < 0, c.Heartbeat < 0:
		return errors.New("suite: Config.Timeout or Config.Heartbeat is negative")
	case c.MaxMatchers < 0, c.MaxPattern < 0, c.TooLarge < 0, c.TooManyTopics < 0, c.TooLong < 0, c.Connections < 0,
		c.Parallel < 0:
		return errors.New("suite: a limit of Config is negative")
	}
	for _, d := range c.Dialects {
		if d != Modern && d != Legacy {
			return fmt.Errorf("suite: Config.Dialects: %q is neither %q nor %q", d, Modern, Legacy)
		}
	}
	for _, p := range c.Protocols {
		if p != HTTP1 && p != HTTP2 {
			return fmt.Errorf("suite: Config.Protocols: %q is neither %q nor %q", p, HTTP1, HTTP2)
		}
	}
	for _, name := range c.Without {
		if Features()[name] == "" {
			return fmt.Errorf("suite: Config.Without: there is no feature %q", name)
		}
	}
	return nil
}

// lacks says why a rule that needs a feature cannot be run, or "".
func (c Config) lacks(feature string) string {
	switch {
	case feature == "":
	case slices.Contains(c.Without, feature):
		return "the hub is said to have no " + feature
	case feature == "cors" && c.Origin == "":
		return "no origin is known that the hub lets in"
	case feature == "connections" && c.Connections == 0:
		return "no limit of connections is known"
	}
	return ""
}
