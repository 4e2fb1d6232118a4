package suite_test

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

func presenceMutants() map[string]tap {
	get := method("GET")
	payload := func(name string) tap { return doc("payload", map[string]any{"name": name}) }
	unlisted := doc("subscriptions", []any{})
	other := docs(func(d map[string]any) { d["id"] = str(d, "id") + "/x" })
	return map[string]tap{
		"1.9/active":        doc("active", false),
		"1.9/inactive":      doc("active", true),
		"1.9/private":       forgives(get),
		"1.9/event-type":    {doc: func(*exchange, map[string]any, string) string { return "" }},
		"1.9/document":      doc("match_type", nil),
		"1.9/id":            other,
		"1.9/id-encoding":   docs(func(d map[string]any) { d["id"], _ = url.PathUnescape(str(d, "id")) }),
		"1.9/topic":         other,
		"1.9/pattern-topic": rejects(carries("urlpattern")),
		"1.9/each-matcher": docs(func(d map[string]any) {
			if strings.HasSuffix(str(d, "match")+str(d, "topic"), "/b") {
				d["active"] = false
			}
		}),
		"1.9/same-subscriber": docs(func(d map[string]any) {
			d["subscriber"] = str(d, "subscriber") + str(d, "match") + str(d, "topic")
		}),
		"1.9/unique-subscriber":  doc("subscriber", "same"),
		"1.9/not-chosen":         doc("subscriber", "mine"),
		"1.9/match-types":        doc("match_type", "exact"),
		"1.9/after-registration": drops("1"),
		"1.9/payload":            doc("payload", nil),
		"1.9/payload-first":      payload("second"),
		"1.9/payload-star":       doc("payload", nil),
		"1.9/payload-publish":    payload("publisher"),
		"1.9/payload-none":       payload("b"),

		"1.9/api-all":       unlisted,
		"1.9/api-all-shape": doc("type", "Subscriptions"),
		"1.9/api-matcher": asks(get, func(x *exchange) {
			if i := strings.Index(x.r.URL.Path, "/subscriptions/"); i >= 0 {
				x.r.URL.Path, x.r.URL.RawPath = hubPath+"/subscriptions", ""
			}
		}),
		"1.9/api-one":     doc("active", false),
		"1.9/api-unknown": admits(always),
		"1.9/api-ended": both(admits(always), tap{body: func(x *exchange, s string) string {
			return strings.ReplaceAll(s, `{"status":404}`, `{"active":true}`)
		}}),
		"1.9/api-announced":    unlisted,
		"1.9/api-content-type": sets("Content-Type", "application/ld+json"),
		"1.9/api-no-token":     forgives(get),
		"1.9/api-not-granted":  forgives(get),
		"1.9/api-granted":      forgives(get),
		"1.9/api-pattern":      rejects(carries("urlpattern")),
		"1.9/api-query":        answers(rawQuery("x=y"), 200, 403),
		"1.9/api-link":         sets("Link", "<"+hubPath+`>; rel="mercure"`),
		"1.9/api-link-types":   sets("Link", "<"+hubPath+`>; rel="mercure"; last-event-id="x"`),
		"1.9/api-cursor":       sets("Link", "<"+hubPath+`>; rel="mercure"; last-event-id="earliest"`),
		"1.9/api-etag":         sets("ETag", ""),
		"1.9/api-cache":        sets("Cache-Control", "max-age=60"),
		"1.9/api-method":       answers(method("POST"), 405, 200),
	}
}

func discoveryMutants() map[string]tap {
	return map[string]tap{
		"1.10/metadata":       answers(always, 200, 404),
		"1.10/resource":       doc("resource", "https://hub.example"),
		"1.10/details-types":  doc("authorization_details_types_supported", []any{"x"}),
		"1.10/bearer-methods": doc("bearer_methods_supported", []any{"header", "query"}),
		"1.10/cookie-name":    doc("mercure_cookie", "x"),
		"1.10/matcher-types":  doc("mercure_matcher_types_supported", []any{"exact"}),
		"1.10/subscriptions":  doc("mercure_subscriptions", nil),
		"1.10/link":           sets("WWW-Authenticate", `Bearer resource_metadata="/nowhere"`),
	}
}

func corsMutants() map[string]tap {
	const allow, expose = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"
	reflect := tap{head: func(x *exchange, _ *int, h http.Header) { h.Set(allow, x.r.Header.Get("Origin")) }}
	return map[string]tap{
		"1.11/origin":            sets(allow, "*"),
		"1.11/credentials":       sets("Access-Control-Allow-Credentials", ""),
		"1.11/foreign":           reflect,
		"1.11/vary":              sets("Vary", "Accept"),
		"1.11/publish":           sets(allow, ""),
		"1.11/cookie-publish":    answers(asked("Cookie", ""), 200, 403),
		"1.11/expose-link":       sets(expose, "Last-Event-ID"),
		"1.11/expose-cursor":     sets(expose, "Link"),
		"1.11/preflight":         answers(method("OPTIONS"), 204, 403),
		"1.11/preflight-headers": sets("Access-Control-Allow-Headers", "Authorization, Content-Type"),
		"1.11/preflight-methods": sets("Access-Control-Allow-Methods", "GET"),
		"1.11/preflight-query":   sets("Access-Control-Allow-Methods", "GET, POST"),
		"1.11/preflight-foreign": reflect,
		"1.11/api":               sets(expose, ""),
	}
}

func trapMutants() map[string]tap {
	// What a line end in a field brings in becomes the data, as it would on the wire.
	injects := func(name string) tap {
		return edits(field(name, `[\r\n]`), func(x *exchange) {
			x.form["data"] = []string{strings.TrimSuffix(first(x.form, "data"), "1") + "forged"}
			delete(x.form, name)
		})
	}
	return map[string]tap{
		"1.18/head-at-once": hangs(method("GET")),
		"1.18/no-store":     sets("Cache-Control", "max-age=60"),
		"1.18/no-buffering": sets("X-Accel-Buffering", ""),
		"1.18/long-replay": {event: func(x *exchange, e sse.Event) []sse.Event {
			if x.held = append(x.held, e); len(x.held) > 1000 && strings.HasSuffix(e.Data, "x") {
				return nil
			}
			return []sse.Event{e}
		}},
		"1.12/encrypted":      event(func(e *sse.Event) { e.Data = strings.ReplaceAll(e.Data, "_", "+") }),
		"2/page":              answers(always, 200, 404),
		"3/no-type-injection": injects("type"),
		"3/no-id-injection":   injects("id"),
		"3/no-cursor-injection": {head: func(x *exchange, _ *int, h http.Header) {
			if strings.Contains(first(x.query, "last_event_id")+first(x.query, "lastEventID"), "\n") {
				h.Set("X-Forged", "1")
			}
		}},
		"3/id-is-no-key": edits(field("data", "^y$"), func(x *exchange) { x.form["id"] = []string{"another"} }),
		"3/huge-token":   forgives(carries("xxxxxxxx")),
	}
}
