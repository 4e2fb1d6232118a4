package suite

import (
	"net/http"
	"strings"
)

// ask subscribes with QUERY.
func (t *probe) ask(query, body string, header http.Header) *stream {
	return t.open(call{method: "QUERY", query: query, form: body, header: header})
}

// three publishes three updates and returns their ids.
func (t *probe) three() (a, b, c string) {
	return t.label("1", t.topic("a")), t.label("2", t.topic("a")), t.label("3", t.topic("a"))
}

func queryRules() []Rule {
	rules := section("1.2",
		rule("query", "QUERY subscribes with a form as its body", modern, May, func(t *probe) {
			s := t.ask("", t.exact(t.topic("a")), nil)
			t.label("1", t.topic("a"))
			t.expect(s, "1")
		}),
		rule("query-union", "with a body, the parameters are those of query and body together", modern, Must,
			func(t *probe) {
				s := t.ask(fields("match", t.topic("a")), t.exact(t.topic("b")), nil)
				t.label("1", t.topic("a"))
				t.label("2", t.topic("b"))
				t.expect(s, "1", "2")
			}),
		rule("query-names", "the names of parameters are also checked in the body", modern, Must, func(t *probe) {
			t.ask("", t.exact(t.topic("a")), nil).close()
			for _, name := range []string{"match_regexp", "Match", "matchx"} {
				form := with(t.exact(t.topic("a")), fields(name, "x"))
				t.want(t.do(call{method: "QUERY", form: form}), "QUERY with "+name+" in the body", 400)
			}
		}),
		rule("query-cursor", "last_event_id may be in the body", modern, Must, func(t *probe) {
			id, _, _ := t.three()
			s := t.ask("", with(t.exact(t.topic("a")), fields("last_event_id", id)), nil)
			t.expect(s, "2", "3")
		}),
		rule("query-cursor-order", "last_event_id in the query beats the one in the body", modern, Must, func(t *probe) {
			first, second, _ := t.three()
			s := t.ask(fields("last_event_id", second), with(t.exact(t.topic("a")), fields("last_event_id", first)), nil)
			t.expect(s, "3")
		}),
		rule("query-cursor-header", "the header Last-Event-ID beats the one in the body", modern, Must, func(t *probe) {
			first, second, _ := t.three()
			s := t.ask("", with(t.exact(t.topic("a")), fields("last_event_id", first)),
				http.Header{"Last-Event-Id": {second}})
			t.expect(s, "3")
		}),
		rule("query-too-large", "a body that is too large is refused with 413", modern, Usual, func(t *probe) {
			t.ask("", t.exact(t.topic("a")), nil).close()
			form := with(t.exact(t.topic("a")), "x="+strings.Repeat("x", t.config.TooLarge))
			t.want(t.do(call{method: "QUERY", form: form}), "QUERY with a huge body", 413)
		}),
	)
	for i := range rules {
		rules[i].Needs = "query"
	}
	return rules
}
