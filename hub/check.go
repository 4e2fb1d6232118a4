package hub

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// ReservedType reports whether events of type name are the hub's own, or would be taken for a browser's own
// events of that name, so that no update may have it.
func ReservedType(name string) bool {
	switch name {
	case "open", "error", "mercure":
		return true
	}
	return strings.HasPrefix(name, "tidings.")
}

// CheckUpdate returns an [*InvalidError] or a [*LimitError] unless u can be published under l.
func CheckUpdate(u *eventlog.Update, l Limits) error {
	if len(u.Topics) == 0 {
		return &InvalidError{Field: "topic", Reason: "is missing"}
	}
	if len(u.Topics) > l.Topics {
		return &LimitError{Limit: "Topics", Max: l.Topics, Got: len(u.Topics)}
	}
	for _, t := range u.Topics {
		switch {
		case t == "":
			return &InvalidError{Field: "topic", Reason: "is empty"}
		case t == topic.Wildcard:
			return &InvalidError{Field: "topic", Reason: `cannot be "*", which stands for every topic`}
		}
		if err := checkText("topic", t, "TopicBytes", l.TopicBytes); err != nil {
			return err
		}
	}
	switch {
	case strings.HasPrefix(eventlog.TrimID(u.ID), "#"):
		return &InvalidError{Field: "id", Reason: `cannot begin with "#", which marks the hub's own ids`}
	case eventlog.TrimID(u.ID) == eventlog.Earliest:
		return &InvalidError{Field: "id", Reason: `cannot be "earliest", which asks for everything`}
	case u.ID != "" && eventlog.TrimID(u.ID) == "":
		return &InvalidError{Field: "id", Reason: "cannot be blank"}
	case ReservedType(u.Type):
		return &InvalidError{Field: "type", Reason: fmt.Sprintf("%q is reserved", u.Type)}
	case !utf8.ValidString(u.Data):
		return &InvalidError{Field: "data", Reason: "is not valid UTF-8"}
	case len(u.Data) > l.DataBytes:
		return &LimitError{Limit: "DataBytes", Max: l.DataBytes, Got: len(u.Data)}
	case u.Retry < 0 && u.Retry != -1:
		return &InvalidError{Field: "retry", Reason: "is negative"}
	}
	if err := checkText("id", u.ID, "IDBytes", l.IDBytes); err != nil {
		return err
	}
	return checkText("type", u.Type, "TypeBytes", l.TypeBytes)
}

// checkMatchers returns an [*InvalidError] or a [*LimitError] unless ms can be subscribed to under l.
func checkMatchers(ms topic.Matchers, l Limits) error {
	if len(ms) == 0 {
		return &InvalidError{Field: "matcher", Reason: "is missing"}
	}
	if len(ms) > l.Matchers {
		return &LimitError{Limit: "Matchers", Max: l.Matchers, Got: len(ms)}
	}
	for _, m := range ms {
		if m.Value() == "" {
			return &InvalidError{Field: "matcher", Reason: "is empty"}
		}
		if err := checkText("matcher", m.Value(), "TopicBytes", l.TopicBytes); err != nil {
			return err
		}
	}
	return nil
}

func checkText(field, s, limit string, max int) error {
	if len(s) > max {
		return &LimitError{Limit: limit, Max: max, Got: len(s)}
	}
	if err := topic.CheckString(s); err != nil {
		return &InvalidError{Field: field, Reason: "has a forbidden character: " + strings.TrimPrefix(err.Error(), "topic: ")}
	}
	return nil
}
