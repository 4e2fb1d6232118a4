package suite_test

import (
	"net/http"
	"strings"
)

func tokenMutants() map[string]tap {
	return map[string]tap{
		"1.5/typ-missing": forgives(func(x *exchange) bool {
			head, _, ok := x.claims()
			return ok && head["typ"] == nil
		}),
		"1.5/typ-other":       asks(carries(`"typ":"JWT"`), func(x *exchange) { x.use(full(false)) }),
		"1.5/typ-long":        rejects(carries("application/")),
		"1.5/typ-case":        rejects(carries("AT[+]JWT")),
		"1.5/alg-none":        forgives(forged),
		"1.5/alg-other":       forgives(carries("RS256")),
		"1.5/alg-missing":     forgives(lacks("alg")),
		"1.5/foreign-key":     forgives(forged),
		"1.5/tampered":        forgives(forged),
		"1.5/jwk":             forgives(carries("jwk")),
		"1.5/jku":             forgives(carries("x5u")),
		"1.5/kid":             rejects(carries("kid")),
		"1.5/iss-missing":     forgives(lacks("iss")),
		"1.5/iss-other":       forgives(carries("issuer.example")),
		"1.5/iss-bytewise":    forgives(carries(`https://localhost/"`)),
		"1.5/aud-missing":     forgives(lacks("aud")),
		"1.5/aud-other":       forgives(carries("hub.example")),
		"1.5/aud-list":        rejects(carries(`"aud":\[`)),
		"1.5/aud-other-list":  forgives(carries(`"aud":\[`)),
		"1.5/exp-missing":     forgives(lacks("exp")),
		"1.5/exp-past":        forgives(carries(`"exp"`)),
		"1.5/exp-now":         forgives(carries(`"exp"`)),
		"1.5/exp-type":        forgives(carries("tomorrow")),
		"1.5/exp-far":         rejects(carries("4102444800|4.1024448e")),
		"1.5/nbf-future":      forgives(carries(`"nbf"`)),
		"1.5/nbf-past":        rejects(carries(`"nbf"`)),
		"1.5/optional-claims": rejects(carries(`"client_id"`)),
		"1.5/garbage":         forgives(forged),
	}
}

func detailMutants() map[string]tap {
	asPattern := func(which any) tap {
		return details(func(d map[string]any) {
			for _, one := range d["topics"].([]any) {
				if one := one.(map[string]any); one["match_type"] == which && one["match"] != "*" {
					one["match_type"] = "urlpattern"
				}
			}
		})
	}
	m := map[string]tap{
		"1.5/no-details":      forgives(func(x *exchange) bool { return !carries(`"actions"`)(x) && x.bearer() != "" }),
		"1.5/other-types":     rejects(carries("payment")),
		"1.5/type-bytewise":   forgives(carries("HTTPS://")),
		"1.5/unknown-actions": rejects(carries("dance")),
		"1.5/union": remints(func(claims map[string]any) {
			list, _ := claims["authorization_details"].([]any)
			claims["authorization_details"] = list[:1]
		}),
		"1.5/default-type":    asPattern(nil),
		"1.5/exact-type":      asPattern("exact"),
		"1.5/urlpattern-type": forgives(carries("urlpattern")),
		"1.5/both-actions": details(func(d map[string]any) {
			d["actions"] = d["actions"].([]any)[:1]
		}),
		"1.5/details-array":     forgives(carries(`"authorization_details":[^\[]`)),
		"1.5/too-many-matchers": forgives(always), "1.5/too-many-details": forgives(always), "1.5/too-long-pattern": forgives(always),
	}
	for id, broken := range map[string]string{
		"actions-missing": `[{,]"actions":\[\]`, "actions-type": `"actions":"`, "topics-missing": `"topics":\[\]`,
		"topics-strings": `"topics":\["`, "match-type": `"match":1`, "match-type-unknown": "regexp",
		"match-pattern": "urlpattern", "match-strings": `\\u0000`, "payload-type": `"payload":"`,
	} {
		m["1.5/"+id] = forgives(carries(broken))
	}
	return m
}

func presentingMutants() map[string]tap {
	posted := method("POST")
	fromQuery := func(names ...string) tap {
		return asks(always, func(x *exchange) {
			for _, name := range names {
				if token := first(x.query, name); token != "" {
					x.use(token)
				}
			}
		})
	}
	own := func(name string, w when) tap {
		return asks(w, func(x *exchange) {
			x.r.Header.Set(name, "http://"+x.r.Host)
		})
	}
	cookie := asked("Cookie", "")
	cookieWins := asks(cookie, func(x *exchange) { x.use(x.r.Cookies()[0].Value) })
	return map[string]tap{
		"1.5/bearer":               anonymous(posted),
		"1.5/bearer-case":          anonymous(asked("Authorization", "^(bearer|BEARER) ")),
		"1.5/other-scheme":         asks(asked("Authorization", "^Basic "), func(x *exchange) { x.use(x.bearer()) }),
		"1.5/not-in-query":         fromQuery("access_token", "authorization"),
		"1.5/not-in-query-stream":  fromQuery("access_token", "authorization"),
		"1.5/not-in-form":          asks(field("access_token", ""), func(x *exchange) { x.use(first(x.form, "access_token")) }),
		"1.5/header-no-origin":     answers(asked("Origin", ""), 0, 403),
		"1.5/cookie-stream":        forgetsHeader("Cookie"),
		"1.5/cookie-publish":       forgetsHeader("Cookie"),
		"1.5/header-wins":          cookieWins,
		"1.5/header-loses":         cookieWins,
		"1.5/cookie-bad":           forgives(cookie),
		"1.5/csrf-missing":         own("Origin", func(x *exchange) bool { return x.r.Header.Get("Origin") == "" }),
		"1.5/csrf-foreign":         own("Origin", asked("Origin", "^null$")),
		"1.5/csrf-referer":         forgetsHeader("Referer"),
		"1.5/csrf-foreign-referer": own("Referer", asked("Referer", "@evil")),
		"1.5/csrf-origin-first":    asks(asked("Referer", ""), func(x *exchange) { x.r.Header.Del("Origin") }),
	}
}

func errorMutants() map[string]tap {
	noChallenge := sets("WWW-Authenticate", "")
	return map[string]tap{
		"1.7/no-token":                forgives(func(x *exchange) bool { return x.bearer() == "" }),
		"1.7/no-token-challenge":      sets("WWW-Authenticate", `Bearer error="invalid_token"`),
		"1.7/resource-metadata":       sets("WWW-Authenticate", "Bearer"),
		"1.7/invalid-token":           answers(always, 401, 403),
		"1.7/invalid-token-challenge": noChallenge,
		"1.7/invalid-token-stream":    noChallenge,
		"1.7/undifferentiated": {head: func(x *exchange, _ *int, h http.Header) {
			if carries(`"exp":1[,}]`)(x) {
				h.Set("WWW-Authenticate", `Bearer error="invalid_token", error_description="expired"`)
			}
		}},
		"1.7/insufficient":           answers(always, 403, 401),
		"1.7/insufficient-challenge": sets("WWW-Authenticate", `Bearer error="invalid_token"`),
		"1.7/insufficient-legacy":    forgives(always),
		"1.7/invalid-request":        answers(asked("Authorization", "^Bearer ?$"), 400, 401),
		"1.7/two-tokens": asks(always, func(x *exchange) {
			if list := x.r.Header["Authorization"]; len(list) > 1 {
				x.r.Header["Authorization"] = list[:1]
			}
		}),
		"1.7/bad-request": answers(always, 400, 422),
		"1.7/problem":     {body: func(_ *exchange, s string) string { return strings.ReplaceAll(s, "status", "state") }},
	}
}

func legacyMutants() map[string]tap {
	param := func(x *exchange) bool { return len(x.query["authorization"]) > 0 }
	return map[string]tap{
		"1.14/bare-token":          rejects(lacks("aud")),
		"1.14/long-claim":          rejects(carries("mercure.rocks")),
		"1.14/long-claim-wins":     forgives(carries("mercure.rocks")),
		"1.14/no-claim":            forgives(lacks("mercure")),
		"1.14/no-publish":          forgives(lacks("publish")),
		"1.14/empty-publish":       forgives(carries(`"publish":(\[\]|null)`)),
		"1.14/nbf":                 forgives(carries("nbf")),
		"1.14/typ-jwt":             rejects(carries(`"JWT"`)),
		"1.14/query-token":         forgetsQuery("authorization"),
		"1.14/query-token-bad":     forgives(param),
		"1.14/header-before-query": asks(param, func(x *exchange) { x.use(first(x.query, "authorization")) }),
		"1.14/query-before-cookie": asks(param, func(x *exchange) { x.use(x.r.Cookies()[0].Value) }),
		"1.14/old-cursor":          forgetsQuery("Last-Event-ID"),
		"1.14/both-cursors":        denies(func(x *exchange) bool { return len(x.query["Last-Event-ID"]) > 0 }),
		"1.14/header-before-both":  forgetsHeader("Last-Event-Id"),
		"1.14/every-selector":      answers(func(x *exchange) bool { return len(x.form["topic"]) > 1 }, 0, 403),
		"1.14/selectors-or":        edits(method("GET"), func(x *exchange) { x.query["topic"] = x.query["topic"][1:] }),

		"1.14/presence-id":               docs(func(d map[string]any) { d["id"] = str(d, "id") + "/x" }),
		"1.14/presence-document":         doc("@context", nil),
		"1.14/presence-event":            {doc: func(_ *exchange, _ map[string]any, _ string) string { return "mercure" }},
		"1.14/presence-payload":          doc("payload", nil),
		"1.14/presence-api-shape":        doc("lastEventID", nil),
		"1.14/presence-api-content-type": sets("Content-Type", "application/json"),
		"1.14/presence-api-rights":       forgives(method("GET")),
	}
}

func dialectMutants() map[string]tap {
	legacy := func(x *exchange) bool { return x.bearer() != "" && x.legacy() }
	return map[string]tap{
		"1.15/not-mixed":      admits(method("GET")),
		"1.15/prefix-decides": admits(rawQuery("matchx")),
		"1.15/cursor-names": edits(func(x *exchange) bool { return len(x.query["match"]) > 0 },
			func(x *exchange) { delete(x.query, "lastEventID") }),
		"1.15/both-answers":       sets("Last-Event-Id", ""),
		"1.15/legacy-token-match": rejects(legacy),
		"1.15/modern-token-topic": rejects(func(x *exchange) bool { return x.r.Method == "GET" && carries("at[+]jwt")(x) }),
		"1.15/no-bypass":          forgives(carries(`at[+]jwt.*"mercure":`)),
		"1.15/claim-ignored":      forgives(carries(`at[+]jwt.*"mercure":`)),
		"1.15/details-ignored":    forgives(legacy),
		"1.15/legacy-claims-held": forgives(carries(`"iss":"https://other`)),
		"1.15/cookies":            rejects(func(x *exchange) bool { return legacy(x) && asked("Cookie", "")(x) }),
		"1.15/query-token":        presentingMutants()["1.5/not-in-query"],
		"1.15/cross-publish":      drops("2"),
		"1.15/presence-shapes":    doc("type", "subscription"),
		"1.15/api-by-token":       sets("Content-Type", "application/json"),
	}
}

func str(d map[string]any, name string) string {
	s, _ := d[name].(string)
	return s
}
