package suite

import "time"

func audienceRules() []Rule {
	ends := func(t *probe) {
		start := time.Now()
		end := start.Truncate(time.Second).Add(soon)
		token := t.changed(func(_, claims object) { claims["exp"] = end.Unix() })
		s := t.listen(token, t.topic("a"))
		lasting := t.listen(t.all(), t.topic("a"))
		t.check(s.ended(), "the stream was still open %s after its token's end", time.Since(end).Round(time.Second))
		late := time.Since(end)
		t.check(late < time.Second, "the stream ended %s after its token", late.Round(time.Millisecond))
		t.label("1", t.topic("a"))
		t.expect(lasting, "1")
	}
	return section("1.6",
		rule("routing", "an update goes to those who have a matcher for any of its topics, and to no others", each, Must,
			func(t *probe) {
				a, b, c := t.listen("", t.topic("a")), t.listen("", t.topic("b")), t.listen("", t.topic("c"))
				t.label("1", t.topic("a"), "topic", t.topic("b"))
				t.expect(a, "1")
				t.expect(b, "1")
				t.expect(c)
			}),
		rule("private-anonymous", "nobody anonymous receives a private update", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"), "*")
			t.label("1", t.topic("a"), "private", "")
			t.label("2", t.topic("a"))
			t.expect(s, "2")
		}),
		rule("private-granted", "a private update goes to those whose token grants its topic", each, Must, func(t *probe) {
			s := t.listen(t.reader(t.topic("a")), t.topic("a"))
			t.label("1", t.topic("a"), "private", "")
			t.expect(s, "1")
		}),
		rule("private-other", "a private update does not go to those whose token grants another topic", each, Must,
			func(t *probe) {
				s := t.listen(t.reader(t.topic("b"), t.topic("a/x"), t.topic("")), t.topic("a"))
				t.label("1", t.topic("a"), "private", "")
				t.label("2", t.topic("a"))
				t.expect(s, "2")
			}),
		rule("private-union", "the grant of one topic suffices, also if another one has routed the update", each, Must,
			func(t *probe) {
				s := t.listen(t.reader(t.topic("b")), t.topic("a"))
				t.label("1", t.topic("a"), "topic", t.topic("b"), "private", "")
				t.label("2", t.topic("b"), "topic", t.topic("a"), "private", "")
				t.label("3", t.topic("a"), "topic", t.topic("c"), "private", "")
				t.expect(s, "1", "2")
			}),
		rule("grant-routes-nothing", "a grant without a matcher selects nothing", each, Must, func(t *probe) {
			s := t.listen(t.reader("*"), t.topic("a"))
			t.label("1", t.topic("b"), "private", "")
			t.label("2", t.topic("b"))
			t.label("3", t.topic("a"), "private", "")
			t.expect(s, "3")
		}),
		rule("public-ungranted", "public updates need no grant, also with a token", each, Must, func(t *probe) {
			s := t.listen(t.reader(t.topic("b")), t.topic("a"))
			t.label("1", t.topic("a"))
			t.expect(s, "1")
		}),
		rule("publish-right", "the right to publish is none to receive", each, Must, func(t *probe) {
			s := t.listen(t.writer("*"), t.topic("a"))
			t.label("1", t.topic("a"), "private", "")
			t.label("2", t.topic("a"))
			t.expect(s, "2")
		}),
		rule("bad-token-stream", "a subscriber with a bad token is refused, and not taken as anonymous", each, Must,
			func(t *probe) {
				t.listen("", t.topic("a"))
				bad := t.changed(func(_, claims object) { claims["exp"] = 1 })
				t.want(t.do(call{query: t.exact(t.topic("a")), token: bad}), "subscribing", 401)
			}),
		rule("ends-with-token", "a stream ends no later than its token", each, Must, ends),
	)
}
