package suite

import (
	"encoding/json"
	"strings"
)

func legacyPresenceRules() []Rule {
	rules := section("1.14",
		rule("presence-id", "a subscription's id is the path of the hub, subscriptions, topic and subscriber", legacy,
			Must, func(t *probe) {
				for _, topic := range []string{t.topic("a"), t.topic("/ü %2F?&")} {
					_, d := t.announced(topic)
					want := t.subscriptions(topic, d.Subscriber)
					t.check(strings.EqualFold(d.ID, want), "id is %q, want %q", d.ID, want)
				}
			}),
		rule("presence-document", "its document is JSON-LD of type Subscription", legacy, Must, func(t *probe) {
			_, d := t.announced(t.topic("a"))
			t.check(d.Context == "https://mercure.rocks/", "@context is %q", d.Context)
			t.check(d.Type == "Subscription", "type is %q", d.Type)
			t.check(d.Topic == t.topic("a"), "topic is %q", d.Topic)
			t.check(d.Subscriber != "" && d.Active != nil, "subscriber or active is missing")
		}),
		rule("presence-event", "the events have the default type", legacy, Must, func(t *probe) {
			_, d := t.announced(t.topic("a"))
			t.check(d.event == "" || d.event == "message", "the type is %q", d.event)
		}),
		rule("presence-payload", "the payload is that of the token, of any JSON type", legacy, Must, func(t *probe) {
			for _, want := range []string{`{"name":"x"}`, `"x"`, `[1]`} {
				w := t.watch()
				t.listen(t.legacyToken(object{"subscribe": list("x"), "payload": json.RawMessage(want)}), t.topic("a"))
				got := strings.ReplaceAll(string(w.about(t.topic("a")).Payload), " ", "")
				t.check(got == want, "payload is %s, want %s", got, want)
			}
		}),
		rule("presence-api-shape", "the list is JSON-LD of type Subscriptions with lastEventID", legacy, Must,
			func(t *probe) {
				t.announced(t.topic("a"))
				c := t.collect(t.hub.Path + "/subscriptions")
				t.check(c.Context == "https://mercure.rocks/", "@context is %q", c.Context)
				t.check(c.Type == "Subscriptions", "type is %q", c.Type)
				t.check(c.ID == t.hub.Path+"/subscriptions", "id is %q", c.ID)
				t.check(c.LastEventID != "", "there is no lastEventID")
			}),
		rule("presence-api-content-type", "the documents are application/ld+json", legacy, Must, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			for _, path := range []string{t.hub.Path + "/subscriptions", t.subscriptions(t.topic("a"), ""), a.ID} {
				kind := mediaType(t.read(path).Header)
				t.check(kind == "application/ld+json", "Content-Type of %s is %q", path, kind)
			}
		}),
		rule("presence-api-rights", "the path must match a selector of mercure.subscribe", legacy, Must, func(t *probe) {
			path := t.hub.Path + "/subscriptions"
			t.want(t.do(call{url: path, token: t.reader(path)}), "GET with a token for the path", 200)
			one := t.subscriptions("a", "")
			t.want(t.do(call{url: one, token: t.reader(path + "/{topic}")}), "GET with a template", 200)
			t.want(t.do(call{url: path, token: t.grant(list("*"), list(t.topic("a")))}), "GET with another", 401, 403)
			t.want(t.do(call{url: path}), "GET without a token", 401, 403)
		}),
	)
	for i := range rules {
		rules[i].Needs = "subscriptions"
	}
	return rules
}
