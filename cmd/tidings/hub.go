package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode"

	"github.com/tidings-hub/tidings/internal/config"
)

// hubClient sends requests to one hub.
type hubClient struct {
	url       *url.URL
	tokenFile string // empty for none
	http      *http.Client
}

func newHubClient(h *config.Hub) (*hubClient, error) {
	u, err := h.Endpoint()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: h.Timeout}).DialContext
	transport.TLSHandshakeTimeout = h.Timeout
	transport.ResponseHeaderTimeout = h.Timeout
	return &hubClient{url: u, tokenFile: h.TokenFile, http: &http.Client{
		Transport: transport,
		// A publication would arrive elsewhere as a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// authorize adds the token to a request.
func (c *hubClient) authorize(r *http.Request) error {
	if c.tokenFile == "" {
		return nil
	}
	token, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return &codedError{exitFailure, fmt.Errorf("reading the token: %w", err)}
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return nil
}

// do sends a request and returns the hub's answer if it is 200. The error is a [*codedError], or that of the
// request's context.
func (c *hubClient) do(r *http.Request) (*http.Response, error) {
	if err := c.authorize(r); err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ended := r.Context().Err(); ended != nil {
			return nil, ended
		}
		return nil, unreachable(c.url, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		return nil, refused(resp)
	}
	return resp, nil
}

// unreachable is the error of a request that had no answer.
func unreachable(u *url.URL, err error) error {
	hint := ""
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	if system, ok := errors.AsType[*os.SyscallError](err); ok {
		err, hint = system.Err, " (is it running?)"
	}
	if coded, ok := errors.AsType[*codedError](err); ok {
		return coded // it was not tried
	}
	shown := *u
	shown.RawQuery = "" // which may have a token
	return &codedError{exitUnreachable, fmt.Errorf("cannot reach the hub at %s: %w%s", shown.Redacted(), err, hint)}
}

// refused is the error of an answer that is not 200.
func refused(resp *http.Response) error {
	text := "the hub answered " + printable(resp.Status)
	if reason := reasonOf(resp); reason != "" {
		text += ": " + reason
	}
	return &codedError{exitRefused, errors.New(text)}
}

// reasonOf returns what an answer says of itself, in one line that is safe to print.
func reasonOf(resp *http.Response) string {
	if to := resp.Header.Get("Location"); to != "" {
		return "it is at " + printable(to)
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return ""
	}
	switch kind {
	case "application/problem+json":
		var problem struct {
			Detail string `json:"detail"`
		}
		if json.Unmarshal(body, &problem) != nil {
			return ""
		}
		return printable(problem.Detail)
	case "text/plain":
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return printable(line)
	}
	return ""
}

// printable returns s with control characters, by which a text from the network could drive the terminal, written
// as escapes. Tabs stay.
func printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unprintable(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// readAll reads r to its end. Unlike a read from a terminal, it ends with ctx.
func readAll(ctx context.Context, r io.Reader) (string, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := io.ReadAll(r)
		done <- result{data, err}
	}()
	select {
	case read := <-done:
		return string(read.data), read.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
