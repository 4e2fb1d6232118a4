package protocol

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// subscription describes one matcher of a stream to others, in the dialect in which it was asked for.
type subscription struct {
	hubPath    string // as clients know it
	dialect    auth.Dialect
	kind       string // the matcher's type; empty in protocol 0.x
	match      string
	subscriber fanout.SubscriberID
	payload    json.RawMessage // what the token says of its bearer
}

var _ hub.Presence = (*subscription)(nil)

// The types of matchers that protocol 1.0 has names for.
const (
	matchExact   = "exact"
	matchPattern = "urlpattern"
)

// contextLegacy is the JSON-LD context of documents of protocol 0.x.
const contextLegacy = "https://mercure.rocks/"

// presence returns what describes a stream's subscriptions to others.
func (h *handler) presence(r *http.Request, asked auth.Dialect, ms topic.Matchers, access *Access) func(fanout.SubscriberID) []hub.Presence {
	if !h.hub.Options().Subscriptions {
		return nil
	}
	hubPath := h.public.EscapedPath()
	if h.options.PublicURL == "" && h.fixed == nil {
		if hubPath = r.URL.EscapedPath(); hubPath != DefaultPath {
			hubPath = strings.Clone(hubPath) // of the whole request
		}
	}
	token := access.Token
	return func(id fanout.SubscriberID) []hub.Presence {
		described := make([]hub.Presence, 0, len(ms))
		for _, m := range ms {
			s := &subscription{
				hubPath: hubPath, dialect: dialectOf(asked, m), match: m.Value(), subscriber: id,
			}
			if s.dialect == auth.Modern {
				s.kind = typeOf(m)
			}
			if token != nil {
				s.payload = token.PayloadFor(m.Value())
			}
			described = append(described, s)
		}
		return described
	}
}

// dialectOf returns the dialect in which a subscription is described: the one in which it was asked for. Where a
// program has chosen the matcher, it is the one that has such matchers.
func dialectOf(asked auth.Dialect, m topic.Matcher) auth.Dialect {
	switch {
	case asked != 0:
		return asked
	case m.Kind() == topic.KindTemplate:
		return auth.Legacy
	}
	return auth.Modern
}

// typeOf returns the name of a matcher's type. The wildcard counts as exact, whatever it was asked for as.
func typeOf(m topic.Matcher) string {
	if m.Kind() == topic.KindPattern {
		return matchPattern
	}
	return matchExact
}

// Group implements [hub.Presence].
func (s *subscription) Group() hub.PresenceGroup {
	return hub.PresenceGroup{Dialect: s.dialect.String(), Type: s.kind, Match: s.match}
}

// id returns the topic that names s.
func (s *subscription) id() string {
	if s.dialect == auth.Legacy {
		return subscriptionsPath(s.hubPath, s.match, s.subscriber.String())
	}
	return subscriptionsPath(s.hubPath, s.kind, s.match, s.subscriber.String())
}

// Update implements [hub.Presence].
func (s *subscription) Update(active bool) eventlog.Update {
	u := eventlog.Update{Topics: []string{s.id()}, Private: true}
	if s.dialect == auth.Legacy {
		document := s.legacy(active)
		document.Context = contextLegacy
		u.Data = marshal(document)
		return u
	}
	u.Type = typeSubscriptionEvent
	u.Data = marshal(s.modern(active))
	return u
}

// typeSubscriptionEvent is the event type of what protocol 1.0 says of subscriptions. Nobody can publish it.
const typeSubscriptionEvent = "mercure"

// modernSubscription is the document of one subscription in protocol 1.0.
type modernSubscription struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	MatchType  string          `json:"match_type"`
	Match      string          `json:"match"`
	Subscriber string          `json:"subscriber"`
	Active     bool            `json:"active"`
	Payload    json.RawMessage `json:"payload,omitempty"`
}

func (s *subscription) modern(active bool) modernSubscription {
	return modernSubscription{
		ID: s.id(), Type: "subscription", MatchType: s.kind, Match: s.match,
		Subscriber: s.subscriber.String(), Active: active, Payload: s.payload,
	}
}

// legacySubscription is the document of one subscription in protocol 0.x. Context and LastEventID are only at the root
// of what is sent.
type legacySubscription struct {
	Context     string          `json:"@context,omitempty"`
	ID          string          `json:"id"`
	Type        string          `json:"type"`
	Subscriber  string          `json:"subscriber"`
	Topic       string          `json:"topic"`
	Active      bool            `json:"active"`
	LastEventID string          `json:"lastEventID,omitempty"`
	Payload     json.RawMessage `json:"payload,omitempty"`
}

func (s *subscription) legacy(active bool) legacySubscription {
	return legacySubscription{
		ID: s.id(), Type: "Subscription", Topic: s.match,
		Subscriber: s.subscriber.String(), Active: active, Payload: s.payload,
	}
}

// marshal returns the JSON of a document, in one line.
func marshal(document any) string {
	b, err := json.Marshal(document)
	if err != nil {
		return "{}" // a payload that is no JSON, which no token can have
	}
	return string(b)
}
