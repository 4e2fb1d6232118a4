package main

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/conformance/suite"
)

// parse reads the flags. What is wrong with them, and help, goes to stderr.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	c := &o.config
	var dialects, protocols, without, levels, only string
	f := flag.NewFlagSet("hub", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&c.URL, "url", "", "the hub's `URL`")
	f.StringVar(&c.Key, "key", "", "HMAC `secret` for tokens (default: that of the public test suite)")
	f.StringVar(&c.Issuer, "issuer", "", "`issuer` of 1.0 tokens (default https://localhost)")
	f.StringVar(&c.Resource, "resource", "",
		"the hub's `identifier`, the audience of 1.0 tokens (default https://localhost/.well-known/mercure)")
	f.StringVar(&c.LegacyKey, "legacy-key", "", "HMAC `secret` for 0.x tokens (default: -key)")
	f.StringVar(&c.Cookie, "cookie", "", "`name` of the cookie of 1.0 (default __Secure-mercure_access_token)")
	f.StringVar(&c.LegacyCookie, "legacy-cookie", "", "`name` of the cookie of 0.x (default mercureAuthorization)")
	f.StringVar(&c.Origin, "origin", "", "another `origin` whose pages the hub lets in, with credentials")
	f.StringVar(&dialects, "dialects", "both", "`dialects` that the hub speaks: both, 1.0 or 0.x")
	f.StringVar(&protocols, "http", "1.1,2", "`versions` of HTTP to use")
	f.StringVar(&without, "without", "",
		"`features` that the hub does not have, of "+strings.Join(slices.Sorted(maps.Keys(suite.Features())), ", "))
	f.StringVar(&levels, "levels", "", "run only rules of these `levels`, of must, should, may, usual (default: all)")
	f.StringVar(&only, "run", "", "run only rules whose id or name matches a regular `expression`")
	f.BoolVar(&c.Insecure, "insecure", false, "accept any certificate")
	f.DurationVar(&c.Timeout, "timeout", 0, "`time` for one run of a rule (default 10s)")
	f.DurationVar(&c.Heartbeat, "heartbeat", 0, "longest `time` that the hub leaves a stream quiet (default 1m)")
	f.IntVar(&c.MaxMatchers, "max-matchers", 0, "the hub's `limit` of matchers (default 100)")
	f.IntVar(&c.MaxPattern, "max-pattern", 0, "the hub's `limit` of bytes in a matcher (default 4096)")
	f.IntVar(&c.TooLarge, "too-large", 0, "`bytes` that are too many for a body (default 32 MiB)")
	f.IntVar(&c.TooLong, "too-long", 0, "`bytes` that are too many for a topic, an id or a type (default 1 MiB)")
	f.IntVar(&c.TooManyTopics, "too-many-topics", 0, "`number` of topics that is too much for an update (default 20,000)")
	f.IntVar(&c.Connections, "connections", 0,
		"the hub's `limit` of streams to one subject of tokens (default: the rule is not run)")
	f.IntVar(&c.Parallel, "parallel", 0, "`number` of rules that are run at once (default 8)")
	f.BoolVar(&o.list, "list", false, "print the rules and end")
	f.BoolVar(&o.json, "json", false, "print the results as JSON")
	f.BoolVar(&o.all, "all", false, "print the time of each run, too")
	if err := f.Parse(args); err != nil {
		return options{}, err
	}
	if f.NArg() > 0 {
		return options{}, fmt.Errorf("conformance: %q is no flag", f.Arg(0))
	}
	if dialects != "both" {
		c.Dialects = []suite.Dialect{suite.Dialect(dialects)}
	}
	for _, p := range split(protocols) {
		c.Protocols = append(c.Protocols, suite.Protocol(p))
	}
	c.Without = split(without)
	for _, l := range split(levels) {
		level := suite.Level(l)
		if !slices.Contains([]suite.Level{suite.Must, suite.Should, suite.May, suite.Usual}, level) {
			return options{}, fmt.Errorf("conformance: -levels: there is no level %q", l)
		}
		o.levels = append(o.levels, level)
	}
	if only != "" {
		var err error
		if o.only, err = regexp.Compile(only); err != nil {
			return options{}, fmt.Errorf("conformance: -run: %w", err)
		}
	}
	return o, nil
}

// split returns the parts of a list with commas.
func split(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' })
}
