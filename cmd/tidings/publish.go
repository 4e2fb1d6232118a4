package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tidings-hub/tidings/internal/config"
)

// publishCommand is tidings publish.
type publishCommand struct {
	config.Publish
}

// Help is shown by tidings publish --help.
func (*publishCommand) Help() string {
	return `Publishes one update and prints the id under which subscribers see it. When the id is printed, the hub has the update in its log.

Without --data, standard input is the data, to its last byte: what echo writes has a line end at its end, what printf writes has not.

Examples:

    tidings publish --topic a --data hi
    tidings publish --topic https://example.com/items/7 --type changed --data 7
    printf '%s' "$text" | tidings publish --topic a

The exit codes are listed by tidings --help.`
}

// Run publishes the update and prints its id.
func (c *publishCommand) Run(ctx context.Context, std *streams) error {
	client, err := newHubClient(&c.Hub)
	if err != nil {
		return err
	}
	data := c.Data
	if data == nil {
		text, err := readAll(ctx, std.in)
		if err != nil {
			return fmt.Errorf("reading standard input: %w", err)
		}
		data = &text
	}
	id, err := client.publish(ctx, c.form(*data))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, printable(id))
	return err
}

// form returns the update as the protocol's form has it.
func (c *publishCommand) form(data string) url.Values {
	form := url.Values{"topic": c.Topics, "data": {data}}
	if c.Type != "" {
		form.Set("type", c.Type)
	}
	if c.ID != "" {
		form.Set("id", c.ID)
	}
	if c.Private {
		form.Set("private", "on")
	}
	if c.Retry != nil {
		form.Set("retry", strconv.FormatInt(c.Retry.Milliseconds(), 10))
	}
	return form
}

// publish returns the id of the update that form describes, once the hub has it.
func (c *hubClient) publish(ctx context.Context, form url.Values) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	id, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("the update was published, but its id was not received: %w", err)
	}
	return string(id), nil
}
