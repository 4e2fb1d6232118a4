package suite

import "strings"

// The characters that no topic, matcher, id or type may have, by kind.
var (
	controls = []string{"\x00", "\x01", "\t", "\n", "\r", "\x1b", "\x1f", "\x7f", "\u0080", "\u0085", "\u009f"}
	formats  = []string{"\u00ad", "\u200b", "\u200e", "\u202e", "\u2066", "\ufeff", "\U000e0001"}
	broken   = []string{"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}
)

// badPublications returns the rules that a field of a publication has none of some characters.
func badPublications(field string) []Rule {
	refuse := func(bad []string) func(t *probe) {
		return func(t *probe) {
			send := func(status int, value string) {
				if field == "topic" {
					t.refuses(status, "topic", t.topic(value))
					return
				}
				t.refuses(status, "topic", t.topic("a"), field, value)
			}
			send(200, "a good öne-"+t.nonce)
			for _, c := range bad {
				send(400, "a"+c+"b")
				send(400, "a"+c)
			}
		}
	}
	name := "a publication whose " + field
	return []Rule{
		rule(field+"-controls", name+" has control characters is refused", modern, Must, refuse(controls)),
		rule(field+"-formats", name+" has format characters is refused", modern, Must, refuse(formats)),
		rule(field+"-utf8", name+" is not UTF-8 is refused", modern, Must, refuse(broken)),
	}
}

// badMatchers returns the same rules for matchers.
func badMatchers() []Rule {
	refuse := func(bad []string) func(t *probe) {
		return func(t *probe) {
			t.selects("match", t.topic("a good öne"))
			for _, c := range bad {
				for _, name := range []string{"match", "match_exact", "match_urlpattern"} {
					query := fields(name, t.topic("a"+c+"b"))
					t.want(t.do(call{query: query}), "subscribing to "+query, 400)
				}
			}
		}
	}
	return []Rule{
		rule("match-controls", "a matcher with control characters is refused", modern, Must, refuse(controls)),
		rule("match-formats", "a matcher with format characters is refused", modern, Must, refuse(formats)),
		rule("match-utf8", "a matcher that is not UTF-8 is refused", modern, Must, refuse(broken)),
	}
}

// notMatched shows that two spellings of a topic are two topics.
func notMatched(spellings ...[2]string) func(t *probe) {
	return func(t *probe) {
		for _, pair := range spellings {
			one := strings.ReplaceAll(pair[0], "NONCE", t.nonce)
			other := strings.ReplaceAll(pair[1], "NONCE", t.nonce)
			s := t.listen("", one)
			t.label("other spelling", other)
			t.label("same", one)
			t.expect(s, "same")
			s.close()
		}
	}
}

func stringRules() []Rule {
	rules := badPublications("topic")
	rules = append(rules, badPublications("id")...)
	rules = append(rules, badPublications("type")...)
	rules = append(rules, badMatchers()...)
	rules = append(rules,
		rule("data-utf8", "a publication whose data is not UTF-8 is refused", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "data", "gööd")
			for _, c := range broken {
				t.refuses(400, "topic", t.topic("a"), "data", "a"+c+"b")
			}
		}),
		rule("data-any", "data may have any characters, also control and format characters", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			data := "\x01\t\x1f\x7f\u0085\u200b\u202e\ufeff🙂"
			t.publish("topic", t.topic("a"), "data", data)
			got := s.next().Data
			t.check(got == data, "sent data %q, received %q", data, got)
		}),
		rule("topic-star", "a topic that is * cannot be published", each, Must, func(t *probe) {
			t.publish("topic", t.topic("*"))
			t.want(t.post("topic", "*"), "publishing to *", 400)
			t.want(t.post("topic", t.topic("a"), "topic", "*"), "publishing to * as the second topic", 400)
		}),
		rule("topic-words", "a topic need not be an IRI", each, Must, func(t *probe) {
			word := "kürzlich & 100 % 🙂 " + t.nonce
			s := t.listen("", word)
			t.label("1", word)
			t.expect(s, "1")
		}),
		rule("no-unicode-normalisation", "topics are compared byte by byte: no Unicode normalisation", each, Must,
			notMatched([2]string{"https://topics.example/NONCE/\u00e9", "https://topics.example/NONCE/e\u0301"},
				[2]string{"https://topics.example/NONCE/\u212b", "https://topics.example/NONCE/\u00c5"})),
		rule("no-iri-normalisation", "topics are compared byte by byte: no normalisation of IRIs", each, Must,
			notMatched(
				[2]string{"https://topics.example/NONCE", "HTTPS://TOPICS.example/NONCE"},
				[2]string{"https://topics.example/NONCE/a", "https://topics.example/NONCE/%61"},
				[2]string{"https://topics.example/NONCE/a", "https://topics.example/NONCE/x/../a"},
				[2]string{"https://topics.example/NONCE", "https://topics.example:443/NONCE"},
				[2]string{"https://topics.example/NONCE", "https://topics.example/NONCE/"})),
		rule("case", "topics are compared byte by byte: upper and lower case differ", each, Must,
			notMatched([2]string{"https://topics.example/NONCE/a", "https://topics.example/NONCE/A"})),
	)
	return section("1.1", rules...)
}
