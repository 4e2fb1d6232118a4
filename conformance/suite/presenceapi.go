package suite

import (
	"encoding/json"
	"net/http"
	"strings"
)

// collection is what the API says of several subscriptions, in either dialect.
type collection struct {
	Context       string     `json:"@context"`
	ID            string     `json:"id"`
	Type          string     `json:"type"`
	LastEventID   string     `json:"lastEventID"`
	Subscriptions []document `json:"subscriptions"`
}

// read reads a path of the API with a token that grants everything.
func (t *probe) read(path string) answer {
	return t.want(t.do(call{url: path, token: t.all()}), "GET "+path, 200)
}

// collect reads a collection of the API.
func (t *probe) collect(path string) collection {
	var c collection
	if err := json.Unmarshal([]byte(t.read(path).body), &c); err != nil {
		t.fail("the answer to GET %s is no JSON document: %v", path, err)
	}
	return c
}

// announced subscribes to a topic and returns the stream and what was announced of it.
func (t *probe) announced(topic string) (*stream, document) {
	w := t.watch()
	defer w.close()
	s := t.listen("", topic)
	return s, w.about(topic)
}

// has reports whether a collection has an active subscription of the id.
func (c collection) has(id string) bool {
	for _, d := range c.Subscriptions {
		if d.ID == id && d.active() {
			return true
		}
	}
	return false
}

func presenceAPIRules() []Rule {
	link := func(t *probe) string {
		t.announced(t.topic("a"))
		return t.read(t.hub.Path + "/subscriptions").Header.Get("Link")
	}
	rules := section("1.9",
		rule("api-all", "GET of subscriptions lists them all", each, Should, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			_, b := t.announced(t.topic("b"))
			c := t.collect(t.hub.Path + "/subscriptions")
			t.check(c.has(a.ID) && c.has(b.ID), "of two active subscriptions not both are listed")
		}),
		rule("api-all-shape", "the list has its id, type subscriptions, and subscriptions of type subscription", modern,
			Must, func(t *probe) {
				t.announced(t.topic("a"))
				c := t.collect(t.hub.Path + "/subscriptions")
				t.check(c.ID == t.hub.Path+"/subscriptions", "id is %q", c.ID)
				t.check(c.Type == "subscriptions", "type is %q", c.Type)
				for _, d := range c.Subscriptions {
					t.check(d.Type == "subscription" || d.Type == "Subscription", "one is of type %q", d.Type)
				}
			}),
		rule("api-matcher", "GET of a matcher's subscriptions lists only them", each, Should, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			_, b := t.announced(t.topic("b"))
			c := t.collect(t.subscriptions(t.topic("a"), ""))
			t.check(c.has(a.ID) && !c.has(b.ID), "listed are %d, among them the other topic's: %t",
				len(c.Subscriptions), c.has(b.ID))
		}),
		rule("api-one", "GET of a subscription returns its document", each, Should, func(t *probe) {
			_, a := t.announced(t.topic("a b/ü%"))
			d := t.decode(t.read(a.ID).body)
			t.check(d.ID == a.ID && d.Subscriber == a.Subscriber && d.active(), "got %q", d.ID)
		}),
		rule("api-unknown", "GET of a subscription that is not there is answered with 404", each, Must, func(t *probe) {
			t.announced(t.topic("a"))
			path := t.subscriptions(t.topic("a"), "nobody")
			t.want(t.do(call{url: path, token: t.all()}), "GET "+path, 404)
		}),
		rule("api-ended", "a subscription that has ended is not listed as active, and it is 404 or not active itself",
			each, Must, func(t *probe) {
				w := t.watch()
				s := t.listen("", t.topic("a"))
				a := w.about(t.topic("a"))
				t.check(t.collect(t.subscriptions(t.topic("a"), "")).has(a.ID), "it was not listed before")
				s.close()
				w.about(t.topic("a"))
				t.check(!t.collect(t.subscriptions(t.topic("a"), "")).has(a.ID), "it is still listed as active")
				one := t.want(t.do(call{url: a.ID, token: t.all()}), "GET of it", 200, 404)
				t.check(one.StatusCode == 404 || !t.decode(one.body).active(), "it is still active")
			}),
		rule("api-announced", "who is announced is listed", each, Must, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			t.check(t.collect(t.subscriptions(t.topic("a"), "")).has(a.ID), "it is not listed")
		}),
		rule("api-content-type", "the documents are application/json", modern, Must, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			for _, path := range []string{t.hub.Path + "/subscriptions", t.subscriptions(t.topic("a"), ""), a.ID} {
				kind := mediaType(t.read(path).Header)
				t.check(kind == "application/json", "Content-Type of %s is %q", path, kind)
			}
		}),
		rule("api-no-token", "without a token the API is answered with 401 and a challenge", modern, Must, func(t *probe) {
			a := t.want(t.do(call{url: t.hub.Path + "/subscriptions"}), "GET without a token", 401)
			t.check(!strings.Contains(t.challenge(a), "error"), "the challenge has an error")
		}),
		rule("api-not-granted", "a token that does not grant the path is answered with 403 and insufficient_scope",
			modern, Must, func(t *probe) {
				t.announced(t.topic("a"))
				token := t.grant(list("*"), list(t.topic("a"), t.hub.Path))
				for _, path := range []string{t.hub.Path + "/subscriptions", t.subscriptions(t.topic("a"), "")} {
					t.errorCode(t.want(t.do(call{url: path, token: token}), "GET "+path, 403), "insufficient_scope")
				}
			}),
		rule("api-granted", "a token that grants exactly the path is enough, and only for it", modern, Must, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			paths := []string{t.hub.Path + "/subscriptions", t.subscriptions(t.topic("a"), ""), a.ID}
			for i, path := range paths {
				t.want(t.do(call{url: path, token: t.reader(path)}), "GET "+path, 200)
				other := paths[(i+1)%len(paths)]
				t.want(t.do(call{url: path, token: t.reader(other)}), "GET "+path+" with a token for another", 403)
			}
		}),
		rule("api-pattern", "a token may grant the path by a URL Pattern", modern, Must, func(t *probe) {
			_, a := t.announced(t.topic("a"))
			token := t.modernToken(detail("subscribe",
				matcher("urlpattern", t.hub.Path+"/subscriptions/exact/:match{/:subscriber}?")))
			t.want(t.do(call{url: t.subscriptions(t.topic("a"), ""), token: token}), "GET of the matcher", 200)
			t.want(t.do(call{url: a.ID, token: token}), "GET of the subscription", 200)
			t.want(t.do(call{url: t.hub.Path + "/subscriptions", token: token}), "GET of all", 403)
		}),
		rule("api-query", "the query of the request is no part of what must be granted", modern, Must, func(t *probe) {
			path := t.hub.Path + "/subscriptions"
			t.want(t.do(call{url: path, query: "x=y", token: t.reader(path)}), "GET with a query", 200)
		}),
		rule("api-link", "Link names the hub and the last event", modern, Must, func(t *probe) {
			value := link(t)
			target, params, _ := strings.Cut(strings.TrimPrefix(value, "<"), ">")
			t.check(strings.HasSuffix(target, t.hub.Path), "Link is %q: not to the hub", value)
			t.check(strings.Contains(params, `rel="mercure"`) || strings.Contains(params, "rel=mercure"), "Link is %q", value)
			t.check(strings.Contains(params, "last-event-id="), "Link is %q: without last-event-id", value)
		}),
		rule("api-link-types", "Link says what is sent: type mercure, content-type application/json", modern, Should,
			func(t *probe) {
				value := link(t)
				t.check(strings.Contains(value, `;type="mercure"`) || strings.Contains(value, `; type="mercure"`),
					"Link is %q", value)
				t.check(strings.Contains(value, `content-type="application/json"`), "Link is %q", value)
			}),
		rule("api-cursor", "the last event of Link is a cursor: nothing after the list is missed", modern, Must,
			func(t *probe) {
				s, a := t.announced(t.topic("a"))
				_, rest, _ := strings.Cut(t.read(a.ID).Header.Get("Link"), `last-event-id="`)
				id, _, _ := strings.Cut(rest, `"`)
				t.check(id != "", "Link has no last-event-id in quotes")
				w := t.watch()
				s.close()
				w.about(t.topic("a"))
				late := t.open(call{query: with(t.everything(), fields("last_event_id", unescape(id))), token: t.all()})
				t.check(!late.about(t.topic("a")).active(), "the first event after the list is not that it ended")
			}),
		rule("api-etag", "ETag is the last event, and If-None-Match is answered with 304", modern, Usual, func(t *probe) {
			t.announced(t.topic("a"))
			// Others than this suite may subscribe meanwhile, which changes the tag: one of several attempts must succeed.
			for range 20 {
				tag := t.read(t.hub.Path + "/subscriptions").Header.Get("ETag")
				t.check(strings.HasPrefix(tag, `"`) || strings.HasPrefix(tag, `W/"`), "ETag is %q", tag)
				a := t.do(call{
					url: t.hub.Path + "/subscriptions", token: t.all(), header: http.Header{"If-None-Match": {tag}},
				})
				if a.StatusCode == http.StatusNotModified {
					return
				}
			}
			t.fail("If-None-Match with the ETag was never answered with 304")
		}).byItself(),
		rule("api-cache", "answers must be revalidated", modern, Usual, func(t *probe) {
			value := t.read(t.hub.Path + "/subscriptions").Header.Get("Cache-Control")
			t.check(strings.Contains(value, "must-revalidate") || strings.Contains(value, "no-cache") ||
				strings.Contains(value, "no-store"), "Cache-Control is %q", value)
		}),
		rule("api-method", "the API takes no other method", each, Must, func(t *probe) {
			t.read(t.hub.Path + "/subscriptions")
			a := t.do(call{method: http.MethodPost, url: t.hub.Path + "/subscriptions", form: "topic=x", token: t.all()})
			t.want(a, "POST", 405)
		}),
	)
	for i := range rules {
		rules[i].Needs = "subscriptions"
	}
	return rules
}

// unescape takes the backslashes out of a quoted string of a header.
func unescape(s string) string { return strings.ReplaceAll(s, `\`, "") }
