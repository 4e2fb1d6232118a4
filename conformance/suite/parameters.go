package suite

import (
	"net/url"
	"strconv"
	"strings"
)

// badQuery returns a rule that queries are refused with 400; good is one that is not.
func badQuery(id, name string, where scope, level Level, good string, bad ...string) Rule {
	return rule(id, name, where, level, func(t *probe) {
		fill := func(query string) string {
			return strings.NewReplacer("TOPIC", url.QueryEscape(t.topic("a")), "NAME", t.param()).Replace(query)
		}
		t.open(call{query: fill(good)}).close()
		for _, query := range bad {
			t.want(t.do(call{query: fill(query)}), "subscribing to "+query, 400)
		}
	})
}

func parameterRules() []Rule {
	const good = "match=TOPIC"
	return section("1.2",
		rule("match", "match takes an exact topic", modern, Must, selected("match")),
		rule("match-exact", "match_exact takes an exact topic", modern, Must, selected("match_exact")),
		rule("match-mixed", "matchers of several types may be mixed", modern, Must, func(t *probe) {
			s := t.open(call{query: with(fields("match", t.topic("a"), "match_exact", t.topic("b"),
				"match_urlpattern", t.topic("c/:any")), t.exact())})
			for _, name := range []string{"a", "b", "c/1", "d"} {
				t.label(name, t.topic(name))
			}
			t.expect(s, "a", "b", "c/1")
		}),
		badQuery("unknown-type", "a matcher type that is not supported is refused", modern, Must, good,
			"match_regexp=TOPIC", "match=TOPIC&match_cel=TOPIC", "match_=TOPIC"),
		badQuery("match-case", "names that begin with match in other letter case are refused", modern, Must, good,
			"Match=TOPIC", "MATCH=TOPIC", "match=TOPIC&Match_exact=TOPIC", "match=TOPIC&MATCH_URLPATTERN=TOPIC"),
		badQuery("match-prefix", "other names that begin with match are refused", modern, Must, good,
			"matchx=TOPIC", "match=TOPIC&matcher=1", "match=TOPIC&matchExact=TOPIC", "match=TOPIC&match-exact=TOPIC",
			"match=TOPIC&match[]=TOPIC"),
		badQuery("match-prefix-encoded", "such names are also recognised in percent-encoding", modern, Must, good,
			"match=TOPIC&m%61tchx=1", "match=TOPIC&%4d%41TCH=TOPIC", "match=TOPIC&match%5Fregexp=TOPIC"),
		rule("names-decoded", "names of parameters are compared after decoding", each, Must, func(t *probe) {
			name := "%" + strconv.FormatInt(int64(t.param()[0]), 16) + t.param()[1:]
			s := t.open(call{query: with(name+"="+url.QueryEscape(t.topic("a")), t.exact())})
			t.label("1", t.topic("a"))
			t.expect(s, "1")
		}),
		rule("names-case", "names of parameters are case-sensitive", each, Must, func(t *probe) {
			id := t.label("1", t.topic("a"))
			t.label("2", t.topic("a"))
			s := t.open(call{query: with(t.exact(t.topic("a")), fields("LAST_event_ID", id, "LastEventId", id))})
			t.expect(s)
		}),
		rule("plus", "a plus in a query is a space", each, Must, func(t *probe) {
			s := t.open(call{query: with(t.param()+"="+t.nonce+"+a", t.exact())})
			t.label("1", t.nonce+" a")
			t.label("2", t.nonce+"+a")
			t.expect(s, "1")
		}),
		rule("semicolon", "a semicolon in a query is a character as others", each, Must, func(t *probe) {
			s := t.open(call{query: with(t.param()+"="+t.nonce+";"+t.param()+"=b", t.exact())})
			t.label("1", t.nonce+";"+t.param()+"=b")
			t.label("2", t.nonce)
			t.expect(s, "1")
		}),
		rule("equals", "only the first equals sign divides name and value", each, Must, func(t *probe) {
			s := t.open(call{query: with(t.param()+"="+t.nonce+"=b=c", t.exact())})
			t.label("1", t.nonce+"=b=c")
			t.label("2", t.nonce)
			t.expect(s, "1")
		}),
		rule("bad-percent", "a percent sign that encodes nothing stands for itself", each, Must, func(t *probe) {
			s := t.open(call{query: with(t.param()+"="+t.nonce+"%zz%4", t.exact())})
			t.label("1", t.nonce+"%zz%4")
			t.expect(s, "1")
		}),
		badQuery("bad-pattern", "a URL Pattern that cannot be parsed is refused", modern, Must,
			"match_urlpattern=TOPIC", "match_urlpattern=https://a.example/(unclosed",
			"match=TOPIC&match_urlpattern=https://a.example/:a/:a", "match_urlpattern=https://a.example/{open"),
		badQuery("no-matcher", "a subscription without a matcher is refused", each, Usual, "NAME=TOPIC",
			"", "foo=bar", "last_event_id=earliest"),
		rule("unknown-ignored", "other parameters are ignored", each, Must, func(t *probe) {
			s := t.open(call{query: with("foo=bar&atch=x&&=&debug", t.exact(t.topic("a")))})
			t.label("1", t.topic("a"))
			t.expect(s, "1")
		}),
		rule("too-many", "more matchers than the limit are refused", each, Must, func(t *probe) {
			most := t.config.MaxMatchers
			if t.is(Legacy) {
				most = 1000 // what hubs of 0.x take, though they may take less
			} else {
				t.open(call{query: many("match", most)}).close()
			}
			t.want(t.do(call{query: many(t.param(), most+1)}), "one matcher more than the limit", 400)
		}),
		rule("too-long", "a longer pattern than the limit is refused", modern, Must, func(t *probe) {
			for _, name := range []string{"match", "match_urlpattern"} {
				value := t.topic("")
				value += strings.Repeat("a", t.config.MaxPattern-len(value))
				t.selects(name, value).close()
				t.want(t.do(call{query: fields(name, value+"a")}), "one byte more than the limit in "+name, 400)
			}
		}),
	)
}

// many returns a query of n different values.
func many(name string, n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = name + "=m" + strconv.Itoa(i)
	}
	return with(parts...)
}

// selected shows that a parameter selects a topic, and only that.
func selected(name string) func(t *probe) {
	return func(t *probe) {
		s := t.selects(name, t.topic("a"))
		t.label("1", t.topic("a"))
		t.label("2", t.topic("a/b"))
		t.label("3", t.topic("A"))
		t.expect(s, "1")
	}
}
