package suite

// in returns the same run, speaking a dialect.
func (t *probe) in(d Dialect) *probe {
	target := *t.Target
	target.dialect = d
	return &probe{Target: &target, ctx: t.ctx, nonce: t.nonce, shared: t.shared}
}

func dialectRules() []Rule {
	return section("1.15",
		rule("not-mixed", "topic and match in one subscription are refused", together, Must, func(t *probe) {
			t.open(call{query: fields("topic", "a")}).close()
			t.open(call{query: fields("match", "a")}).close()
			for _, query := range []string{"topic=a&match=a", "match=a&topic=a", "topic=a&match_urlpattern=a"} {
				t.want(t.do(call{query: query}), "subscribing to "+query, 400)
			}
		}),
		rule("prefix-decides", "a name that begins with match makes a subscription 1.0, also beside topic", together, Must,
			func(t *probe) {
				t.open(call{query: fields("topic", "a")}).close()
				for _, query := range []string{"topic=a&matchx=1", "topic=a&Match=a"} {
					t.want(t.do(call{query: query}), "subscribing to "+query, 400)
				}
			}),
		rule("cursor-names", "each spelling of the cursor holds for both dialects", together, Must, func(t *probe) {
			id, _, _ := t.three()
			for _, d := range []Dialect{Modern, Legacy} {
				for _, name := range []string{"last_event_id", "lastEventID", "Last-Event-ID"} {
					s := t.open(call{query: with(t.in(d).exact(t.topic("a")), fields(name, id))})
					t.expect(s, "2", "3")
				}
			}
		}).needs("history"),
		rule("both-answers", "the answer names the event before the first one in both headers", together, Must,
			func(t *probe) {
				id, _, _ := t.three()
				for _, d := range []Dialect{Modern, Legacy} {
					h := t.open(call{query: with(t.in(d).exact(t.topic("a")), fields("last_event_id", id))}).resp.Header
					one, other := h.Get("Mercure-Last-Event-ID"), h.Get("Last-Event-ID")
					t.check(one == id && other == id, "they are %q and %q, want %q", one, other, id)
				}
			}).needs("history"),
		rule("legacy-token-match", "a 0.x token serves a 1.0 subscription", together, Must, func(t *probe) {
			s := t.listen(t.in(Legacy).reader(t.topic("a")), t.topic("a"))
			t.label("1", t.topic("a"), "private", "")
			t.expect(s, "1")
		}),
		rule("modern-token-topic", "a 1.0 token serves a 0.x subscription", together, Must, func(t *probe) {
			s := t.open(call{query: t.in(Legacy).exact(t.topic("a")), token: t.reader(t.topic("a"))})
			t.label("1", t.topic("a"), "private", "")
			t.expect(s, "1")
		}),
		rule("no-bypass", "a 1.0 token that fails its checks is not saved by a 0.x claim", together, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			every := object{"publish": list("*"), "subscribe": list("*")}
			for _, change := range []func(claims object){
				func(claims object) { claims["aud"] = "https://hub.example" },
				func(claims object) { claims["iss"] = "https://issuer.example" },
				func(claims object) { delete(claims, "exp") },
				func(claims object) { claims["authorization_details"] = "x" },
			} {
				token := t.changed(func(_, claims object) {
					claims["mercure"] = every
					change(claims)
				})
				t.want(t.postAs(token, "topic", t.topic("a")), "publishing", 401)
			}
		}),
		rule("claim-ignored", "in a 1.0 token a 0.x claim grants nothing", together, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			claims := t.claims(detail("publish", exactly(t.topic("b"))...))
			claims["mercure"] = object{"publish": list("*"), "subscribe": list("*")}
			t.want(t.postAs(mint(header(), claims, t.config.Key), "topic", t.topic("a")), "publishing", 403)
		}),
		rule("details-ignored", "in a 0.x token authorization details grant nothing", together, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			claims := t.claims(detail("publish", exactly("*")...))
			claims["mercure"] = object{"publish": list(t.topic("b"))}
			token := mint(object{"alg": "HS256"}, claims, t.config.LegacyKey)
			t.want(t.postAs(token, "topic", t.topic("a")), "publishing", 401, 403)
		}),
		rule("legacy-claims-held", "a 0.x token with exp, nbf, aud or iss is held to them", together, Usual, func(t *probe) {
			l := t.in(Legacy)
			good := l.changed(func(_, claims object) { claims["aud"], claims["iss"] = t.config.Resource, t.config.Issuer })
			t.want(t.postAs(good, "topic", t.topic("a")), "publishing with those of the hub", 200)
			for _, name := range list("aud", "iss") {
				token := l.changed(func(_, claims object) { claims[name] = "https://other.example" })
				t.want(t.postAs(token, "topic", t.topic("a")), "publishing with another "+name, 401)
			}
		}),
		rule("cookies", "each cookie carries tokens of its dialect", together, Must, func(t *probe) {
			for _, d := range []Dialect{Modern, Legacy} {
				a := t.in(d).byCookie(t.in(d).all(), "Origin", t.origin())
				t.want(a, "publishing with the cookie of "+string(d), 200)
			}
		}).needs("cookie"),
		rule("query-token", "the parameter authorization carries no 1.0 token, also for a 0.x subscription", together, Must,
			func(t *probe) {
				query := with(t.in(Legacy).exact(t.topic("a")), fields("authorization", t.all()))
				if a := t.do(call{query: query}); a.StatusCode >= 400 {
					return
				}
				s := t.open(call{query: query})
				t.label("1", t.topic("a"), "private", "")
				t.expect(s)
			}),
		rule("cross-publish", "an update reaches subscribers of both dialects, whoever published it", together, Must,
			func(t *probe) {
				m, l := t.listen("", t.topic("a")), t.in(Legacy).listen("", t.topic("a"))
				t.label("1", t.topic("a"))
				t.want(t.postAs(t.in(Legacy).all(), "topic", t.topic("a"), "data", t.nonce+"2"), "publishing with a 0.x token", 200)
				t.expect(m, "1", "2")
				t.expect(l, "1", "2")
			}),
		rule("presence-shapes", "a subscription is described in the shape of its own dialect", together, Must, func(t *probe) {
			w := t.watch()
			t.listen("", t.topic("a"))
			d := w.about(t.topic("a"))
			t.check(d.Type == "subscription" && d.Match == t.topic("a"), "a 1.0 subscription is of type %q", d.Type)
			t.in(Legacy).listen("", t.topic("b"))
			d = w.about(t.topic("b"))
			t.check(d.Type == "Subscription" && d.Topic == t.topic("b"), "a 0.x subscription is of type %q", d.Type)
		}).needs("subscriptions"),
		rule("api-by-token", "the token decides the shape of the API", together, Must, func(t *probe) {
			for d, want := range map[Dialect]string{Modern: "application/json", Legacy: "application/ld+json"} {
				got := mediaType(t.in(d).read(t.hub.Path + "/subscriptions").Header)
				t.check(got == want, "with a token of %s the Content-Type is %q", d, got)
			}
		}).needs("subscriptions"),
	)
}
