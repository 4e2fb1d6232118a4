package suite

import (
	"encoding/json"
	"net/http"
	"strings"
)

// challenge returns the parameters of a Bearer challenge, or ends the run if there is none.
func (t *probe) challenge(a answer) string {
	value := a.Header.Get("WWW-Authenticate")
	scheme, params, _ := strings.Cut(value, " ")
	t.check(strings.EqualFold(scheme, "Bearer"), "status %d came with WWW-Authenticate %q", a.StatusCode, value)
	return params
}

// errorCode ends the run if a challenge does not have an error.
func (t *probe) errorCode(a answer, code string) {
	params := t.challenge(a)
	t.check(strings.Contains(params, `error="`+code+`"`), "the challenge is %q, without error=%q", params, code)
}

func errorRules() []Rule {
	expired := func(t *probe) string { return t.changed(func(_, claims object) { claims["exp"] = 1 }) }
	return section("1.7",
		rule("no-token", "publishing without a token is answered with 401", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			t.want(t.postAs("", "topic", t.topic("a")), "publishing without a token", 401)
		}),
		rule("no-token-challenge", "then the challenge is Bearer, without an error", modern, Must, func(t *probe) {
			a := t.want(t.postAs("", "topic", t.topic("a")), "publishing without a token", 401)
			params := t.challenge(a)
			t.check(!strings.Contains(params, "error"), "the challenge has an error: %q", params)
		}),
		rule("resource-metadata", "and it has the address of the metadata", modern, Should, func(t *probe) {
			params := t.challenge(t.want(t.postAs("", "topic", t.topic("a")), "publishing without a token", 401))
			_, address, _ := strings.Cut(params, `resource_metadata="`)
			address, _, _ = strings.Cut(address, `"`)
			t.check(strings.HasSuffix(address, "/.well-known/oauth-protected-resource"+t.hub.Path),
				"resource_metadata is %q", address)
		}).needs("metadata"),
		rule("invalid-token", "publishing with an invalid token is answered with 401", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			t.want(t.postAs(expired(t), "topic", t.topic("a")), "publishing", 401)
		}),
		rule("invalid-token-challenge", "then the challenge has error invalid_token", modern, Must, func(t *probe) {
			t.errorCode(t.want(t.postAs(expired(t), "topic", t.topic("a")), "publishing", 401), "invalid_token")
		}),
		rule("invalid-token-stream", "and so for subscribers", modern, Must, func(t *probe) {
			a := t.do(call{query: t.exact(t.topic("a")), token: expired(t)})
			t.errorCode(t.want(a, "subscribing", 401), "invalid_token")
		}),
		rule("undifferentiated", "the challenge does not tell why a token is invalid", modern, Must, func(t *probe) {
			first := ""
			for _, change := range []func(head, claims object){
				func(_, claims object) { claims["exp"] = 1 },
				func(_, claims object) { claims["aud"] = "x" },
				func(_, claims object) { claims["iss"] = "x" },
				func(_, claims object) { claims["authorization_details"] = 1 },
				func(head, _ object) { head["alg"] = "RS256" },
			} {
				params := t.challenge(t.postAs(t.changed(change), "topic", t.topic("a")))
				t.check(first == "" || params == first, "challenges differ: %q and %q", first, params)
				first = params
			}
		}),
		rule("insufficient", "publishing with a valid token that does not suffice is answered with 403", modern, Must,
			func(t *probe) {
				t.want(t.postAs(t.writer(t.topic("b")), "topic", t.topic("a")), "publishing", 403)
			}),
		rule("insufficient-challenge", "then the challenge has error insufficient_scope", modern, Must, func(t *probe) {
			a := t.want(t.postAs(t.writer(t.topic("b")), "topic", t.topic("a")), "publishing", 403)
			t.errorCode(a, "insufficient_scope")
		}),
		rule("insufficient-legacy", "publishing with a valid token that does not suffice is answered with 401 or 403",
			legacy, Must, func(t *probe) {
				t.want(t.postAs(t.writer(t.topic("b")), "topic", t.topic("b")), "publishing what is granted", 200)
				t.want(t.postAs(t.writer(t.topic("b")), "topic", t.topic("a")), "publishing what is not", 401, 403)
			}),
		rule("invalid-request", "a token that is presented in a malformed way is answered with 400 and invalid_request",
			modern, Must, func(t *probe) {
				for _, value := range []string{"Bearer", "Bearer ", "Bearer a b"} {
					a := t.do(call{
						method: http.MethodPost, form: fields("topic", t.topic("a")),
						header: http.Header{"Authorization": {value}},
					})
					t.errorCode(t.want(a, "publishing with Authorization: "+value, 400), "invalid_request")
				}
			}),
		rule("two-tokens", "two Authorization fields are refused", each, Must, func(t *probe) {
			token := "Bearer " + t.all()
			for _, values := range [][]string{{token, token}, {token, "Bearer x"}, {"Bearer x", token}} {
				a := t.do(call{
					method: http.MethodPost, form: fields("topic", t.topic("a")),
					header: http.Header{"Authorization": values},
				})
				t.want(a, "publishing with two Authorization fields", 400, 401)
			}
		}),
		rule("bad-request", "a malformed publication is answered with 400", each, Must, func(t *probe) {
			t.refuses(400, "data", "no topic")
		}),
		rule("problem", "a problem document says the status of its answer", each, May, func(t *probe) {
			for _, a := range []answer{t.postAs("", "topic", "x"), t.post("data", "x"), t.do(call{})} {
				t.check(a.StatusCode >= 400, "a bad request was answered with %d", a.StatusCode)
				if mediaType(a.Header) != "application/problem+json" {
					continue
				}
				var p struct{ Status int }
				err := json.Unmarshal([]byte(a.body), &p)
				t.check(err == nil, "the problem is no JSON: %v", err)
				t.check(p.Status == a.StatusCode, "the problem of an answer %d says %d", a.StatusCode, p.Status)
			}
		}),
	)
}
