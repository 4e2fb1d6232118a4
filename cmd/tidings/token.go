package main

import (
	"fmt"
	"net/url"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

// tokenCommand is tidings token.
type tokenCommand struct {
	Mint    tokenMintCommand    `cmd:"" help:"Make a token."`
	Explain tokenExplainCommand `cmd:"" help:"Say, check by check, what a hub would say to a token."`
	Keys    tokenKeysCommand    `cmd:"" help:"Make a pair of keys to sign and verify tokens with."`
}

// Help is shown by tidings token --help.
func (*tokenCommand) Help() string {
	return `Makes and examines the tokens that say who may publish and subscribe.

Examples:

    tidings token keys
    tidings token mint --private-key tidings-private.pem --issuer https://app.example \
        --resource https://hub.example/.well-known/mercure --subscribe '*' > token
    tidings token explain --key-file tidings-public.pem --issuer https://app.example \
        --resource https://hub.example/.well-known/mercure < token`
}

// tokenMatcher returns what makes the matchers of tokens for a hub whose URL is its resource identifier.
func tokenMatcher(resource string) (auth.MatcherFunc, error) {
	base, err := url.Parse(resource)
	if err != nil || !base.IsAbs() || base.Host == "" {
		base = nil // an identifier that is no URL: patterns must be absolute
	}
	compiler, err := topic.NewCompiler(base)
	if err != nil {
		return nil, err
	}
	return func(kind, value string) (topic.Matcher, error) {
		switch kind {
		case auth.KindExact:
			return topic.Exact(value), nil
		case auth.KindURLPattern:
			return compiler.Pattern(value)
		case auth.KindTemplate:
			return compiler.Template(value)
		}
		return topic.Matcher{}, fmt.Errorf("match type %.50q is not supported", kind)
	}, nil
}
