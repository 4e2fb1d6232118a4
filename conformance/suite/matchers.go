package suite

import "strings"

// patterned returns a rule that a parameter selects some topics and others not. In values and topics, NONCE stands
// for what is unique, and HUB for the path of the hub.
func patterned(id, name string, where scope, level Level, param, value string, yes, no []string) Rule {
	return rule(id, name, where, level, func(t *probe) {
		folder := t.hub.Path[:strings.LastIndex(t.hub.Path, "/")]
		fill := strings.NewReplacer("NONCE", t.nonce, "FOLDER", folder, "ORIGIN", t.origin()).Replace
		s := t.selects(param, fill(value))
		want := []string{}
		for _, topic := range no {
			t.label(topic, fill(topic))
		}
		for _, topic := range yes {
			t.label(topic, fill(topic))
			want = append(want, topic)
		}
		t.expect(s, want...)
	})
}

func list(values ...string) []string { return values }

const base = "https://topics.example/NONCE"

func matcherRules() []Rule {
	const pattern = "match_urlpattern"
	everything := func(param string) func(t *probe) {
		return func(t *probe) {
			s := t.open(call{query: fields(param, "*")})
			t.label("1", t.topic("a"))
			t.label("2", "a word "+t.nonce)
			t.expect(s, "1", "2")
		}
	}
	return section("1.3",
		rule("star", "* selects every topic", each, Must, func(t *probe) { everything(t.param())(t) }),
		rule("star-exact", "* is the wildcard also in match_exact", modern, Must, everything("match_exact")),
		rule("star-pattern", "* is the wildcard also in match_urlpattern, for words too", modern, Must,
			everything(pattern)),
		rule("star-token", "* is the wildcard in a token, whatever its match_type", modern, Must, func(t *probe) {
			token := t.modernToken(detail("publish", matcher("urlpattern", "*")),
				detail("subscribe", matcher("urlpattern", "*")))
			word := "a word " + t.nonce
			s := t.listen(token, word)
			a := t.postAs(token, "topic", word, "data", t.nonce+"1", "private", "")
			t.want(a, "publishing with a urlpattern * in the token", 200)
			t.expect(s, "1")
		}),
		patterned("exact-unresolved", "an exact value is not resolved", modern, Must, "match", "/NONCE/a",
			list("/NONCE/a"), list("ORIGIN/NONCE/a")),
		patterned("exact-literal", "an exact value is no pattern", modern, Must, "match", base+"/:id/*",
			list(base+"/:id/*"), list(base+"/1/x", base+"/:id/")),
		patterned("pattern-literal", "a URL Pattern without operators selects that URL", modern, Must, pattern,
			base+"/a", list(base+"/a"), list(base+"/b", base+"/a/b", "https://other.example/NONCE/a")),
		patterned("pattern-group", "a named group selects one segment of the path", modern, Must, pattern,
			base+"/:id", list(base+"/1", base+"/abc"), list(base+"/1/2", base+"/", base)),
		patterned("pattern-two-groups", "a pattern may have several groups", modern, Must, pattern,
			base+"/:a/x/:b", list(base+"/1/x/2"), list(base+"/1/y/2", base+"/1/x/2/3")),
		patterned("pattern-star", "a star in a path goes over several segments", modern, Must, pattern,
			base+"/*", list(base+"/a", base+"/a/b/c"), list("https://topics.example/other/a")),
		patterned("pattern-regexp", "a group may have a regular expression", modern, Must, pattern,
			base+`/:id(\d+)`, list(base+"/42"), list(base+"/x", base+"/4x")),
		patterned("pattern-optional", "a part in braces may be optional", modern, Must, pattern,
			base+"/a{/b}?", list(base+"/a", base+"/a/b"), list(base+"/b", base+"/a/c")),
		patterned("pattern-host", "a group may stand in the host", modern, Must, pattern,
			"https://:tenant.topics.example/NONCE", list("https://one.topics.example/NONCE"),
			list("https://topics.example/NONCE", "https://a.b.topics.example/NONCE")),
		patterned("pattern-case", "URL Patterns are case-sensitive", modern, Must, pattern,
			base+"/Book/:id", list(base+"/Book/1"), list(base+"/book/1", base+"/BOOK/1")),
		patterned("pattern-relative", "a relative pattern is resolved against the hub's URL", modern, Must, pattern,
			"/NONCE/:id", list("ORIGIN/NONCE/1"), list("https://topics.example/NONCE/1")),
		patterned("topic-relative", "a relative topic is resolved against the hub's URL", modern, Must, pattern,
			"ORIGIN/NONCE/:id", list("/NONCE/1", "../NONCE/2"), list("//other.example/NONCE/3")),
		patterned("topic-word", "a word is a relative topic, and so selected by relative patterns", modern, Must, pattern,
			"FOLDER/:word-NONCE", list("foo-NONCE"), list("x/foo-NONCE")),
		patterned("topic-unparsable", "a topic that is no URL is selected by no pattern", modern, Must, pattern,
			"https://*/*NONCE", list("https://topics.example/NONCE"), list("https://[bad/NONCE", "https://a b/NONCE")),
		rule("independent", "the matchers of a subscription and of a token need not be of one type", modern, Must,
			func(t *probe) {
				s := t.listen(t.modernToken(detail("subscribe", matcher("urlpattern", t.topic(":id")))), t.topic("a"))
				p := t.open(call{
					query: with(fields(pattern, t.topic(":id")), t.exact()), token: t.reader(t.topic("a")),
				})
				t.label("1", t.topic("a"), "private", "")
				t.label("2", t.topic("b"), "private", "")
				t.expect(s, "1")
				t.expect(p, "1")
			}),
		rule("hostile", "a hostile pattern costs nobody else anything", modern, Must, func(t *probe) {
			bomb := t.topic(`:x((?:a+)+)b`)
			a := t.do(call{query: fields(pattern, bomb)})
			t.want(a, "subscribing with nested repetition", 200, 400)
			if a.StatusCode == 200 {
				t.selects(pattern, bomb)
			}
			s := t.listen("", t.topic("a"))
			t.label("1", t.topic(strings.Repeat("a", 2000)))
			t.label("2", t.topic("a"))
			t.expect(s, "2")
		}),
	)
}

func templateRules() []Rule {
	const selector = "topic"
	return section("1.14",
		patterned("selector-exact", "a selector selects the identical topic", legacy, Must, selector, base+"/a",
			list(base+"/a"), list(base+"/b", base+"/a/b")),
		patterned("selector-template", "a selector may be a URI template", legacy, Must, selector, base+"/books/{id}",
			list(base+"/books/1", base+"/books/a-b"), list(base+"/books/1/pages", base+"/authors/1")).needs("template"),
		patterned("selector-reserved", "{+x} goes over several segments", legacy, Must, selector, base+"/{+path}",
			list(base+"/a/b/c"), list("https://other.example/NONCE/a")).needs("template"),
		patterned("selector-query", "{?x} selects a query", legacy, Must, selector, base+"/a{?page}",
			list(base+"/a?page=2"), list(base+"/b?page=2")).needs("template"),
		patterned("selector-invalid", "a selector that is no valid template is literal", legacy, Must, selector,
			base+"/{open", list(base+"/{open"), list(base+"/1")),
		patterned("selector-itself", "a template also selects the topic that it is itself", legacy, Must, selector,
			base+"/{id}", list(base+"/{id}"), list("https://other.example/{id}")),
		rule("selector-token", "the selectors of a token are templates too", legacy, Must, func(t *probe) {
			token := t.grant(list(t.topic("{id}")), list(t.topic("{id}")))
			s := t.listen(token, t.topic("a"), t.topic("a/b"))
			t.want(t.postAs(token, "topic", t.topic("a"), "data", t.nonce+"1", "private", ""), "publishing by template", 200)
			t.want(t.postAs(token, "topic", t.topic("a/b")), "publishing beside the template", 401, 403)
			t.label("2", t.topic("a/b"), "private", "")
			t.expect(s, "1")
		}).needs("template"),
	)
}
