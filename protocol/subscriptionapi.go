package protocol

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// The parameters of requests for subscriptions.
const (
	paramLimit = "limit"
	paramAfter = "after"
	paramCount = "count"
)

// How many subscriptions an answer has at most: unless the request says otherwise, and whatever it says.
const (
	defaultListed = 1000
	mostListed    = 10_000
)

// subscriptionQuery is what a request for subscriptions has in its query.
type subscriptionQuery struct {
	limit int
	after uint64
	count bool
}

// serveSubscriptions answers GET below the hub's path with the subscriptions that are active. It is asked in the dialect
// of the request's token, and tells of the subscriptions that were made in this dialect.
func (h *handler) serveSubscriptions(w http.ResponseWriter, r *http.Request, at subscriptionsAt) error {
	const methods = "GET, HEAD, OPTIONS"
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.Header().Set("Allow", methods)
		w.WriteHeader(http.StatusNoContent)
		return nil
	default:
		return methodNotAllowed(w, r, methods)
	}
	if !h.hub.Options().Subscriptions {
		return &problem{Status: http.StatusNotFound, Detail: "this hub does not tell who is subscribed"}
	}
	w.Header().Add("Vary", "Authorization, Cookie")
	access, err := h.authorize(r)
	if err != nil {
		return err
	}
	if !access.Grant.Subscribe.Match(at.path()) {
		if access.anonymous() {
			return explainAuthorizer(ErrNoToken)
		}
		return &problem{
			Status: http.StatusForbidden, Detail: "to see these subscriptions is not granted", challenge: challengeScope,
		}
	}
	query, err := readSubscriptionQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	dialect := h.subscriptionDialect(&access, at.segments)
	group, one, found := at.group(dialect)
	if !found {
		return noSubscription()
	}
	list := subscriptionList{hub: h.hub, at: at, query: query, group: group, dialect: dialect}
	document, err := list.document(one)
	if err != nil {
		return err
	}
	return h.answerSubscriptions(w, r, &list, document)
}

func noSubscription() *problem {
	return &problem{Status: http.StatusNotFound, Detail: "there is no such subscription"}
}

// subscriptionDialect returns the dialect in which r is answered: that of its token. If it has none, the path tells.
func (h *handler) subscriptionDialect(access *Access, segments []string) auth.Dialect {
	switch n := len(segments); {
	case access.Dialect != 0:
		return access.Dialect
	case !h.options.Dialect.takes(auth.Modern):
		return auth.Legacy
	case !h.options.Dialect.takes(auth.Legacy) || n == 0 || n == 3:
		return auth.Modern
	case n == 2 && (segments[0] == matchExact || segments[0] == matchPattern):
		return auth.Modern
	}
	return auth.Legacy
}

// group returns which subscriptions are asked for, and if it is one, whose.
func (at *subscriptionsAt) group(dialect auth.Dialect) (group hub.PresenceGroup, one string, found bool) {
	group.Dialect = dialect.String()
	rest := at.segments
	if slices.Contains(rest, "") {
		return group, "", false
	}
	if dialect == auth.Modern && len(rest) > 0 {
		group.Type = rest[0]
		rest = rest[1:]
		if group.Type != matchExact && group.Type != matchPattern || len(rest) == 0 {
			return group, "", false
		}
	}
	switch len(rest) {
	case 2:
		one = rest[1]
		fallthrough
	case 1:
		group.Match = rest[0]
		fallthrough
	case 0:
		return group, one, true
	}
	return group, "", false
}

// readSubscriptionQuery reads how much is asked for.
func readSubscriptionQuery(text string) (q subscriptionQuery, err error) {
	q.limit = defaultListed
	for name, value := range formPairs(text) {
		switch name {
		case paramLimit:
			q.limit, err = strconv.Atoi(value)
			if err != nil || q.limit < 1 || q.limit > mostListed {
				return q, badField(name, "parameter %q is %s, not a number from 1 to %d", name, quote(value), mostListed)
			}
		case paramAfter:
			if q.after, err = strconv.ParseUint(value, 10, 64); err != nil {
				return q, badField(name, "parameter %q is %s, not what the last answer has for it", name, quote(value))
			}
		case paramCount:
			if value != "1" {
				return q, badField(name, `parameter %q is %s, the only value that it can have is "1"`, name, quote(value))
			}
			q.count = true
		}
	}
	return q, nil
}

// subscriptionList gathers the answer to a request.
type subscriptionList struct {
	hub     *hub.Hub
	at      subscriptionsAt
	query   subscriptionQuery
	group   hub.PresenceGroup
	dialect auth.Dialect

	position eventlog.Position // what was found is not older
	next     uint64
}

// lastEventID returns where a subscriber is to begin that has read the list, so that it misses no change.
func (l *subscriptionList) lastEventID() string {
	if l.position.Offset == 0 {
		return eventlog.Earliest
	}
	return l.position.String()
}

// nextPath returns where the list goes on, "" if it does not.
func (l *subscriptionList) nextPath() string {
	if l.next == 0 {
		return ""
	}
	path := fmt.Sprintf("%s?%s=%d&%s=%d", l.at.path(), paramLimit, l.query.limit, paramAfter, l.next)
	if l.query.count {
		path += "&" + paramCount + "=1"
	}
	return path
}

// subscriptionsDocument is the document of several subscriptions, or of how many there are. Protocol 0.x has the
// members Context and LastEventID.
type subscriptionsDocument struct {
	Context       string              `json:"@context,omitempty"`
	ID            string              `json:"id"`
	Type          string              `json:"type"`
	LastEventID   string              `json:"lastEventID,omitempty"`
	Count         int                 `json:"count"`
	Counts        []subscriptionCount `json:"counts,omitempty"`
	Subscriptions any                 `json:"subscriptions,omitempty"`
	Next          string              `json:"next,omitempty"`
}

// subscriptionCount says how many subscriptions are to the same.
type subscriptionCount struct {
	MatchType string `json:"match_type,omitempty"`
	Match     string `json:"match,omitempty"`
	Topic     string `json:"topic,omitempty"`
	Count     int    `json:"count"`
}

// document returns what is asked for: one subscription, a list, or counts.
func (l *subscriptionList) document(one string) (any, error) {
	if one != "" {
		return l.single(one)
	}
	d := subscriptionsDocument{ID: l.at.path(), Type: "subscriptions"}
	switch {
	case l.query.count && l.group.Match == "":
		counts := l.hub.CountPresent(l.group.Dialect, l.query.after, l.query.limit)
		l.position, l.next, d.Count = counts.Position, counts.Next, counts.Total
		for _, c := range counts.Counts {
			d.Counts = append(d.Counts, l.countOf(c))
		}
	case l.query.count:
		page := l.hub.Present(l.group, 0, 0)
		l.position, d.Count = page.Position, page.Total
	default:
		page := l.hub.Present(l.group, l.query.after, l.query.limit)
		l.position, l.next, d.Count = page.Position, page.Next, page.Total
		d.Subscriptions = l.listed(page.Presences)
	}
	if l.dialect == auth.Legacy {
		d.Context, d.Type, d.LastEventID = contextLegacy, "Subscriptions", l.lastEventID()
	}
	d.Next = l.nextPath()
	return d, nil
}

func (l *subscriptionList) countOf(c hub.PresenceCount) subscriptionCount {
	if l.dialect == auth.Legacy {
		return subscriptionCount{Topic: c.Match, Count: c.Count}
	}
	return subscriptionCount{MatchType: c.Type, Match: c.Match, Count: c.Count}
}

func (l *subscriptionList) listed(presences []hub.Presence) any {
	modern, legacy := []modernSubscription{}, []legacySubscription{}
	for _, p := range presences {
		s, ok := p.(*subscription)
		switch {
		case !ok: // a program's own, which only it can describe
		case l.dialect == auth.Legacy:
			legacy = append(legacy, s.legacy(true))
		default:
			modern = append(modern, s.modern(true))
		}
	}
	if l.dialect == auth.Legacy {
		return legacy
	}
	return modern
}

func (l *subscriptionList) single(subscriber string) (any, error) {
	id, ok := parseSubscriber(subscriber)
	if !ok {
		return nil, noSubscription()
	}
	p, at, found := l.hub.PresentOne(l.group, id)
	l.position = at
	s, ok := p.(*subscription)
	if !found || !ok {
		return nil, noSubscription()
	}
	if l.dialect == auth.Modern {
		return s.modern(true), nil
	}
	d := s.legacy(true)
	d.Context, d.LastEventID = contextLegacy, l.lastEventID()
	return d, nil
}

// answerSubscriptions answers with a document, unless the client has it.
func (h *handler) answerSubscriptions(w http.ResponseWriter, r *http.Request, l *subscriptionList, document any) error {
	about := LinkOptions{LastEventID: l.lastEventID(), ContentType: "application/json", Type: typeSubscriptionEvent}
	if l.dialect == auth.Legacy {
		about.ContentType, about.Type = "application/ld+json", ""
	}
	hubURL := l.at.hubPath
	if h.options.PublicURL != "" {
		hubURL = h.options.PublicURL
	}
	links, err := Link(hubURL, about)
	if err != nil {
		return err
	}
	if next := l.nextPath(); next != "" {
		links = append(links, "<"+next+`>; rel="next"`)
	}
	header := w.Header()
	for _, link := range links {
		header.Add("Link", link)
	}
	tag := `"` + l.lastEventID() + `"`
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, must-revalidate, max-age=0")
	if knows(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", about.ContentType)
	header.Set("X-Content-Type-Options", "nosniff")
	body := marshal(document) + "\n"
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write([]byte(body)) // nobody is left to tell
	return nil
}

// knows reports whether the header If-None-Match has tag. No tag of ours has a comma.
func knows(values []string, tag string) bool {
	for _, value := range values {
		for one := range strings.SplitSeq(value, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if one == tag || one == "*" {
				return true
			}
		}
	}
	return false
}
