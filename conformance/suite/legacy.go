package suite

import (
	"net/http"
	"strconv"
	"time"
)

// legacyClaims returns a rule that a 0.x token of some claims may publish to topic a, or is answered otherwise.
func legacyClaims(id, name string, level Level, claims func(t *probe) object, statuses ...int) Rule {
	return rule(id, name, legacy, level, func(t *probe) {
		t.publish("topic", t.topic("a"))
		token := mint(object{"alg": "HS256"}, claims(t), t.config.LegacyKey)
		t.want(t.postAs(token, "topic", t.topic("a")), "publishing", statuses...)
	})
}

func legacyRules() []Rule {
	every := object{"publish": list("*"), "subscribe": list("*")}
	byQuery := func(t *probe, query, token string) answer {
		return t.do(call{
			method: http.MethodPost, query: fields("authorization", query), token: token,
			form: fields("topic", t.topic("a"), "data", "x"),
		})
	}
	past := func(t *probe) string { return t.changed(func(_, claims object) { claims["exp"] = 1 }) }
	return section("1.14",
		legacyClaims("bare-token", "a token needs neither typ nor iss, aud or exp", Must,
			func(*probe) object { return object{"mercure": every} }, 200),
		legacyClaims("long-claim", "the claim may be named https://mercure.rocks/", Must,
			func(*probe) object { return object{"https://mercure.rocks/": every} }, 200),
		legacyClaims("long-claim-wins", "the claim https://mercure.rocks/ beats mercure", Must, func(t *probe) object {
			return object{"mercure": every, "https://mercure.rocks/": object{"publish": list(t.topic("b"))}}
		}, 401, 403),
		legacyClaims("no-claim", "a token without the claim grants nothing", Must,
			func(*probe) object { return object{"sub": "somebody"} }, 401, 403),
		legacyClaims("no-publish", "a claim without publish does not grant publishing", Must,
			func(*probe) object { return object{"mercure": object{"subscribe": list("*")}} }, 401, 403),
		legacyClaims("empty-publish", "an empty publish does not grant publishing", Must,
			func(*probe) object { return object{"mercure": object{"publish": list()}} }, 401, 403),
		legacyClaims("nbf", "a token that does not hold yet is refused", Usual, func(*probe) object {
			return object{"mercure": every, "nbf": time.Now().Add(time.Hour).Unix()}
		}, 401),
		rule("typ-jwt", "typ JWT, which most libraries write, is fine", legacy, Must, func(t *probe) {
			token := t.changed(func(head, _ object) { head["typ"] = "JWT" })
			t.want(t.postAs(token, "topic", t.topic("a")), "publishing", 200)
		}),
		rule("query-token", "the parameter authorization carries a token", legacy, Must, func(t *probe) {
			t.want(byQuery(t, t.all(), ""), "publishing", 200)
			s := t.open(call{query: with(t.exact(t.topic("a")), fields("authorization", t.reader(t.topic("a"))))})
			t.label("1", t.topic("a"), "private", "")
			t.expect(s, "1")
		}),
		rule("query-token-bad", "a bad token in the parameter is refused", legacy, Must, func(t *probe) {
			t.want(byQuery(t, t.all(), ""), "publishing with a good one", 200)
			t.want(byQuery(t, past(t), ""), "publishing with one that has ended", 401)
		}),
		rule("header-before-query", "the header beats the parameter authorization", legacy, Must, func(t *probe) {
			t.want(byQuery(t, past(t), t.all()), "a good token in the header", 200)
			t.want(byQuery(t, t.all(), past(t)), "a bad token in the header", 401)
		}),
		rule("query-before-cookie", "the parameter authorization beats the cookie", legacy, Must, func(t *probe) {
			h := t.cookie(past(t))
			h.Set("Origin", t.origin())
			c := call{
				method: http.MethodPost, query: fields("authorization", t.all()), form: fields("topic", t.topic("a")), header: h,
			}
			t.want(t.do(c), "a good token in the parameter", 200)
			c.query, c.header = fields("authorization", past(t)), t.cookie(t.all())
			c.header.Set("Origin", t.origin())
			t.want(t.do(c), "a bad token in the parameter", 401)
		}).needs("cookie"),
		rule("old-cursor", "the parameter Last-Event-ID is a cursor, as before 0.14", legacy, Must, func(t *probe) {
			id, _, _ := t.three()
			t.expect(t.open(call{query: with(t.exact(t.topic("a")), fields("Last-Event-ID", id))}), "2", "3")
		}).needs("history"),
		rule("both-cursors", "a cursor may be given in both spellings at once", legacy, Must, func(t *probe) {
			id, _, _ := t.three()
			query := with(t.exact(t.topic("a")), fields("lastEventID", id, "Last-Event-ID", id))
			t.expect(t.open(call{query: query}), "2", "3")
		}).needs("history"),
		rule("header-before-both", "the header beats both of them", legacy, Must, func(t *probe) {
			first, second, _ := t.three()
			t.expect(t.open(call{
				query:  with(t.exact(t.topic("a")), fields("lastEventID", first, "Last-Event-ID", first)),
				header: http.Header{"Last-Event-Id": {second}},
			}), "3")
		}).needs("history"),
		rule("every-selector", "each topic may be granted by another selector", legacy, Must, func(t *probe) {
			token := t.writer(t.topic("a"), t.topic("b"))
			t.want(t.postAs(token, "topic", t.topic("a"), "topic", t.topic("b")), "publishing", 200)
			t.want(t.postAs(token, "topic", t.topic("a"), "topic", t.topic("c")), "publishing to one more", 401, 403)
		}),
		rule("selectors-or", "the selectors of a subscription are alternatives", legacy, Must, func(t *probe) {
			s := t.open(call{query: with(fields("topic", t.topic("a"), "topic", t.topic("x/{id}")), t.exact())})
			for i, topic := range list("a", "x/1", "b") {
				t.label(strconv.Itoa(i), t.topic(topic))
			}
			t.expect(s, "0", "1")
		}).needs("template"),
	)
}
