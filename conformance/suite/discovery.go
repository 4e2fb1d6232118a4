package suite

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// metadata is the description of the hub as a protected resource.
type metadata struct {
	Resource      string   `json:"resource"`
	Details       []string `json:"authorization_details_types_supported"`
	Bearer        []string `json:"bearer_methods_supported"`
	Cookie        *string  `json:"mercure_cookie"`
	Matchers      []string `json:"mercure_matcher_types_supported"`
	Subscriptions *bool    `json:"mercure_subscriptions"`
	contentType   string
}

// describe reads the metadata.
func (t *probe) describe() metadata {
	a := t.want(t.do(call{url: "/.well-known/oauth-protected-resource" + t.hub.Path}), "GET of the metadata", 200)
	m := metadata{contentType: mediaType(a.Header)}
	err := json.Unmarshal([]byte(a.body), &m)
	t.check(err == nil, "the metadata are no JSON: %v", err)
	return m
}

func discoveryRules() []Rule {
	rules := section("1.10",
		rule("metadata", "the hub describes itself below /.well-known/oauth-protected-resource", modern, Should,
			func(t *probe) {
				kind := t.describe().contentType
				t.check(kind == "application/json", "Content-Type is %q", kind)
			}),
		rule("resource", "resource is the hub's identifier", modern, Must, func(t *probe) {
			got := t.describe().Resource
			t.check(got == t.config.Resource, "resource is %q, want %q", got, t.config.Resource)
		}),
		rule("details-types", "authorization_details_types_supported has the type", modern, Should, func(t *probe) {
			got := t.describe().Details
			t.check(slices.Contains(got, detailType), "authorization_details_types_supported is %s", quoted(got))
		}),
		rule("bearer-methods", "bearer_methods_supported is header", modern, Should, func(t *probe) {
			got := t.describe().Bearer
			t.check(slices.Equal(got, list("header")), "bearer_methods_supported is %s", quoted(got))
		}),
		rule("cookie-name", "mercure_cookie is the cookie's name if there is one, and missing otherwise", modern, Should,
			func(t *probe) {
				got := t.describe().Cookie
				if t.config.lacks("cookie") != "" {
					t.check(got == nil, "there is a mercure_cookie")
					return
				}
				t.check(got != nil && *got == t.config.Cookie, "mercure_cookie is not %q", t.config.Cookie)
			}),
		rule("matcher-types", "mercure_matcher_types_supported has at least exact and urlpattern, or is missing", modern,
			Should, func(t *probe) {
				got := t.describe().Matchers
				t.check(got == nil || slices.Contains(got, "exact") && slices.Contains(got, "urlpattern"),
					"mercure_matcher_types_supported is %s", quoted(got))
			}),
		rule("subscriptions", "mercure_subscriptions says whether the hub has them", modern, Should, func(t *probe) {
			got := t.describe().Subscriptions
			has := t.config.lacks("subscriptions") == ""
			t.check(has == (got != nil && *got), "mercure_subscriptions and what the hub does differ")
		}),
		rule("link", "resource_metadata of a challenge leads to the metadata", modern, Should, func(t *probe) {
			params := t.challenge(t.want(t.postAs("", "topic", t.topic("a")), "publishing without a token", 401))
			_, rest, _ := strings.Cut(params, `resource_metadata="`)
			address, _, _ := strings.Cut(rest, `"`)
			u, err := url.Parse(address)
			t.check(err == nil && u.IsAbs(), "resource_metadata is %q", address)
			// Its host is the one that the hub was told, which need not be the one by which it is reached here.
			a := t.want(t.do(call{url: u.EscapedPath()}), "GET "+u.Path, 200)
			t.check(strings.Contains(a.body, `"resource"`), "there are no metadata at %q", address)
		}),
	)
	for i := range rules {
		rules[i].Needs = "metadata"
	}
	return rules
}
