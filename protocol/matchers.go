package protocol

import (
	"fmt"
	"strings"

	"github.com/tidings-hub/tidings/topic"
)

// The parameters that select topics.
const (
	paramTopic      = "topic"
	paramMatch      = "match"
	paramMatchExact = "match_exact"
)

// readMatchers reads what a query selects, and by which dialect's parameter. Equal matchers count once.
func readMatchers(query string) (ms topic.Matchers, dialect string, err error) {
	seen := map[topic.Matcher]bool{}
	for name, value := range formPairs(query) {
		param, err := matcherParam(name, value)
		if err != nil {
			return nil, "", err
		}
		if param == "" {
			continue
		}
		if dialect != "" && dialect != param {
			return nil, "", badField(param,
				"parameters %q and %q cannot be mixed: they belong to different versions of the protocol",
				paramTopic, paramMatch)
		}
		dialect = param
		m := topic.Exact(value)
		if !seen[m] {
			seen[m] = true
			ms = append(ms, m)
		}
	}
	if len(ms) == 0 {
		return nil, "", badField(paramTopic, "no parameter %q or %q says what to subscribe to", paramTopic, paramMatch)
	}
	return ms, dialect, nil
}

// matcherParam returns the dialect that a parameter belongs to, by the name of its main parameter, and "" for
// one that selects no topics.
func matcherParam(name, value string) (string, error) {
	switch {
	case name == paramTopic:
		if strings.Contains(value, "{") {
			return "", badField(name, "topic selector %s: URI templates are not supported by this hub", quote(value))
		}
		return paramTopic, nil
	case name == paramMatch, name == paramMatchExact:
		return paramMatch, nil
	case strings.EqualFold(name, "match_urlpattern"):
		return "", badField(name, "parameter %s: URL Patterns are not supported yet by this hub", quote(name))
	case len(name) >= len(paramMatch) && strings.EqualFold(name[:len(paramMatch)], paramMatch):
		return "", badField(name, "parameter %s is no matcher type of this hub: there are %q and %q",
			quote(name), paramMatch, paramMatchExact)
	}
	return "", nil
}

// badField returns the problem of a parameter or form field.
func badField(field, format string, args ...any) *problem {
	return &problem{Status: 400, Field: clip(field), Detail: fmt.Sprintf(format, args...)}
}
