package suite

import (
	"encoding/json"
	"net/url"
	"strings"
)

// document describes a subscription, in either dialect.
type document struct {
	Context    string          `json:"@context"`
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	MatchType  string          `json:"match_type"`
	Match      string          `json:"match"`
	Topic      string          `json:"topic"`
	Subscriber string          `json:"subscriber"`
	Active     *bool           `json:"active"`
	Payload    json.RawMessage `json:"payload"`
	event      string          // the type of the event that it came with
}

// active reports whether the subscription is said to be there.
func (d document) active() bool { return d.Active != nil && *d.Active }

// decode returns a document, or ends the run.
func (t *probe) decode(text string) document {
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.fail("a subscription is no JSON document: %v", err)
	}
	return d
}

// escape percent-encodes everything but unreserved characters.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}

// watch subscribes to all subscription events, with a token that grants them.
func (t *probe) watch() *stream { return t.open(call{query: t.everything(), token: t.all()}) }

// everything is the query for all topics.
func (t *probe) everything() string { return fields(t.param(), "*") }

// about returns the next subscription event that is about a matcher.
func (s *stream) about(match string) document {
	for {
		e := s.next()
		if !strings.HasPrefix(e.Data, "{") {
			continue
		}
		if d := s.t.decode(e.Data); d.Match == match || d.Topic == match {
			d.event = e.Type
			return d
		}
	}
}

// subscriptions is where the API has a subscription to an exact topic, or all to it if there is no subscriber.
func (t *probe) subscriptions(match, subscriber string) string {
	path := t.hub.Path + "/subscriptions/"
	if t.is(Modern) {
		path += "exact/"
	}
	path += escape(match)
	if subscriber != "" {
		path += "/" + escape(subscriber)
	}
	return path
}

// payload returns a detail with a payload.
func payload(d object, name string) object {
	d["payload"] = object{"name": name}
	return d
}

func presenceRules() []Rule {
	const odd = "/ü %2F{x}?*&"
	rules := section("1.9",
		rule("active", "who subscribes is announced", each, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic("a"))
			d := w.about(t.topic("a"))
			t.check(d.active(), "the first event says active: false")
		}),
		rule("inactive", "who leaves is announced, by the same id", each, Must, func(t *probe) {
			w := t.watch()
			s := t.listen("", t.topic("a"))
			came := w.about(t.topic("a"))
			s.close()
			left := w.about(t.topic("a"))
			t.check(left.Active != nil && !left.active(), "the second event does not say active: false")
			t.check(left.ID == came.ID && left.Subscriber == came.Subscriber, "%q came, %q left", came.ID, left.ID)
		}),
		rule("private", "these updates are private", each, Must, func(t *probe) {
			w := t.watch()
			s := t.open(call{query: t.everything()})
			other := t.open(call{query: t.everything(), token: t.reader(t.topic("a"))})
			t.listen("", t.topic("a"))
			w.about(t.topic("a"))
			t.label("1", t.topic("a"))
			for _, s := range []*stream{s, other} {
				for e := s.next(); e.Data != t.nonce+"1"; e = s.next() {
					t.check(!strings.Contains(e.Data, t.nonce), "somebody without a grant received %s", short(e.Data))
				}
			}
		}),
		rule("event-type", "their type is mercure", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic("a"))
			got := w.about(t.topic("a")).event
			t.check(got == "mercure", "the type is %q", got)
		}),
		rule("document", "they have a subscription as JSON", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic("a"))
			d := w.about(t.topic("a"))
			t.check(d.Type == "subscription", "type is %q", d.Type)
			t.check(d.MatchType == "exact", "match_type is %q", d.MatchType)
			t.check(d.Subscriber != "", "there is no subscriber")
			t.check(d.Active != nil, "there is no active")
		}),
		rule("id", "the id is the path of the hub, subscriptions, type, match and subscriber", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic("a"))
			d := w.about(t.topic("a"))
			want := t.subscriptions(t.topic("a"), d.Subscriber)
			t.check(strings.EqualFold(d.ID, want), "id is %q, want %q", d.ID, want)
		}),
		rule("id-encoding", "in it, each variable is percent-encoded once", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic(odd))
			d := w.about(t.topic(odd))
			want := t.subscriptions(t.topic(odd), d.Subscriber)
			t.check(strings.EqualFold(d.ID, want), "id is %q, want %q", d.ID, want)
		}),
		rule("topic", "the id is the topic of the update", each, Must, func(t *probe) {
			w := t.watch()
			s := t.listen("", t.topic("a"))
			id := w.about(t.topic("a")).ID
			exact := t.listen(t.reader(id), id)
			s.close()
			d := exact.about(t.topic("a"))
			t.check(d.ID == id, "id is %q, want %q", d.ID, id)
		}),
		rule("pattern-topic", "a relative pattern selects these updates", modern, Must, func(t *probe) {
			pattern := t.hub.Path + "/subscriptions/:type/:match/:subscriber"
			token := t.modernToken(detail("subscribe", matcher("urlpattern", pattern)))
			w := t.open(call{query: fields("match_urlpattern", pattern), token: token})
			t.listen("", t.topic("a"))
			w.about(t.topic("a"))
		}),
		rule("each-matcher", "each matcher of a connection is announced", each, Must, func(t *probe) {
			w, w2 := t.watch(), t.watch() // the order is the hub's
			t.listen("", t.topic("a"), t.topic("b"))
			t.check(w.about(t.topic("a")).active() && w2.about(t.topic("b")).active(), "one is not active")
		}),
		rule("same-subscriber", "the subscriptions of a connection have one subscriber", each, Must, func(t *probe) {
			w, w2 := t.watch(), t.watch()
			t.listen("", t.topic("a"), t.topic("b"))
			a, b := w.about(t.topic("a")).Subscriber, w2.about(t.topic("b")).Subscriber
			t.check(a == b, "the subscribers are %q and %q", a, b)
		}),
		rule("unique-subscriber", "each connection has another subscriber, also with the same token", each, Must,
			func(t *probe) {
				w, token := t.watch(), t.reader(t.topic("a"))
				t.listen(token, t.topic("a"))
				a := w.about(t.topic("a")).Subscriber
				t.listen(token, t.topic("a"))
				b := w.about(t.topic("a")).Subscriber
				t.check(a != b, "both are %q", a)
			}),
		rule("not-chosen", "a client does not choose its subscriber", each, Must, func(t *probe) {
			w := t.watch()
			t.open(call{query: with(t.exact(t.topic("a")), fields("subscriber", "mine", "id", "mine"))})
			got := w.about(t.topic("a")).Subscriber
			t.check(got != "mine", "the subscriber is %q", got)
		}),
		rule("match-types", "match_type is the type of the matcher", modern, Must, func(t *probe) {
			w := t.watch()
			t.selects("match_urlpattern", t.topic("x/:id"))
			d := w.about(t.topic("x/:id"))
			t.check(d.MatchType == "urlpattern", "match_type is %q", d.MatchType)
			want := t.hub.Path + "/subscriptions/urlpattern/" + escape(t.topic("x/:id")) + "/" + escape(d.Subscriber)
			t.check(strings.EqualFold(d.ID, want), "id is %q, want %q", d.ID, want)
		}),
		rule("after-registration", "who is announced receives what is published from then on", each, Must, func(t *probe) {
			for range 5 {
				w := t.watch()
				s := t.listen("", t.topic("a"))
				w.about(t.topic("a"))
				t.label("1", t.topic("a"))
				t.expect(s, "1")
				s.close()
				w.close()
			}
		}),
		rule("payload", "the payload is that of the detail that grants the matcher", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen(t.modernToken(
				payload(detail("subscribe", exactly(t.topic("b"))...), "b"),
				payload(detail("subscribe", exactly(t.topic("a"))...), "a"),
			), t.topic("a"))
			got := string(w.about(t.topic("a")).Payload)
			t.check(strings.ReplaceAll(got, " ", "") == `{"name":"a"}`, "payload is %s", got)
		}),
		rule("payload-first", "of several such details the first one counts", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen(t.modernToken(
				payload(detail("subscribe", exactly(t.topic("a"))...), "first"),
				payload(detail("subscribe", exactly("*")...), "second"),
			), t.topic("a"))
			got := string(w.about(t.topic("a")).Payload)
			t.check(strings.ReplaceAll(got, " ", "") == `{"name":"first"}`, "payload is %s", got)
		}),
		rule("payload-star", "* grants every matcher its payload", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen(t.modernToken(
				payload(detail("subscribe", exactly(t.topic("b"))...), "b"),
				payload(detail("subscribe", exactly("*")...), "default"),
			), t.topic("a"))
			got := string(w.about(t.topic("a")).Payload)
			t.check(strings.ReplaceAll(got, " ", "") == `{"name":"default"}`, "payload is %s", got)
		}),
		rule("payload-publish", "a payload beside the right to publish is none of a subscriber's", modern, Must,
			func(t *probe) {
				w := t.watch()
				t.listen(t.modernToken(payload(detail("publish", exactly("*")...), "publisher")), t.topic("a"))
				got := string(w.about(t.topic("a")).Payload)
				t.check(got == "" || got == "null", "payload is %s", got)
			}),
		rule("payload-none", "without a detail that grants the matcher there is no payload", modern, Must, func(t *probe) {
			w := t.watch()
			t.listen(t.modernToken(payload(detail("subscribe", exactly(t.topic("b"))...), "b")), t.topic("a"))
			got := string(w.about(t.topic("a")).Payload)
			t.check(got == "" || got == "null", "payload is %s", got)
		}),
	)
	for i := range rules {
		rules[i].Needs = "subscriptions"
	}
	return rules
}
