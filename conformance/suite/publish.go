package suite

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// iri is what a hub may name an event: an IRI, or a fragment of one.
var iri = regexp.MustCompile(`^(#.|[A-Za-z][A-Za-z0-9+.-]*:.)`)

// received returns a rule that an update comes as it was published.
func received(id, name string, data ...string) Rule {
	return rule(id, name, each, Must, func(t *probe) {
		s := t.listen("", t.topic("a"))
		for _, text := range data {
			t.publish("topic", t.topic("a"), "data", text)
			want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
			got := s.next().Data
			t.check(got == want, "sent data %q, received %q", short(text), short(got))
		}
	})
}

func publishRules() []Rule {
	tooLong := func(field string) func(t *probe) {
		return func(t *probe) {
			long := strings.Repeat("a", t.config.TooLong)
			t.publish("topic", t.topic("a"), field, t.topic("short"))
			t.refuses(413, "topic", t.topic("a"), field, t.topic(long))
		}
	}
	return section("1.4",
		rule("status", "a publication is answered with exactly 200", each, Must, func(t *probe) {
			t.want(t.post("topic", t.topic("a"), "data", "x"), "publishing", 200)
		}),
		rule("body", "the answer is the id and nothing else", each, Must, func(t *probe) {
			a := t.post("topic", t.topic("a"), "data", "x", "id", "id-"+t.nonce)
			t.check(a.body == "id-"+t.nonce, "the body is %q, want the id", a.body)
		}),
		rule("content-type", "the answer is text/plain in UTF-8", each, Must, func(t *probe) {
			kind := t.post("topic", t.topic("a"), "data", "x").Header.Get("Content-Type")
			t.check(strings.EqualFold(strings.ReplaceAll(kind, " ", ""), "text/plain;charset=utf-8"),
				"Content-Type is %q", kind)
		}),
		rule("own-id", "the publisher's id is the event's", each, Usual, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.publish("topic", t.topic("a"), "data", "x", "id", "urn:own:"+t.nonce)
			got := s.next().ID
			t.check(got == "urn:own:"+t.nonce, "the event's id is %q", got)
		}),
		rule("odd-id", "an id may have quotes, brackets, blanks and letters of any language", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			id := `id-["ü 日本", {x}]-` + t.nonce
			a := t.post("topic", t.topic("a"), "data", "x", "id", id)
			t.want(a, "publishing with id "+id, 200)
			got := s.next().ID
			t.check(a.body == id && got == id, "the answer is %q, the event's id %q", a.body, got)
		}),
		rule("generated-id", "an id that the hub makes is an IRI or a fragment", each, Must, func(t *probe) {
			id := t.publish("topic", t.topic("a"), "data", "x")
			t.check(iri.MatchString(id), "the id is %q", id)
		}),
		rule("unique-ids", "ids that the hub makes are unique", each, Should, func(t *probe) {
			seen := map[string]bool{}
			for range 20 {
				id := t.publish("topic", t.topic("a"), "data", "x")
				t.check(!seen[id], "the id %q came twice", id)
				seen[id] = true
			}
		}),
		rule("id-twice", "an id may be used twice: both updates are published", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.label("1", t.topic("a"), "id", "id-"+t.nonce)
			t.label("2", t.topic("a"), "id", "id-"+t.nonce)
			t.expect(s, "1", "2")
		}),
		rule("id-hash", "an id that begins with # is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "id", "a#"+t.nonce)
			t.refuses(400, "topic", t.topic("a"), "id", "#"+t.nonce)
			t.refuses(400, "topic", t.topic("a"), "id", "#")
		}),
		rule("id-earliest", "the id earliest is refused", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "id", "earliest-"+t.nonce)
			t.refuses(400, "topic", t.topic("a"), "id", "earliest")
		}),
		rule("no-topic", "a publication without a topic is refused", each, Must, func(t *probe) {
			t.refuses(400, "data", "x")
			t.refuses(400, "Topic", t.topic("a"), "data", "x")
			t.refuses(400)
		}),
		rule("alternate", "subscribers of an alternate topic receive the update", each, Must, func(t *probe) {
			s := t.listen("", t.topic("b"))
			t.label("1", t.topic("a"), "topic", t.topic("b"), "topic", t.topic("c"))
			t.expect(s, "1")
		}),
		rule("private-presence", "private is presence-only: its value is never read", each, Must, func(t *probe) {
			nobody, reader := t.listen("", t.topic("a")), t.listen(t.reader("*"), t.topic("a"))
			want := []string{}
			for _, part := range []string{"private=on", "private=", "private=off", "private=0", "private=false", "private"} {
				form := with(fields("topic", t.topic("a"), "data", t.nonce+part), part)
				t.want(t.do(call{method: http.MethodPost, form: form, token: t.all()}), "publishing with "+part, 200)
				want = append(want, part)
			}
			t.expect(nobody)
			t.expect(reader, want...)
		}),
		rule("public", "an update without private is public, whatever else it has", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.label("1", t.topic("a"), "Private", "on", "privat", "1")
			t.expect(s, "1")
		}),
		rule("unknown-fields", "unknown fields are ignored", each, Must, func(t *probe) {
			s := t.listen("", t.topic("a"))
			t.label("1", t.topic("a"), "foo", "bar", "target", "x", "", "y", "match", "z")
			t.expect(s, "1")
		}),
		rule("type-mercure", "the type mercure is refused", modern, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "type", "mercury")
			t.refuses(400, "topic", t.topic("a"), "type", "mercure")
		}),
		rule("retry-digits", "a retry that is not of ASCII digits is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "retry", "1000")
			for _, retry := range []string{"-1", "+1", "1.5", "1e3", " 1", "0x10", "soon", "١٢", "1_000"} {
				t.refuses(400, "topic", t.topic("a"), "retry", retry)
			}
		}),
		rule("no-data", "data may be missing", each, Must, func(t *probe) {
			t.want(t.post("topic", t.topic("a")), "publishing without data", 200)
		}),
		received("line-ends", "CRLF, CR and LF in data all end a line", "a\nb", "a\rb", "a\r\nb", "\n\r\n\r", "a\r\n\r\nb"),
		received("blanks", "data keeps its blanks and colons", " a", "  a ", ": a", "data: a", "\n a", "\ufeffa"),
		received("forged", "data cannot forge other fields or events", "a\n\nid: 1\ndata: b\n\n", "a\rretry: 1\r\revent: x"),
		received("large", "data may be large", strings.Repeat("0123456789abcdef", 4<<10)),
		rule("no-form", "a body that is no form is refused", each, Must, func(t *probe) {
			for _, kind := range []string{"application/json", "text/plain", "multipart/form-data; boundary=x"} {
				a := t.do(call{method: http.MethodPost, form: `{"topic":"` + t.topic("a") + `"}`, kind: kind, token: t.all()})
				t.want(a, "publishing "+kind, 400, 415)
			}
		}),
		rule("charset", "a form may say that it is in UTF-8", each, Must, func(t *probe) {
			a := t.do(call{
				method: http.MethodPost, form: fields("topic", t.topic("a"), "data", "x"), token: t.all(),
				kind: "application/x-www-form-urlencoded; charset=UTF-8",
			})
			t.want(a, "publishing with a charset", 200)
		}),
		rule("too-large", "a body that is too large is refused with 413", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "data", "x")
			t.refuses(413, "topic", t.topic("a"), "data", strings.Repeat("x", t.config.TooLarge))
		}),
		rule("too-many-topics", "too many topics are refused with 413", each, Must, func(t *probe) {
			var topics []string
			for i := range t.config.TooManyTopics {
				topics = append(topics, "topic", "t"+strconv.Itoa(i))
			}
			t.publish(topics[:20]...)
			t.refuses(413, topics...)
		}),
		rule("too-long-topic", "a topic that is too long is refused with 413", modern, Must, tooLong("topic")),
		rule("too-long-id", "an id that is too long is refused with 413", modern, Must, tooLong("id")),
		rule("too-long-type", "a type that is too long is refused with 413", modern, Must, tooLong("type")),
		rule("every-topic", "a publisher must be granted every topic", each, Must, func(t *probe) {
			token := t.writer(t.topic("a"), t.topic("b"))
			t.want(t.postAs(token, "topic", t.topic("a"), "topic", t.topic("b")), "publishing to what is granted", 200)
			for _, pair := range [][2]string{{"a", "c"}, {"c", "a"}, {"c", "c"}} {
				a := t.postAs(token, "topic", t.topic(pair[0]), "topic", t.topic(pair[1]))
				t.want(a, "publishing to a topic that is not granted", t.forbidden()...)
			}
		}),
		rule("nothing-dispatched", "a publication that is refused reaches nobody", each, Must, func(t *probe) {
			s := t.listen(t.all(), t.topic("a"), t.topic("b"))
			a := t.postAs(t.writer(t.topic("a")), "topic", t.topic("a"), "topic", t.topic("b"), "data", t.nonce+"1")
			t.check(a.StatusCode >= 400, "publishing to a topic that is not granted: got %d", a.StatusCode)
			a = t.post("topic", t.topic("a"), "topic", "*", "data", t.nonce+"2")
			t.check(a.StatusCode >= 400, "publishing to *: got %d", a.StatusCode)
			t.expect(s)
		}),
		rule("subscribe-right", "the right to subscribe is none to publish", each, Must, func(t *probe) {
			t.want(t.postAs(t.writer(t.topic("a")), "topic", t.topic("a")), "publishing with the right", 200)
			t.want(t.postAs(t.reader("*"), "topic", t.topic("a")), "publishing without it", t.forbidden()...)
		}),
	)
}

// forbidden returns the statuses by which a hub says that a valid token does not suffice: hubs of 0.x say 401.
func (t *probe) forbidden() []int {
	if t.is(Legacy) {
		return []int{403, 401}
	}
	return []int{403}
}
