package suite

import (
	"net/http"
	"strings"
	"time"
)

func subscribeRules() []Rule {
	return section("1.2",
		rule("get", "GET opens a stream with status 200", each, Must, func(t *probe) {
			a := t.do(call{query: t.exact(t.topic("a"))})
			t.want(a, "GET", 200)
		}),
		rule("content-type", "the stream is text/event-stream", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			kind := mediaType(s.resp.Header)
			t.check(kind == "text/event-stream", "Content-Type is %q", s.resp.Header.Get("Content-Type"))
		}),
		rule("http-version", "the hub speaks the version of HTTP, HTTP/2 too", each, Should, func(t *probe) {
			a := t.do(call{query: t.exact(t.topic("a"))})
			want := 1
			if t.protocol == HTTP2 {
				want = 2
			}
			t.check(a.ProtoMajor == want, "asked over HTTP/%s, answered over %s", t.protocol, a.Proto)
		}),
		rule("several", "matchers may be repeated: the stream has what any of them selects", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"), t.topic("b"))
			t.label("1", t.topic("a"))
			t.label("2", t.topic("b"))
			t.label("3", t.topic("c"))
			t.expect(s, "1", "2")
		}),
		rule("once", "an update that several matchers select comes once", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"), t.topic("b"), t.topic("a"))
			t.label("1", t.topic("a"), "topic", t.topic("b"))
			t.label("2", t.topic("a"))
			t.expect(s, "1", "2")
		}),
		rule("order", "updates come in the order in which they were published", each, Should, func(t *probe) {
			s := t.listen("", t.topic("a"), t.topic("b"))
			want := []string{}
			for _, label := range strings.Split("1 2 3 4 5 6 7 8 9", " ") {
				t.label(label, t.topic([]string{"a", "b"}[len(want)%2]))
				want = append(want, label)
			}
			t.expect(s, want...)
		}),
		rule("event-id", "every event has an id, the one that the publisher was told", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			for range 2 {
				id := t.publish("topic", t.topic("a"), "data", "x")
				got := s.next().ID
				t.check(id != "" && got == id, "the publisher was told id %q, the event has %q", id, got)
			}
		}),
		rule("event-type", "the event's type is the update's", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.publish("topic", t.topic("a"), "data", "x", "type", "gréeting")
			got := s.next()
			t.check(got.Type == "gréeting", "the event's type is %q", got.Type)
			t.publish("topic", t.topic("a"), "data", "x")
			got = s.next()
			t.check(got.Name() == "message", "the event of an update without type is a %q", got.Name())
		}),
		rule("event-retry", "the event's retry is the update's", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.publish("topic", t.topic("a"), "data", "x", "retry", "12345")
			got := s.next().Retry
			t.check(got == 12345*time.Millisecond, "retry is %s, want 12.345 s", got)
		}),
		rule("event-lines", "data of several lines has a data line for each", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.publish("topic", t.topic("a"), "data", "one\n\nthree\n")
			got := s.next().Data
			t.check(got == "one\n\nthree\n", "received data %q", got)
		}),
		rule("heartbeat", "a quiet stream has a comment now and then", each, Should, func(t *probe) {
			s := t.listen("", t.topic("a"))
			// The first comment may come at once, to let the head through: the second shows that more come.
			comments := 0
			s.onComment = func() {
				if comments++; comments == 2 {
					s.close()
				}
			}
			_, err := s.dec.Decode()
			t.check(comments >= 2, "%d comments came in twice %s and more: %v", comments, t.config.Heartbeat, err)
		}).needs("heartbeat"),
		rule("method", "a method that the hub does not know is refused with 405, and Allow names those that it knows",
			each, Must, func(t *probe) {
				a := t.want(t.do(call{method: http.MethodDelete, query: t.exact(t.topic("a"))}), "DELETE", 405)
				allow := a.Header.Get("Allow")
				t.check(strings.Contains(allow, "GET") && strings.Contains(allow, "POST"), "Allow is %q", allow)
			}),
		rule("anonymous", "anonymous subscribers get public updates", each, May, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.label("1", t.topic("a"))
			t.expect(s, "1")
		}),
		rule("connections", "too many streams of one subject are refused with 429 and Retry-After", each, May,
			func(t *probe) {
				token := t.changed(func(_, claims object) { claims["sub"] = "subject-" + t.nonce })
				for range t.config.Connections {
					t.listen(token, t.topic("a"))
				}
				a := t.want(t.do(call{query: t.exact(t.topic("a")), token: token}), "one stream more than the limit", 429)
				t.check(a.Header.Get("Retry-After") != "", "429 came without Retry-After")
				t.listen(t.changed(func(_, claims object) { claims["sub"] = "other-" + t.nonce }), t.topic("a"))
			}).needs("connections"),
	)
}
