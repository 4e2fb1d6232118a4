package suite_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

const (
	controlChars = `[\x00-\x1f\x7f\x{80}-\x{9f}]`
	formatChars  = `\p{Cf}`
	notUTF8      = `\x{fffd}`
)

// rewrites replaces texts in the topics of publications.
func rewrites(pairs ...string) tap {
	return edits(method("POST"), func(x *exchange) {
		for i, topic := range x.form["topic"] {
			x.form["topic"][i] = strings.NewReplacer(pairs...).Replace(topic)
		}
	})
}

func stringMutants() map[string]tap {
	m := map[string]tap{
		"1.1/data-utf8":                admits(field("data", notUTF8)),
		"1.1/data-any":                 event(func(e *sse.Event) { e.Data = strings.ReplaceAll(e.Data, "\u200b", "") }),
		"1.1/topic-star":               admits(field("topic", `^\*$`)),
		"1.1/topic-words":              denies(field("topic", " ")),
		"1.1/no-unicode-normalisation": rewrites("e\u0301", "\u00e9"),
		"1.1/no-iri-normalisation":     rewrites("HTTPS://TOPICS", "https://topics"),
		"1.1/case":                     rewrites("/A", "/a"),
	}
	for _, name := range []string{"topic", "id", "type"} {
		m["1.1/"+name+"-controls"] = admits(field(name, controlChars))
		m["1.1/"+name+"-formats"] = admits(field(name, formatChars))
		m["1.1/"+name+"-utf8"] = admits(field(name, notUTF8))
	}
	m["1.1/match-controls"] = admits(param("match_urlpattern", controlChars))
	m["1.1/match-formats"] = admits(param("match_exact", formatChars))
	m["1.1/match-utf8"] = admits(param("match", notUTF8))
	return m
}

func subscribeMutants() map[string]tap {
	keepEnds := edits(method("GET"), func(x *exchange) {
		for _, name := range []string{"match", "topic"} {
			if list := x.query[name]; len(list) > 2 {
				x.query[name] = []string{list[0], list[len(list)-1]}
			}
		}
	})
	cut := func(sep string) tap {
		return edits(always, func(x *exchange) {
			for name, list := range x.query {
				for i, value := range list {
					x.query[name][i], _, _ = strings.Cut(value, sep)
				}
			}
		})
	}
	isQuery := method("QUERY")
	return map[string]tap{
		"1.2/get":          answers(method("GET"), 200, 203),
		"1.2/content-type": sets("Content-Type", "text/plain"),
		"1.2/several":      keepEnds,
		"1.2/once":         labels("1", func(e sse.Event) []sse.Event { return []sse.Event{e, e} }),
		"1.2/order": {event: func(x *exchange, e sse.Event) []sse.Event {
			if x.held = append(x.held, e); len(x.held) < 2 {
				return nil
			}
			defer func() { x.held = nil }()
			return []sse.Event{x.held[1], x.held[0]}
		}},
		"1.2/event-id":    event(func(e *sse.Event) { e.ID = "" }),
		"1.2/event-type":  event(func(e *sse.Event) { e.Type = "" }),
		"1.2/event-retry": event(func(e *sse.Event) { e.Retry = 0 }),
		"1.2/event-lines": event(func(e *sse.Event) { e.Data, _, _ = strings.Cut(e.Data, "\n") }),
		"1.2/heartbeat":   {mute: true},
		"1.2/method":      answers(method("DELETE"), 405, 200),
		"1.2/anonymous":   answers(func(x *exchange) bool { return x.bearer() == "" }, 200, 401),
		"1.2/connections": admits(always),

		"1.2/match":                widens("match"),
		"1.2/match-exact":          widens("match_exact"),
		"1.2/match-mixed":          edits(param("match_urlpattern", "."), func(x *exchange) { delete(x.query, "match_exact") }),
		"1.2/unknown-type":         admits(rawQuery("match_cel|match_regexp")),
		"1.2/match-case":           admits(rawQuery("M")),
		"1.2/match-prefix":         admits(rawQuery(`matchE|matcher|match\[`)),
		"1.2/match-prefix-encoded": admits(rawQuery("m%61|%5F")),
		"1.2/names-decoded": edits(rawQuery("^%"), func(x *exchange) {
			for _, name := range []string{"match", "topic"} {
				if list := x.query[name]; len(list) > 0 {
					x.query[name] = list[1:]
				}
			}
		}),
		"1.2/names-case": edits(always, func(x *exchange) {
			for _, name := range names(x.query) {
				x.query[strings.ToLower(name)] = x.query[name]
			}
		}),
		"1.2/plus": edits(always, func(x *exchange) {
			for name, list := range x.query {
				for i, value := range list {
					x.query[name][i] = strings.ReplaceAll(value, " ", "+")
				}
			}
		}),
		"1.2/semicolon":       cut(";"),
		"1.2/equals":          cut("="),
		"1.2/bad-percent":     denies(rawQuery("%zz")),
		"1.2/bad-pattern":     admits(param("match_urlpattern", "open")),
		"1.2/no-matcher":      admits(rawQuery("^foo")),
		"1.2/unknown-ignored": denies(param("foo", "")),
		"1.2/too-many":        admits(always),
		"1.2/too-long":        admits(param("match_urlpattern", "a{100}")),

		"1.2/query":               answers(isQuery, 0, 405),
		"1.2/query-union":         edits(isQuery, func(x *exchange) { clear(x.query) }),
		"1.2/query-names":         admits(isQuery),
		"1.2/query-cursor":        forgetsForm("last_event_id"),
		"1.2/query-cursor-order":  forgetsQuery("last_event_id"),
		"1.2/query-cursor-header": forgetsHeader("Last-Event-Id"),
		"1.2/query-too-large":     admits(isQuery),
	}
}

func matcherMutants() map[string]tap {
	m := map[string]tap{
		"1.3/star":         denies(param("match", `^\*$`)),
		"1.3/star-exact":   denies(param("match_exact", `^\*$`)),
		"1.3/star-pattern": denies(param("match_urlpattern", `^\*$`)),
		"1.3/star-token":   rejects(carries(`"urlpattern"`)),
		"1.3/independent":  anonymous(carries("urlpattern")),
		"1.3/hostile":      hangs(field("topic", "a{1000}")),
		"1.3/exact-unresolved": edits(always, func(x *exchange) {
			if v := first(x.query, "match"); strings.HasPrefix(v, "/") {
				x.query["match"][0] = "http://" + x.r.Host + v
			}
		}),
		"1.3/exact-literal": edits(always, func(x *exchange) {
			x.query["match_urlpattern"] = x.query["match"]
			delete(x.query, "match")
		}),
		"1.14/selector-token": rejects(carries("{id}")),
	}
	m["1.3/star"] = denies(func(x *exchange) bool { return param("match", `^\*$`)(x) || param("topic", `^\*$`)(x) })
	for _, id := range strings.Fields("literal group two-groups star regexp optional host case relative") {
		m["1.3/pattern-"+id] = widens("match_urlpattern")
	}
	for _, id := range strings.Fields("relative word unparsable") {
		m["1.3/topic-"+id] = widens("match_urlpattern")
	}
	for _, id := range strings.Fields("exact template reserved query invalid itself") {
		m["1.14/selector-"+id] = widens("topic")
	}
	return m
}

func publishMutants() map[string]tap {
	bodies := func(change func(s string) string) tap {
		return tap{body: func(x *exchange, body string) string {
			if x.r.Method == http.MethodPost {
				return change(body)
			}
			return body
		}}
	}
	data := func(change func(s string) string) tap { return event(func(e *sse.Event) { e.Data = change(e.Data) }) }
	tooLarge := admits(always)
	m := map[string]tap{
		"1.4/status":       answers(method("POST"), 200, 201),
		"1.4/body":         bodies(func(s string) string { return s + "\n" }),
		"1.4/content-type": sets("Content-Type", "text/html"),
		"1.4/own-id":       forgetsForm("id"),
		"1.4/odd-id":       denies(field("id", `"`)),
		"1.4/generated-id": bodies(func(string) string { return "12345" }),
		"1.4/unique-ids":   bodies(func(string) string { return "urn:same" }),
		"1.4/id-twice":     drops("2"),
		"1.4/id-hash":      admits(field("id", "^#")),
		"1.4/id-earliest":  admits(field("id", "^earliest$")),
		"1.4/no-topic":     admits(func(x *exchange) bool { return len(x.form["topic"]) == 0 }),
		"1.4/alternate": edits(method("POST"), func(x *exchange) {
			x.form["topic"] = x.form["topic"][:min(1, len(x.form["topic"]))]
		}),
		"1.4/private-presence": edits(field("private", "^(|0|off|false)$"), func(x *exchange) { delete(x.form, "private") }),
		"1.4/public":           edits(field("Private", ""), func(x *exchange) { x.form["private"] = []string{""} }),
		"1.4/unknown-fields":   denies(field("foo", "")),
		"1.4/type-mercure":     admits(field("type", "mercure")),
		"1.4/retry-digits":     admits(field("retry", `^1\.5$`)),
		"1.4/no-data":          denies(func(x *exchange) bool { return x.r.Method == "POST" && x.form["data"] == nil }),
		"1.4/line-ends":        data(func(s string) string { return strings.ReplaceAll(s, "\n\n", "\n") }),
		"1.4/blanks":           data(strings.TrimSpace),
		"1.4/forged": data(func(s string) string {
			s, _, _ = strings.Cut(s, "\n\n")
			return s
		}),
		"1.4/large":     data(func(s string) string { return s[:min(len(s), 1000)] }),
		"1.4/no-form":   admits(asked("Content-Type", "json")),
		"1.4/charset":   answers(asked("Content-Type", "charset"), 0, 415),
		"1.4/too-large": tooLarge, "1.4/too-many-topics": answers(always, 413, 400),
		"1.4/too-long-topic": tooLarge, "1.4/too-long-id": tooLarge, "1.4/too-long-type": tooLarge,
		"1.4/every-topic": admits(always),
		"1.4/nothing-dispatched": both(
			forgives(func(x *exchange) bool { return len(x.form["topic"]) == 2 }),
			answers(func(x *exchange) bool { return len(x.form["topic"]) == 2 }, 200, 403)),
		"1.4/subscribe-right": forgives(method("POST")),
	}
	for id, topic := range map[string]string{
		"path": "^/.well-known/mercure$", "below": "mercure/x$", "url": "^http.*mercure$", "host": "127|other",
		"authority": "@", "scheme": "^foo:", "scheme-relative": "^//", "slashes": "///", "relative": `^\?`,
		"dots": `/\.\.?/`, "encoded-dots": "%2[eE]", "encoded": "%6", "backslash": `\\`, "query": "mercure[#?]",
		"blanks": " $",
	} {
		m["1.4/reserved-"+id] = admits(field("topic", topic))
	}
	m["1.4/reserved-alternate"] = admits(func(x *exchange) bool { return len(x.form["topic"]) == 3 })
	m["1.4/reserved-any-token"] = answers(always, 400, 403)
	m["1.4/not-reserved"] = denies(field("topic", "%2Fx"))
	m["1.4/unparsable"] = denies(field("topic", "99999"))
	return m
}

func audienceMutants() map[string]tap {
	subscriber := method("GET")
	return map[string]tap{
		"1.6/routing":              widens("match", "topic"),
		"1.6/private-anonymous":    forgives(subscriber),
		"1.6/private-granted":      anonymous(subscriber),
		"1.6/private-other":        forgives(subscriber),
		"1.6/private-union":        edits(field("private", ""), func(x *exchange) { x.form["topic"] = x.form["topic"][:1] }),
		"1.6/grant-routes-nothing": widens("match", "topic"),
		"1.6/public-ungranted": edits(func(x *exchange) bool { return !strings.HasSuffix(first(x.form, "topic"), "/end") },
			func(x *exchange) { x.form["private"] = []string{""} }),
		"1.6/publish-right":    forgives(subscriber),
		"1.6/bad-token-stream": anonymous(subscriber),
		"1.6/ends-with-token":  remints(func(claims map[string]any) { claims["exp"] = 4102444800 }),
	}
}

func replayMutants() map[string]tap {
	none, everything := cursors(""), cursors("earliest")
	noAnswer := tap{head: func(_ *exchange, _ *int, h http.Header) {
		h.Del("Mercure-Last-Event-Id")
		h.Del("Last-Event-Id")
	}}
	answer := func(value func(x *exchange) string) tap {
		return tap{head: func(x *exchange, _ *int, h http.Header) {
			h.Set("Mercure-Last-Event-Id", value(x))
			h.Set("Last-Event-Id", value(x))
		}}
	}
	return map[string]tap{
		"1.8/header":             forgetsHeader("Last-Event-Id"),
		"1.8/query":              none,
		"1.8/header-beats-query": forgetsHeader("Last-Event-Id"),
		"1.8/earliest":           none,
		"1.8/earliest-header":    forgetsHeader("Last-Event-Id"),
		"1.8/earliest-answer":    answer(func(*exchange) string { return "x" }),
		"1.8/none":               edits(method("GET"), func(x *exchange) { x.query["last_event_id"] = []string{"earliest"} }),
		"1.8/none-answer":        answer(func(*exchange) string { return "x" }),
		"1.8/newest":             everything,
		"1.8/matchers":           widens("match", "topic"),
		"1.8/hub-wide":           none,
		"1.8/private":            anonymous(method("GET")),
		"1.8/private-anonymous":  forgives(method("GET")),
		"1.8/narrowed":           forgives(method("GET")),
		"1.8/hidden-cursor":      everything,
		"1.8/seam":               labels("30", func(e sse.Event) []sse.Event { return []sse.Event{e, e} }),
		"1.8/id-twice":           none,
		"1.8/answer":             noAnswer,
		"1.8/unknown":            answers(rawQuery("unknown"), 200, 404),
		"1.8/unknown-answer": answer(func(x *exchange) string {
			return first(x.query, "lastEventID") + first(x.query, "last_event_id")
		}),
		"1.8/empty":     noAnswer,
		"1.8/generated": none,
		"1.8/odd-id": asks(always, func(x *exchange) {
			for i, value := range x.r.Header["Last-Event-Id"] {
				x.r.Header["Last-Event-Id"][i] = strings.ToValidUTF8(fmt.Sprintf("%+q", value), "")
			}
		}),
		"1.8/own-ids":        event(func(e *sse.Event) { e.ID += "x" }),
		"1.8/resume-resumed": everything,
		"1.8/pattern":        none,
	}
}
