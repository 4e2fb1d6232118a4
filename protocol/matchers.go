package protocol

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// The parameters that select topics. Those whose names begin with match are of protocol 1.0, topic is of 0.x.
const (
	paramTopic        = "topic"
	paramMatch        = "match"
	paramMatchExact   = "match_exact"
	paramMatchPattern = "match_urlpattern"
)

// selection is what a subscriber asks for, not compiled yet.
type selection struct {
	dialect auth.Dialect
	param   string // the dialect's main parameter
	chosen  []choice
}

// choice is one parameter that selects topics.
type choice struct {
	kind  topic.Kind
	value string
}

// readSelection reads what parameters select. Equal choices count once.
func readSelection(params parameters, spoken Dialects) (s selection, err error) {
	seen := map[choice]bool{}
	for name, value := range params.all() {
		kind, dialect, err := matcherParam(name)
		if err != nil {
			return s, err
		}
		switch {
		case dialect == 0:
			continue
		case !spoken.takes(dialect):
			return s, badField(name, "parameter %q is of protocol %s, which this hub does not speak", name, dialect)
		case s.dialect != 0 && s.dialect != dialect:
			return s, badField(name, "parameters %q and %q cannot be mixed: they belong to different versions of the protocol",
				paramTopic, paramMatch)
		}
		s.dialect, s.param = dialect, paramMatch
		if dialect == auth.Legacy {
			s.param = paramTopic
		}
		c := choice{kind, value}
		if value == topic.Wildcard {
			c.kind = topic.KindAny // whatever the kind
		}
		if !seen[c] {
			seen[c] = true
			s.chosen = append(s.chosen, c)
		}
	}
	if len(s.chosen) == 0 {
		return s, badField(paramTopic, "no parameter %q or %q says what to subscribe to", paramTopic, paramMatch)
	}
	return s, nil
}

// matcherParam returns the language of a parameter's value and the dialect that the parameter belongs to, 0 for one
// that selects no topics. Names that begin with match in any case belong to protocol 1.0: unknown ones are refused.
func matcherParam(name string) (topic.Kind, auth.Dialect, error) {
	switch {
	case name == paramTopic:
		return topic.KindTemplate, auth.Legacy, nil
	case name == paramMatch, name == paramMatchExact:
		return topic.KindExact, auth.Modern, nil
	case name == paramMatchPattern:
		return topic.KindPattern, auth.Modern, nil
	case len(name) >= len(paramMatch) && strings.EqualFold(name[:len(paramMatch)], paramMatch):
		return 0, 0, badField(name, "parameter %s is no matcher type of this hub: there are %q, %q and %q",
			quote(name), paramMatch, paramMatchExact, paramMatchPattern)
	}
	return 0, 0, nil
}

// compile returns the matchers of s. What can be refused without compiling is refused first.
func (h *handler) compile(r *http.Request, s selection) (topic.Matchers, error) {
	if most := h.limits.Matchers; len(s.chosen) > most {
		return nil, h.refusedSelection(r, s, &hub.LimitError{Limit: "Matchers", Max: most, Got: len(s.chosen)})
	}
	for _, c := range s.chosen {
		if most := h.limits.TopicBytes; len(c.value) > most {
			return nil, h.refusedSelection(r, s, &hub.LimitError{Limit: "TopicBytes", Max: most, Got: len(c.value)})
		}
	}
	ms := make(topic.Matchers, 0, len(s.chosen))
	for _, c := range s.chosen {
		m, err := h.compiler.Compile(c.kind, c.value)
		if wrong, ok := errors.AsType[*topic.MatcherError](err); ok {
			return nil, h.refusedSelection(r, s, &hub.InvalidError{
				Field: "matcher", Reason: fmt.Sprintf("has the %s %s, which %s", wrong.Kind, quote(c.value), clip(wrong.Reason)),
			})
		}
		if err != nil {
			return nil, err
		}
		if ms = append(ms, m); ms.TooCostly() { // the rest is not even compiled
			return nil, h.refusedSelection(r, s, &hub.InvalidError{
				Field: "matcher", Reason: "has patterns that are too costly to match together: they have too many groups or repetitions",
			})
		}
	}
	return ms, nil
}

// refusedSelection returns the problem that err is, and tells the hub's observer, as the hub does about what it
// refuses itself.
func (h *handler) refusedSelection(r *http.Request, s selection, err error) error {
	if refused := h.hub.Options().Observer.Refused; refused != nil {
		reason := hub.RefusedInvalid
		if _, ok := errors.AsType[*hub.LimitError](err); ok {
			reason = hub.RefusedLimit
		}
		refused(reason)
	}
	return explainSubscribe(r, err, s.param)
}

// badField returns the problem of a parameter or form field.
func badField(field, format string, args ...any) *problem {
	return &problem{Status: 400, Field: clip(field), Detail: fmt.Sprintf(format, args...)}
}
