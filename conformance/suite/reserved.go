package suite

import (
	"strings"
)

// disguise returns a rule that topics which address the hub's namespace are refused. HUB is the hub's path, ENDING
// its last segment, HOST its host.
func disguise(id, name string, topics ...string) Rule {
	return rule("reserved-"+id, "reserved namespace: "+name, each, Must, func(t *probe) {
		t.publish("topic", t.topic("not-reserved"))
		for _, topic := range topics {
			topic = t.place(topic)
			a := t.post("topic", topic, "data", "x")
			t.want(a, "publishing to "+topic, t.reserved()...)
		}
	})
}

// reserved returns the statuses by which a publication to the hub's namespace is refused: hubs of 0.x say 403.
func (t *probe) reserved() []int {
	if t.is(Legacy) {
		return []int{400, 403}
	}
	return []int{400}
}

// place puts the hub's own place into a topic.
func (t *probe) place(topic string) string {
	path := t.hub.Path
	cut := strings.LastIndex(path, "/")
	return strings.NewReplacer("HUB", path, "FOLDER", path[:cut], "ENDING", path[cut+1:], "HOST", t.hub.Host,
		"SCHEME", t.hub.Scheme, "ESCAPED", escapeAll(path), "BACK", strings.ReplaceAll(path, "/", `\`),
		"NONCE", t.nonce).Replace(topic)
}

// escapeAll percent-encodes every character of a path but the slashes.
func escapeAll(path string) string {
	const digits = "0123456789aBcDeF"
	var b strings.Builder
	for _, c := range []byte(path) {
		if c == '/' {
			b.WriteByte(c)
			continue
		}
		b.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
	}
	return b.String()
}

func reservedRules() []Rule {
	return section("1.4",
		disguise("path", "the hub's path", "HUB"),
		disguise("below", "what is below the hub's path", "HUB/", "HUB/x", "HUB/subscriptions/exact/a/b"),
		disguise("url", "the hub's URL", "SCHEME://HOSTHUB", "SCHEME://HOSTHUB/subscriptions"),
		disguise("host", "on other hosts", "https://other.exampleHUB", "https://other.exampleHUB/x", "https://127.0.0.1HUB"),
		disguise("authority", "with user, password and port", "https://user:pw@other.example:8443HUB/x",
			"https://@other.exampleHUB"),
		disguise("scheme", "under other schemes", "http://other.exampleHUB", "ftp://other.exampleHUB/x",
			"foo://other.exampleHUB", "foo:HUB", "HTTPS://other.exampleHUB"),
		disguise("scheme-relative", "without a scheme", "//other.exampleHUB", "//other.exampleHUB/x"),
		disguise("slashes", "with more slashes after the scheme", "https:///other.exampleHUB", "https:////other.exampleHUB/x"),
		disguise("relative", "as a relative reference", "ENDING", "./ENDING/x", "?x", "#x", "x/../ENDING"),
		disguise("dots", "with dot segments", "/x/..HUB", "/.HUB", "FOLDER/./ENDING", "FOLDER/x/../ENDING/y",
			"HUB/x/..", "HUB/.", "/../..HUB", "https://other.example/a/b/../..HUB"),
		disguise("encoded-dots", "with percent-encoded dot segments", "/x/%2e%2eHUB", "/%2EHUB", "/x/.%2EHUB",
			"FOLDER/x/%2E./ENDING", "https://other.example/x/%2e%2EHUB/y"),
		disguise("encoded", "with percent-encoded letters", "ESCAPED", "https://other.exampleESCAPED/x",
			"ESCAPED/subscriptions"),
		disguise("backslash", "with backslashes", "BACK", `https://other.exampleBACK\x`, `\\other.exampleBACK`),
		disguise("query", "with a query or a fragment", "HUB?x=y", "HUB#x", "https://other.exampleHUB?x#y"),
		disguise("blanks", "with blanks around it", " HUB", "HUB ", "  https://other.exampleHUB  "),
		rule("reserved-alternate", "reserved namespace: also as an alternate topic", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"), "topic", t.topic("b"))
			for _, topic := range []string{"HUB", "https://other.exampleHUB/x"} {
				a := t.post("topic", t.topic("a"), "topic", t.topic("b"), "topic", t.place(topic))
				t.want(a, "publishing to "+topic+" as the third topic", t.reserved()...)
			}
		}),
		rule("reserved-any-token", "reserved namespace: 400 whatever the token grants", modern, Must, func(t *probe) {
			a := t.postAs(t.writer(t.topic("a")), "topic", t.hub.Path+"/x")
			t.want(a, "publishing to the namespace with a token for something else", 400)
			a = t.postAs(t.writer(t.hub.Path+"/x"), "topic", t.hub.Path+"/x")
			t.want(a, "publishing to the namespace with a token for that topic", 400)
		}),
		rule("not-reserved", "what only looks like the reserved namespace can be published", each, Must, func(t *probe) {
			s := t.listen("", t.place("HUBx-NONCE"))
			t.label("1", t.place("HUBx-NONCE"))
			for _, topic := range []string{
				"/x-NONCEHUB", "https://other.example/NONCEHUB", "HUB-x", "HUB%2Fx", "HUB%252Fx",
				"https://other.example/?HUB", "https://other.example/#HUB",
			} {
				a := t.post("topic", t.place(topic), "data", "x")
				t.want(a, "publishing to "+topic, 200)
			}
			t.expect(s, "1")
		}),
		rule("unparsable", "a topic that is no URL is not reserved", each, Must, func(t *probe) {
			for _, topic := range []string{"https://[HUB", "https://a b.exampleHUB", "https://other.example:99999HUB"} {
				t.want(t.post("topic", t.place(topic), "data", "x"), "publishing to "+topic, 200)
			}
		}),
	)
}
