package suite

import (
	"net/http"
	"strings"
)

// from returns a header with an Origin.
func from(origin string) http.Header { return http.Header{"Origin": {origin}} }

// preflight asks what pages of an origin may do.
func (t *probe) preflight(url, origin, method, headers string) answer {
	h := from(origin)
	h.Set("Access-Control-Request-Method", method)
	h.Set("Access-Control-Request-Headers", headers)
	return t.do(call{method: http.MethodOptions, url: url, header: h})
}

// lists ends the run if a field is no list that has all names, without regard to case.
func (t *probe) lists(h http.Header, field string, names ...string) {
	value := strings.Join(h.Values(field), ",")
	for _, name := range names {
		found := false
		for item := range strings.SplitSeq(value, ",") {
			found = found || strings.EqualFold(strings.TrimSpace(item), name)
		}
		t.check(found, "%s is %q: without %s", field, value, name)
	}
}

func corsRules() []Rule {
	const allow = "Access-Control-Allow-Origin"
	stream := func(t *probe, origin string) http.Header {
		return t.open(call{query: t.exact(t.topic("a")), header: from(origin)}).resp.Header
	}
	rules := section("1.11",
		rule("origin", "the answer to a listed origin names it", each, Must, func(t *probe) {
			got := stream(t, t.config.Origin).Get(allow)
			t.check(got == t.config.Origin, "%s is %q, want %q", allow, got, t.config.Origin)
		}),
		rule("credentials", "it allows credentials", each, Must, func(t *probe) {
			got := stream(t, t.config.Origin).Get("Access-Control-Allow-Credentials")
			t.check(got == "true", "Access-Control-Allow-Credentials is %q", got)
		}),
		rule("foreign", "an origin that is not listed is neither named nor covered by *", each, Must, func(t *probe) {
			for _, origin := range []string{"https://evil.example", t.config.Origin + ".evil.example", "null"} {
				a := t.do(call{query: t.exact(t.topic("a")), header: from(origin)})
				got := a.Header.Get(allow)
				t.check(got != origin && got != "*", "%s to %s is %q", allow, origin, got)
			}
		}),
		rule("vary", "the answer says that it depends on the origin", each, Usual, func(t *probe) {
			t.lists(stream(t, t.config.Origin), "Vary", "Origin")
		}),
		rule("publish", "the answer to a publication names the origin too", each, Must, func(t *probe) {
			a := t.do(call{
				method: http.MethodPost, form: fields("topic", t.topic("a")), token: t.all(), header: from(t.config.Origin),
			})
			got := t.want(a, "publishing", 200).Header.Get(allow)
			t.check(got == t.config.Origin, "%s is %q", allow, got)
		}),
		rule("cookie-publish", "pages of a listed origin may publish with a cookie", each, Should, func(t *probe) {
			t.want(t.byCookie(t.all(), "Origin", t.config.Origin), "publishing", 200)
		}),
		rule("expose-link", "scripts may read Link", modern, Must, func(t *probe) {
			t.lists(stream(t, t.config.Origin), "Access-Control-Expose-Headers", "Link")
		}),
		rule("expose-cursor", "scripts may read the id of the event before the first one", each, Usual, func(t *probe) {
			name := "Mercure-Last-Event-ID"
			if t.is(Legacy) {
				name = "Last-Event-ID"
			}
			t.lists(stream(t, t.config.Origin), "Access-Control-Expose-Headers", name)
		}),
		rule("preflight", "a preflight of a listed origin is answered with success, the origin and credentials", each,
			Must, func(t *probe) {
				a := t.preflight("", t.config.Origin, "POST", "authorization")
				t.want(a, "the preflight", 200, 204)
				t.check(a.Header.Get(allow) == t.config.Origin, "%s is %q", allow, a.Header.Get(allow))
				t.check(a.Header.Get("Access-Control-Allow-Credentials") == "true", "credentials are not allowed")
			}),
		rule("preflight-headers", "a preflight allows Authorization, Last-Event-ID and Content-Type", each, Must,
			func(t *probe) {
				a := t.preflight("", t.config.Origin, "GET", "authorization,content-type,last-event-id")
				t.lists(a.Header, "Access-Control-Allow-Headers", "Authorization", "Last-Event-ID", "Content-Type")
			}),
		rule("preflight-methods", "a preflight allows GET and POST", each, Must, func(t *probe) {
			a := t.preflight("", t.config.Origin, "POST", "authorization")
			t.lists(a.Header, "Access-Control-Allow-Methods", "GET", "POST")
		}),
		rule("preflight-query", "a preflight allows QUERY", modern, May, func(t *probe) {
			a := t.preflight("", t.config.Origin, "QUERY", "authorization")
			t.lists(a.Header, "Access-Control-Allow-Methods", "QUERY")
		}),
		rule("preflight-foreign", "a preflight of another origin allows nothing", each, Must, func(t *probe) {
			a := t.preflight("", "https://evil.example", "POST", "authorization")
			got := a.Header.Get(allow)
			t.check(got == "", "%s is %q", allow, got)
		}),
	)
	for i := range rules {
		rules[i].Needs = "cors"
	}
	api := section("1.11", rule("api", "the subscription API names the origin and exposes Link too", modern, Must,
		func(t *probe) {
			a := t.do(call{url: t.hub.Path + "/subscriptions", token: t.all(), header: from(t.config.Origin)})
			t.want(a, "GET of the API", 200)
			t.check(a.Header.Get(allow) == t.config.Origin, "%s is %q", allow, a.Header.Get(allow))
			t.lists(a.Header, "Access-Control-Expose-Headers", "Link")
		}).needs("cors"))
	return append(rules, api...)
}
