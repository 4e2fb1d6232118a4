package suite

import (
	"net/http"
	"slices"
	"strings"
)

func trapRules() []Rule {
	return slices.Concat(section("1.18",
		rule("head-at-once", "the head of a stream comes before any event", each, Usual, func(t *probe) {
			t.listen("", t.topic("a")) // there is nothing to send, so a hub that waits for an event never answers
		}),
		rule("no-store", "streams are not to be stored", each, Usual, func(t *probe) {
			got := t.listen("", t.topic("a")).resp.Header.Get("Cache-Control")
			t.check(strings.Contains(got, "no-store") || strings.Contains(got, "no-cache"), "Cache-Control is %q", got)
		}),
		rule("no-buffering", "proxies are told not to buffer", each, Usual, func(t *probe) {
			got := t.listen("", t.topic("a")).resp.Header.Get("X-Accel-Buffering")
			t.check(strings.EqualFold(got, "no"), "X-Accel-Buffering is %q", got)
		}),
		rule("long-replay", "more than a thousand missed updates are replayed", each, Usual, func(t *probe) {
			const n = 1100
			id := t.label("0", t.topic("a"))
			for range n {
				t.label("x", t.topic("a"))
			}
			got := len(t.resume(id, t.topic("a")).until())
			t.check(got == n, "%d of %d missed updates came", got, n)
		}).needs("history").byItself(),
	), section("1.12",
		received("encrypted", "encrypted data passes as it is",
			"eyJhbGciOiJBMjU2R0NNS1ciLCJlbmMiOiJBMjU2R0NNIn0.a_b-c.SXY.Q2lwaGVydGV4dA.VGFn",
			`{"protected":"eyJ","ciphertext":"a+/="}`),
	), section("2",
		rule("page", "there is a page at the root of the hub's origin", modern, Usual, func(t *probe) {
			a := t.want(t.do(call{url: "/"}), "GET /", 200)
			t.check(a.body != "", "the page is empty")
		}).needs("page"),
	), section("3",
		rule("no-type-injection", "a type cannot bring in lines of its own", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			for _, end := range []string{"\n", "\r", "\r\n"} {
				t.post("topic", t.topic("a"), "data", t.nonce+"1", "type", "x"+end+"data: "+t.nonce+"forged")
				t.post("topic", t.topic("a"), "data", t.nonce+"1", "type", "x"+end+end+"data: "+t.nonce+"forged"+end+end)
			}
			for _, label := range s.until() {
				t.check(!strings.Contains(label, "forged"), "a line of a type became data")
			}
		}),
		rule("no-id-injection", "an id cannot bring in lines of its own", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			for _, end := range []string{"\n", "\r", "\r\n"} {
				t.post("topic", t.topic("a"), "data", t.nonce+"1", "id", "x"+end+"data: "+t.nonce+"forged")
				t.post("topic", t.topic("a"), "data", t.nonce+"1", "id", "x"+end+end+"data: "+t.nonce+"forged"+end+end)
			}
			for _, label := range s.until() {
				t.check(!strings.Contains(label, "forged"), "a line of an id became data")
			}
		}),
		rule("no-cursor-injection", "a cursor cannot bring in header fields of its own", each, Must, func(t *probe) {
			a := t.do(call{query: with(t.exact(t.topic("a")), fields(t.cursor(), "x\r\nX-Forged: 1\r\n"))})
			t.check(a.Header.Get("X-Forged") == "", "a line of a cursor became a header field")
		}),
		rule("id-is-no-key", "an id is no idempotency key: the same one with other data is another update", each, Must,
			func(t *probe) {
				id := "id-" + t.nonce
				a := t.want(t.post("topic", t.topic("a"), "data", "x", "id", id), "publishing", 200)
				b := t.want(t.post("topic", t.topic("b"), "data", "y", "id", id), "publishing with the same id", 200)
				t.check(a.body == b.body, "the answers are %q and %q", a.body, b.body)
			}),
		rule("huge-token", "a huge token is refused, and the hub goes on", each, Must, func(t *probe) {
			token := t.changed(func(_, claims object) { claims["x"] = strings.Repeat("x", 1<<19) })
			r, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.config.URL, strings.NewReader("topic=a"))
			t.check(err == nil, "the request cannot be made")
			r.Header.Set("Content-Type", formType)
			r.Header.Set("Authorization", "Bearer "+token)
			if resp, err := t.client.Do(r); err == nil { // to cut the connection is an answer too
				resp.Body.Close()
				t.check(resp.StatusCode >= 400, "it was answered with %d", resp.StatusCode)
			}
			t.publish("topic", t.topic("a"))
		}),
	))
}
