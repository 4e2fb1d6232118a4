package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/topic"
)

// tokenExplainCommand is tidings token explain.
type tokenExplainCommand struct {
	config.TokenExplain
}

// Help is shown by tidings token explain --help.
func (*tokenExplainCommand) Help() string {
	return `Judges a token as a hub with these settings would, and prints every check with its reason, and what the token grants. The flags and variables are those of tidings serve. The exit code is 3 if the token would be refused. Whether it was revoked only the hub knows.

Examples:

    tidings token explain --issuer https://app.example --key-file tidings-public.pem \
        --resource https://hub.example/.well-known/mercure < token
    tidings token explain --legacy-key "$SECRET" eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl
    tidings token explain --json < token`
}

// Run prints what a hub would say.
func (c *tokenExplainCommand) Run(ctx context.Context, std *streams) error {
	raw := c.Token
	if raw == "" {
		text, err := io.ReadAll(io.LimitReader(std.in, 2<<20))
		if err != nil {
			return err
		}
		raw = strings.TrimSpace(string(text))
	}
	matcher, err := tokenMatcher(c.Resource)
	if err != nil {
		return err
	}
	verifier, err := auth.New(c.VerifierOptions(matcher))
	if err != nil {
		return err
	}
	defer verifier.Close()
	e := verifier.Explain(ctx, raw)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i := range e.Checks {
		if check := &e.Checks[i]; check.Check == auth.CheckRevoked && check.Result == auth.Passed {
			*check = auth.CheckResult{Check: auth.CheckRevoked, Reason: "what was revoked only the hub knows"}
		}
	}
	if c.JSON {
		err = json.NewEncoder(std.out).Encode(e)
	} else {
		err = writeExplanation(std.out, &e)
	}
	if failed := e.Failed(); err == nil && failed != nil {
		err = &codedError{exitRefused, fmt.Errorf("the hub would refuse the token: %s: %s", failed.Check, failed.Reason)}
	}
	return err
}

// writeExplanation prints e for people.
func writeExplanation(w io.Writer, e *auth.Explanation) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range e.Checks {
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.Check, c.Result, printable(c.Reason))
	}
	if e.Token != nil {
		writeGrant(table, e.Token)
	}
	return table.Flush()
}

// writeGrant prints what a good token says.
func writeGrant(w io.Writer, t *auth.Token) {
	fmt.Fprintf(w, "\nprotocol\t%s\n", t.Dialect)
	for _, matchers := range []struct {
		name, none string
		list       topic.Matchers
	}{
		{"may publish", "nothing", t.Grant.Publish},
		{"may receive", "public updates only", t.Grant.Subscribe},
	} {
		if len(matchers.list) == 0 {
			fmt.Fprintf(w, "%s\t%s\n", matchers.name, matchers.none)
		}
		for _, m := range matchers.list {
			fmt.Fprintf(w, "%s\t%s\n", matchers.name, printable(m.String()))
		}
	}
	ends := "never"
	if !t.Expires.IsZero() {
		ends = moment(t.Expires)
	}
	fmt.Fprintf(w, "ends\t%s\nhash\t%x\n", ends, t.Hash)
}
