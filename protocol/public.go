package protocol

import (
	"fmt"
	"net/url"

	"github.com/tidings-hub/tidings/topic"
)

// standInURL is what relative patterns and topics are relative to on a hub that does not know its own URL.
const standInURL = "http://localhost" + DefaultPath

// NewCompiler returns a compiler of matchers for a hub at publicURL, which relative URL Patterns and topics are
// relative to; see [Options].PublicURL.
func NewCompiler(publicURL string) (*topic.Compiler, error) {
	u, err := parsePublicURL(publicURL)
	if err != nil {
		return nil, err
	}
	c, err := topic.NewCompiler(u)
	if err != nil {
		return nil, fmt.Errorf("protocol: Options.PublicURL: %w", err)
	}
	return c, nil
}

// parsePublicURL reads a hub's URL, or returns the stand-in for "".
func parsePublicURL(text string) (*url.URL, error) {
	if text == "" {
		text = standInURL
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("protocol: Options.PublicURL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path == "" || u.User != nil ||
		u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, fmt.Errorf("protocol: Options.PublicURL %q is not the http or https URL of a hub, with its path and nothing behind it", text)
	}
	return u, nil
}
