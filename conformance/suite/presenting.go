package suite

import "net/http"

// byCookie publishes with a token in a cookie and further header fields.
func (t *probe) byCookie(token string, more ...string) answer {
	h := t.cookie(token)
	for i := 0; i < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return t.do(call{method: http.MethodPost, form: fields("topic", t.topic("a"), "data", "x"), header: h})
}

// refused are the statuses of a request whose token was not accepted, or not looked for where it was.
var refused = []int{401, 403, 400}

func presentingRules() []Rule {
	authorization := func(t *probe, value string) answer {
		return t.do(call{
			method: http.MethodPost, form: fields("topic", t.topic("a"), "data", "x"),
			header: http.Header{"Authorization": {value}},
		})
	}
	rules := []Rule{
		rule("bearer", "Authorization: Bearer carries a token", each, Must, func(t *probe) {
			t.want(authorization(t, "Bearer "+t.all()), "publishing", 200)
		}),
		rule("bearer-case", "the name of the scheme is compared without regard to case", modern, Must, func(t *probe) {
			for _, scheme := range []string{"bearer", "BEARER", "bEaReR"} {
				t.want(authorization(t, scheme+" "+t.all()), "publishing with "+scheme, 200)
			}
		}),
		rule("other-scheme", "a token under another scheme is none", each, Must, func(t *probe) {
			t.want(authorization(t, "Bearer "+t.all()), "publishing with Bearer", 200)
			for _, scheme := range []string{"Basic", "Token", "DPoP"} {
				t.want(authorization(t, scheme+" "+t.all()), "publishing with "+scheme, refused...)
			}
		}),
		rule("not-in-query", "a 1.0 token in the URL is not accepted", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			for _, name := range []string{"access_token", "authorization"} {
				a := t.do(call{method: http.MethodPost, query: fields(name, t.all()), form: fields("topic", t.topic("a"))})
				t.want(a, "publishing with the parameter "+name, refused...)
			}
		}),
		rule("not-in-query-stream", "a 1.0 token in the URL grants a stream nothing", modern, Must, func(t *probe) {
			for _, name := range []string{"access_token", "authorization"} {
				query := with(t.exact(t.topic("a")), fields(name, t.all()))
				if a := t.do(call{query: query}); a.StatusCode >= 400 {
					continue // to refuse it is as good
				}
				s := t.open(call{query: query})
				t.label("1", t.topic("a"), "private", "")
				t.expect(s)
			}
		}),
		rule("not-in-form", "a token in the form is not accepted", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			for _, name := range []string{"access_token", "authorization"} {
				a := t.postAs("", "topic", t.topic("a"), name, t.all())
				t.want(a, "publishing with the field "+name, refused...)
			}
		}),
		rule("header-no-origin", "a token in the header needs no Origin, and the hub's own does no harm",
			each, Must, func(t *probe) {
				t.publish("topic", t.topic("a"))
				a := t.do(call{
					method: http.MethodPost, form: fields("topic", t.topic("a")), token: t.all(),
					header: http.Header{"Origin": {t.origin()}},
				})
				t.want(a, "publishing from the hub's own origin", 200)
			}),
	}
	cookies := []Rule{
		rule("cookie-stream", "a cookie carries a token for a stream", each, Must, func(t *probe) {
			s := t.open(call{query: t.exact(t.topic("a")), header: t.cookie(t.reader(t.topic("a")))})
			t.label("1", t.topic("a"), "private", "")
			t.expect(s, "1")
		}),
		rule("cookie-publish", "a cookie carries a token for publishing from the hub's own origin", each, Must,
			func(t *probe) {
				t.want(t.byCookie(t.all(), "Origin", t.origin()), "publishing", 200)
			}),
		rule("header-wins", "the header beats the cookie, whose token is not looked at", each, Must, func(t *probe) {
			a := t.do(call{
				method: http.MethodPost, form: fields("topic", t.topic("a")), token: t.all(), header: t.cookie("rubbish"),
			})
			t.want(a, "publishing with a good token in the header and none in the cookie", 200)
		}),
		rule("header-loses", "a bad token in the header is not made good by the cookie", each, Must, func(t *probe) {
			h := t.cookie(t.all())
			h.Set("Origin", t.origin())
			c := call{method: http.MethodPost, form: fields("topic", t.topic("a")), header: h}
			t.want(t.do(c), "publishing with the cookie alone", 200)
			c.token = t.changed(func(_, claims object) { claims["exp"] = 1 })
			t.want(t.do(c), "publishing with a token in the header that has ended", 401)
		}),
		rule("cookie-bad", "a bad token in the cookie is refused", each, Must, func(t *probe) {
			t.want(t.byCookie(t.all(), "Origin", t.origin()), "publishing with a good one", 200)
			bad := t.changed(func(_, claims object) { claims["exp"] = 1 })
			t.want(t.byCookie(bad, "Origin", t.origin()), "publishing with one that has ended", 401)
		}),
		rule("csrf-missing", "publishing with a cookie, without Origin and Referer, is refused", each, Should,
			func(t *probe) {
				t.want(t.byCookie(t.all(), "Origin", t.origin()), "publishing with an Origin", 200)
				t.want(t.byCookie(t.all()), "publishing without", refused...)
			}),
		rule("csrf-foreign", "publishing with a cookie from a foreign origin is refused", each, Should, func(t *probe) {
			t.want(t.byCookie(t.all(), "Origin", t.origin()), "publishing from the hub's origin", 200)
			for _, origin := range []string{"https://evil.example", "null", t.origin() + ".evil.example"} {
				t.want(t.byCookie(t.all(), "Origin", origin), "publishing from "+origin, refused...)
			}
		}),
		rule("csrf-referer", "without Origin, a Referer of the hub's origin will do", each, Should, func(t *probe) {
			t.want(t.byCookie(t.all(), "Referer", t.origin()+"/page?x"), "publishing from a page of the hub", 200)
		}),
		rule("csrf-foreign-referer", "a foreign Referer is refused", each, Should, func(t *probe) {
			t.want(t.byCookie(t.all(), "Referer", t.origin()+"/page"), "publishing from a page of the hub", 200)
			for _, referer := range []string{
				"https://evil.example/", "https://evil.example/?" + t.origin(), t.origin() + "@evil.example/",
			} {
				t.want(t.byCookie(t.all(), "Referer", referer), "publishing from "+referer, refused...)
			}
		}),
		rule("csrf-origin-first", "a Referer does not make a foreign Origin good", each, Should, func(t *probe) {
			t.want(t.byCookie(t.all(), "Origin", t.origin(), "Referer", t.origin()+"/"), "publishing from the hub", 200)
			a := t.byCookie(t.all(), "Origin", "https://evil.example", "Referer", t.origin()+"/")
			t.want(a, "publishing from a foreign origin", refused...)
		}),
	}
	for i := range cookies {
		cookies[i].Needs = "cookie"
	}
	return section("1.5", append(rules, cookies...)...)
}
