package auth_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/auth"
)

// detailWith is a detail that is good except for some members.
func detailWith(other members) members {
	return members(detail("subscribe", "a")).with(other)
}

// numbered returns n topics.
func numbered(n int) []string {
	topics := make([]string, n)
	for i := range topics {
		topics[i] = strconv.Itoa(i)
	}
	return topics
}

func repeated(n int, one any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = one
	}
	return list
}

// TestDetails holds that one bad detail makes the whole token bad.
func TestDetails(t *testing.T) {
	topics := func(list ...any) []any { return []any{detailWith(members{"topics": list})} }
	tests := []struct {
		name    string
		details any
		check   auth.Check // 0 if the token is accepted
		why     string
	}{
		{"none", []any{}, 0, ""},
		{"other types", []any{members{"type": "payments", "actions": 1}, members{"type": auth.DetailType + "s"}}, 0, ""},
		{"unknown action", []any{detail("moderate", "a")}, 0, ""},
		{"unknown members", []any{detailWith(members{"locations": []any{"x"}})}, 0, ""},
		{"empty payload", []any{detailWith(members{"payload": members{}})}, 0, ""},
		{"as many as allowed", repeated(100, detail("publish", "a")), 0, ""},
		{"as many topics as allowed", []any{detail("publish", numbered(100)...)}, 0, ""},
		{"as long as allowed", []any{detail("publish", strings.Repeat("a", 4096))}, 0, ""},
		{"other types do not count", repeated(200, members{"type": "payments"}), 0, ""},

		{"an object", detail("publish", "a"), auth.CheckDetails, "not an array"},
		{"null", "null", auth.CheckDetails, "not an array"},
		{"an entry is a string", []any{auth.DetailType}, auth.CheckDetails, "[0]: it is not an object"},
		{"an entry is null", []any{nil}, auth.CheckDetails, "not an object"},
		{"no type", []any{members{"actions": []any{"publish"}}}, auth.CheckDetails, "type is not a string"},
		{"type is a number", []any{members{"type": 1}}, auth.CheckDetails, "type is not a string"},
		{"the second is bad", []any{detail("publish", "a"), detailWith(members{"actions": nil})}, auth.CheckDetails, "[1]: actions"},
		{"no actions", []any{detailWith(members{"actions": nil})}, auth.CheckDetails, "actions is not an array"},
		{"actions is a string", []any{detailWith(members{"actions": "publish"})}, auth.CheckDetails, "actions is not an array"},
		{"empty actions", []any{detailWith(members{"actions": []any{}})}, auth.CheckDetails, "actions is empty"},
		{"an action is a number", []any{detailWith(members{"actions": []any{"publish", 1}})}, auth.CheckDetails, "an action is not a string"},
		{"no topics", []any{detailWith(members{"topics": nil})}, auth.CheckDetails, "topics is not an array"},
		{"empty topics", []any{detailWith(members{"topics": []any{}})}, auth.CheckDetails, "topics is empty"},
		{"topic is a string", topics("a"), auth.CheckDetails, "topics[0]: it is not an object"},
		{"topic without match", topics(members{"match": "a"}, members{"match_type": "exact"}), auth.CheckDetails, "topics[1]: there is no match"},
		{"match is a list", topics(members{"match": []any{"a"}}), auth.CheckDetails, "match is not a string"},
		{"match under another name", topics(members{"Match": "a"}), auth.CheckDetails, "there is no match"},
		{"match_type is null", topics(members{"match": "a"}, "null"), auth.CheckDetails, "not an object"},
		{"match_type is a number", topics(members{"match": "a", "match_type": 1}), auth.CheckDetails, "match_type is not a string"},
		{"unknown match_type", topics(members{"match": "a", "match_type": "regexp"}), auth.CheckDetails, "no such matcher"},
		{"empty match_type", topics(members{"match": "a", "match_type": ""}), auth.CheckDetails, "no such matcher"},
		{"unknown match_type of the wildcard", topics(members{"match": "*", "match_type": "regexp"}), auth.CheckDetails, "no such matcher"},
		{"match_type in capitals", topics(members{"match": "a", "match_type": "Exact"}), auth.CheckDetails, "no such matcher"},
		{"selector of 0.x", topics(members{"match": "a", "match_type": "template"}), auth.CheckDetails, "not supported"},
		{"bad pattern", topics(members{"match": "(", "match_type": "urlpattern"}), auth.CheckDetails, "no such matcher"},
		{"line feed", topics(members{"match": "a\nb"}), auth.CheckDetails, "U+000A"},
		{"NUL", topics(members{"match": "a\x00"}), auth.CheckDetails, "U+0000"},
		{"direction mark", topics(members{"match": "a\u202e"}), auth.CheckDetails, "U+202E"},
		{"payload is a list", []any{detailWith(members{"payload": []any{}})}, auth.CheckDetails, "payload is not an object"},
		{"payload of a publisher is a string", []any{detail("publish", "a").with(members{"payload": "x"})}, auth.CheckDetails, "payload is not an object"},

		{"too many", repeated(101, detail("publish", "a")), auth.CheckLimits, "more than 100 entries"},
		{"too many topics", []any{detail("publish", numbered(101)...)}, auth.CheckLimits, "more than 100 topics"},
		{"too many topics in all", []any{detail("publish", numbered(50)...), detail("subscribe", numbered(51)...)}, auth.CheckLimits, "more than 100 topics"},
		{"ten thousand", []any{detail("publish", numbered(10_000)...)}, auth.CheckLimits, "more than 100 topics"},
		{"too long", []any{detail("publish", strings.Repeat("é", 2048)+"a")}, auth.CheckLimits, "4097 bytes"},
	}
	o := goodOptions()
	o.MaxTokenBytes = 1 << 20
	v := newVerifier(t, o)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var claims any = goodClaims().with(members{"authorization_details": tt.details})
			if s, ok := tt.details.(string); ok {
				claims = goodClaims().raw(t, `"authorization_details":`+s)
			}
			raw := forge(t, secret, goodHeader(), claims)
			if tt.check == 0 {
				accepted(t, v, raw)
				return
			}
			refused(t, v, raw, tt.check, tt.why)
		})
	}
}

func TestLegacyClaim(t *testing.T) {
	tests := []struct {
		name  string
		claim any
		check auth.Check
		why   string
	}{
		{"nothing", members{}, 0, ""},
		{"publishing alone", members{"publish": []any{"a"}}, 0, ""},
		{"null for nothing", members{"publish": []any{}, "more": 1}, 0, ""},
		{"a template", members{"subscribe": []any{"https://example.com/{id}"}}, 0, ""},
		{"payload of any type", members{"payload": "x"}, 0, ""},
		{"as many as allowed, twice", members{"publish": numbered(100), "subscribe": numbered(100)}, 0, ""},

		{"a string", "publish", auth.CheckDetails, "it is not an object"},
		{"a list", []any{}, auth.CheckDetails, "it is not an object"},
		{"publish is a string", members{"publish": "*"}, auth.CheckDetails, "mercure.publish is not an array"},
		{"a selector is a number", members{"subscribe": []any{"a", 1}}, auth.CheckDetails, "mercure.subscribe[1] is not a string"},
		{"carriage return", members{"subscribe": []any{"a\r"}}, auth.CheckDetails, "U+000D"},
		{"too many", members{"publish": numbered(101)}, auth.CheckLimits, "101 topics"},
		{"ten thousand", members{"subscribe": numbered(10_000)}, auth.CheckLimits, "10000 topics"},
		{"too long", members{"subscribe": []any{strings.Repeat("a", 4097)}}, auth.CheckLimits, "4097 bytes"},
	}
	o := goodOptions()
	o.MaxTokenBytes = 1 << 20
	v := newVerifier(t, o)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := forge(t, legacy, members{"alg": "HS256"}, members{"mercure": tt.claim})
			if tt.check == 0 {
				accepted(t, v, raw)
				return
			}
			refused(t, v, raw, tt.check, tt.why)
		})
	}
}

// Without a Matcher a verifier knows exact topics and the wildcard, and refuses the rest instead of taking it for a
// topic.
func TestWithoutMatcher(t *testing.T) {
	o := goodOptions()
	o.Matcher = nil
	v := newVerifier(t, o)
	old := members{"alg": "HS256"}
	accepted(t, v, forge(t, secret, goodHeader(), goodClaims()))
	accepted(t, v, forge(t, legacy, old, goodLegacy()))
	refused(t, v, forge(t, legacy, old, members{"mercure": members{"subscribe": []any{"/{x}"}}}), auth.CheckDetails, "not supported here")
	pattern := detailWith(members{"topics": []any{members{"match": "/:x", "match_type": "urlpattern"}}})
	refused(t, v, forge(t, secret, goodHeader(), goodClaims().with(members{"authorization_details": []any{pattern}})),
		auth.CheckDetails, "not supported here")
}
