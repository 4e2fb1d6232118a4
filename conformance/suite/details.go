package suite

import (
	"strconv"
	"strings"
)

// spoiled returns a rule that a detail makes the whole token invalid, also one that has good details beside it.
func spoiled(id, name string, bad ...func(d object)) Rule {
	return rule(id, name+": the whole token is invalid", modern, Must, func(t *probe) {
		good := detail("publish", exactly("*")...)
		two := t.modernToken(good, detail("publish", exactly("x")...))
		t.want(t.postAs(two, "topic", t.topic("a")), "publishing with two good details", 200)
		for i, change := range bad {
			d := detail("publish", exactly(t.topic("a"))...)
			change(d)
			for _, details := range [][]object{{good, d}, {d, good}} {
				a := t.postAs(t.modernToken(details...), "topic", t.topic("a"))
				t.want(a, "publishing with such a detail, no. "+strconv.Itoa(i+1), 401)
			}
		}
	})
}

// set returns a change of a detail.
func set(name string, value any) func(d object) {
	return func(d object) { d[name] = value }
}

func without(name string) func(d object) {
	return func(d object) { delete(d, name) }
}

// publishes returns a rule that a token with details has the right to publish to some topics and not to others.
func publishes(id, name string, level Level, details func(t *probe) []object, yes, no []string) Rule {
	return rule(id, name, modern, level, func(t *probe) {
		token := t.modernToken(details(t)...)
		for _, topic := range yes {
			t.want(t.postAs(token, "topic", t.topic(topic)), "publishing to "+topic, 200)
		}
		for _, topic := range no {
			t.want(t.postAs(token, "topic", t.topic(topic)), "publishing to "+topic, 403)
		}
	})
}

func detailRules() []Rule {
	type details = []object
	return section("1.5",
		rule("no-details", "a token without details is valid and grants nothing", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			claims := t.claims()
			delete(claims, "authorization_details")
			for _, token := range []string{t.modernToken(), mint(header(), claims, t.config.Key)} {
				t.want(t.postAs(token, "topic", t.topic("a")), "publishing", 403)
				s := t.listen(token, t.topic("a"))
				t.label("1", t.topic("a"), "private", "")
				t.label("2", t.topic("a"))
				t.expect(s, "2")
				s.close()
			}
		}),
		publishes("other-types", "details of other types are ignored, whatever they say", Must, func(t *probe) details {
			return details{
				{"type": "payment", "actions": 1, "topics": "x"},
				detail("publish", exactly(t.topic("a"))...),
				{"type": "x", "actions": []any{"publish"}, "topics": exactly("*")},
			}
		}, list("a"), list("b")),
		publishes("type-bytewise", "the type of details is compared byte by byte", Must, func(t *probe) details {
			one, two := detail("publish", exactly("*")...), detail("publish", exactly("*")...)
			one["type"], two["type"] = strings.ToUpper(detailType), detailType+"/"
			return details{one, two, detail("publish", exactly(t.topic("a"))...)}
		}, list("a"), list("b")),
		publishes("unknown-actions", "unknown actions are ignored", Must, func(t *probe) details {
			d := detail("publish", exactly(t.topic("a"))...)
			d["actions"] = []any{"dance", "publish"}
			other := detail("Publish", exactly("*")...)
			return details{d, other}
		}, list("a"), list("b")),
		publishes("union", "the details of a token add up", Must, func(t *probe) details {
			return details{detail("publish", exactly(t.topic("a"))...), detail("publish", exactly(t.topic("b"), t.topic("c"))...)}
		}, list("a", "b", "c"), list("d")),
		publishes("default-type", "a matcher without match_type is exact", Must, func(t *probe) details {
			return details{detail("publish", exactly(t.topic(":id"))...)}
		}, list(":id"), list("a")),
		publishes("exact-type", "match_type exact is exact", Must, func(t *probe) details {
			return details{detail("publish", matcher("exact", t.topic(":id")))}
		}, list(":id"), list("a")),
		publishes("urlpattern-type", "match_type urlpattern is a URL Pattern", Must, func(t *probe) details {
			return details{detail("publish", matcher("urlpattern", t.topic("x/:id")))}
		}, list("x/1", "x/2"), list("x/1/2", "y/1")),
		rule("both-actions", "a detail may have both actions", modern, Must, func(t *probe) {
			d := detail("publish", exactly(t.topic("a"))...)
			d["actions"] = []any{"publish", "subscribe"}
			token := t.modernToken(d)
			s := t.listen(token, t.topic("a"))
			t.want(t.postAs(token, "topic", t.topic("a"), "data", t.nonce+"1", "private", ""), "publishing", 200)
			t.expect(s, "1")
		}),
		rule("details-array", "authorization_details that is no array makes the token invalid", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			for _, value := range []any{"x", 1, detail("publish", exactly("*")...)} {
				token := t.changed(func(_, claims object) { claims["authorization_details"] = value })
				t.want(t.postAs(token, "topic", t.topic("a")), "publishing", 401)
			}
		}),
		spoiled("actions-missing", "a detail without actions", without("actions"), set("actions", []any{})),
		spoiled("actions-type", "a detail whose actions are no list of strings", set("actions", "publish"),
			set("actions", []any{"publish", 1}), set("actions", []any{nil})),
		spoiled("topics-missing", "a detail without topics", without("topics"), set("topics", []any{})),
		spoiled("topics-strings", "a detail whose topics are bare strings", set("topics", []any{"*"}),
			set("topics", "*"), set("topics", []any{object{"match": "a"}, "b"})),
		spoiled("match-type", "a detail with a matcher whose match is no string", set("topics", []any{object{"match": 1}}),
			set("topics", []any{object{"match_type": "exact"}})),
		spoiled("match-type-unknown", "a detail with a match_type that is not supported",
			set("topics", []any{matcher("regexp", ".*")}), set("topics", []any{matcher("URLPattern", "/x")}),
			set("topics", []any{object{"match": "a", "match_type": 1}})),
		spoiled("match-pattern", "a detail with a URL Pattern that cannot be parsed",
			set("topics", []any{matcher("urlpattern", "https://a.example/(open")})),
		spoiled("match-strings", "a detail with a matcher that breaks the rules for strings",
			set("topics", exactly("a\x00b")), set("topics", exactly("a\u200bb"))),
		spoiled("payload-type", "a detail whose payload is no object", set("payload", "x"), set("payload", []any{1})),
		rule("too-many-matchers", "more matchers than the limit make the token invalid", modern, Must, func(t *probe) {
			most := t.config.MaxMatchers
			matchers := make([]string, most+1)
			for i := range matchers {
				matchers[i] = "m" + strconv.Itoa(i)
			}
			matchers[0] = t.topic("a")
			t.want(t.postAs(t.writer(matchers[:most]...), "topic", t.topic("a")), "as many as the limit", 200)
			t.want(t.postAs(t.writer(matchers...), "topic", t.topic("a")), "one more than the limit", 401)
		}),
		rule("too-many-details", "more details than the limit make the token invalid", modern, Must, func(t *probe) {
			var many details
			for i := range t.config.MaxMatchers + 1 {
				many = append(many, detail("publish", exactly(t.topic("a"+strconv.Itoa(i)))...))
			}
			t.want(t.postAs(t.modernToken(many[1:]...), "topic", t.topic("a1")), "as many as the limit", 200)
			t.want(t.postAs(t.modernToken(many...), "topic", t.topic("a1")), "one more than the limit", 401)
		}),
		rule("too-long-pattern", "a longer pattern than the limit makes the token invalid", modern, Must, func(t *probe) {
			long := strings.Repeat("a", t.config.MaxPattern+1)
			t.want(t.postAs(t.writer("*", long[1:]), "topic", t.topic("a")), "as long as the limit", 200)
			t.want(t.postAs(t.writer("*", long), "topic", t.topic("a")), "one byte more than the limit", 401)
		}),
	)
}
