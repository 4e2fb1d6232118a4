package protocol

import (
	"fmt"
	"strings"

	"github.com/tidings-hub/tidings/topic"
)

// LinkOptions are what a publisher's own server says in the headers Link of a resource that it publishes updates of.
type LinkOptions struct {
	// Self, if not empty, is the topic of the resource, where that is not its URL.
	Self string
	// LastEventID, if not empty, is where a subscriber is to begin, so that it misses nothing that was published since
	// the resource was read: the id of the last update that is in it, or the position of [hub.Hub.Head].
	LastEventID string
	// ContentType, if not empty, is that of the updates, where it is not that of the resource.
	ContentType string
	// Type, if not empty, is the event type of the updates.
	Type string
}

// Link returns the values of the header Link by which a publisher's own server says where updates of a resource come
// from, to be added to its answer one by one:
//
//	for _, link := range links {
//		w.Header().Add("Link", link)
//	}
//
// It refuses what cannot be in a header, naming the field.
func Link(hubURL string, o LinkOptions) ([]string, error) {
	value, err := linkTarget("the hub's URL", hubURL)
	if err != nil {
		return nil, err
	}
	value += `; rel="mercure"`
	for _, a := range []struct{ name, field, text string }{
		{"last-event-id", "LastEventID", o.LastEventID},
		{"content-type", "ContentType", o.ContentType},
		{"type", "Type", o.Type},
	} {
		if a.text == "" {
			continue
		}
		if err := topic.CheckString(a.text); err != nil {
			return nil, fmt.Errorf("protocol: LinkOptions.%s %.100q: %w", a.field, a.text, err)
		}
		value += "; " + a.name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.text) + `"`
	}
	links := []string{value}
	if o.Self != "" {
		self, err := linkTarget("LinkOptions.Self", o.Self)
		if err != nil {
			return nil, err
		}
		links = append(links, self+`; rel="self"`)
	}
	return links, nil
}

// linkTarget returns a URL as a header Link has it. It is not escaped: clients subscribe to what they read there.
func linkTarget(field, target string) (string, error) {
	if err := topic.CheckString(target); err != nil {
		return "", fmt.Errorf("protocol: %s %.100q: %w", field, target, err)
	}
	if target == "" || strings.ContainsAny(target, `<>" `) {
		return "", fmt.Errorf("protocol: %s %.100q cannot be the target of a link", field, target)
	}
	return "<" + target + ">", nil
}
