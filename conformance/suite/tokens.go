package suite

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// tokenRule returns a rule about a token that may do everything, after a change: publishing with it is answered
// with one of the statuses, and publishing with the unchanged one with 200.
func tokenRule(id, name string, where scope, level Level, change func(head, claims object), statuses ...int) Rule {
	return rule(id, name, where, level, func(t *probe) {
		t.publish("topic", t.topic("a"), "data", "x")
		a := t.postAs(t.changed(change), "topic", t.topic("a"), "data", "x")
		t.want(a, "publishing", statuses...)
		if len(statuses) == 1 && statuses[0] == 401 {
			t.check(t.listenFails(t.changed(change)), "a stream was opened with it")
		}
	})
}

// listenFails reports whether subscribing with a token is refused.
func (t *probe) listenFails(token string) bool {
	return t.do(call{query: t.exact(t.topic("a")), token: token}).StatusCode >= 400
}

// keyInHeader is a key of the sender's own, as a JWK.
func keyInHeader(secret string) object {
	return object{"kty": "oct", "alg": "HS256", "k": base64.RawURLEncoding.EncodeToString([]byte(secret))}
}

// unsigned returns a token without a signature.
func unsigned(head, claims object) string { return part(head) + "." + part(claims) + "." }

func tokenRules() []Rule {
	const foreignKey = "a secret that the hub does not know, 40 bytes"
	hour := func(n int) int64 { return time.Now().Add(time.Duration(n) * time.Hour).Unix() }
	return section("1.5",
		// A hub that also speaks 0.x may take a token of another type for one of 0.x, which then grants nothing.
		tokenRule("typ-missing", "a token without typ is refused", modern, Must,
			func(head, _ object) { delete(head, "typ") }, 401, 403),
		tokenRule("typ-other", "a token of another typ is refused", modern, Must,
			func(head, _ object) { head["typ"] = "JWT" }, 401, 403),
		tokenRule("typ-long", "typ may be application/at+jwt", modern, Must,
			func(head, _ object) { head["typ"] = "application/at+jwt" }, 200),
		tokenRule("typ-case", "typ is compared without regard to case", modern, Must,
			func(head, _ object) { head["typ"] = "AT+JWT" }, 200),
		rule("alg-none", "an unsigned token is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			for _, alg := range []string{"none", "None", "NONE", "HS256"} {
				head, claims, _ := t.full()
				head["alg"] = alg
				t.want(t.postAs(unsigned(head, claims), "topic", t.topic("a")), "publishing unsigned, alg "+alg, 401)
			}
		}),
		tokenRule("alg-other", "a token whose alg does not fit the key is refused", each, Must,
			func(head, _ object) { head["alg"] = "RS256" }, 401),
		tokenRule("alg-missing", "a token without alg is refused", each, Must,
			func(head, _ object) { delete(head, "alg") }, 401),
		rule("foreign-key", "a token that another key has signed is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			head, claims, _ := t.full()
			t.want(t.postAs(mint(head, claims, foreignKey), "topic", t.topic("a")), "publishing", 401)
		}),
		rule("tampered", "a token that was changed after signing is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			weak := strings.Split(t.writer(t.topic("b")), ".")
			strong := strings.Split(t.all(), ".")
			t.want(t.postAs(compact(weak[0], strong[1], weak[2]), "topic", t.topic("a")), "other claims", 401)
			t.want(t.postAs(compact(strong[0], strong[1], ""), "topic", t.topic("a")), "no signature", 401)
		}),
		rule("jwk", "a key in the token's header is ignored", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			head, claims, _ := t.full()
			head["jwk"] = keyInHeader(foreignKey)
			t.want(t.postAs(mint(head, claims, foreignKey), "topic", t.topic("a")), "publishing", 401)
		}),
		rule("jku", "addresses of keys in the token's header are ignored", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			for _, name := range []string{"jku", "x5u"} {
				head, claims, _ := t.full()
				head[name] = t.origin() + "/keys.json"
				t.want(t.postAs(mint(head, claims, foreignKey), "topic", t.topic("a")), "publishing with "+name, 401)
			}
		}),
		tokenRule("kid", "kid is only a hint", modern, Must, func(head, _ object) { head["kid"] = "nobody knows" }, 200),
		tokenRule("iss-missing", "a token without iss is refused", modern, Must,
			func(_, claims object) { delete(claims, "iss") }, 401),
		tokenRule("iss-other", "a token of an issuer that is not trusted is refused", modern, Must,
			func(_, claims object) { claims["iss"] = "https://issuer.example" }, 401),
		tokenRule("iss-bytewise", "the issuer is compared byte by byte", modern, Must,
			func(_, claims object) { claims["iss"] = claims["iss"].(string) + "/" }, 401),
		tokenRule("aud-missing", "a token without aud is refused", modern, Must,
			func(_, claims object) { delete(claims, "aud") }, 401),
		tokenRule("aud-other", "a token for another resource is refused", modern, Must,
			func(_, claims object) { claims["aud"] = "https://hub.example/other" }, 401),
		tokenRule("aud-list", "aud may be a list that has the hub", modern, Must,
			func(_, claims object) { claims["aud"] = []any{"https://hub.example", claims["aud"]} }, 200),
		tokenRule("aud-other-list", "a list of other resources is refused", modern, Must,
			func(_, claims object) { claims["aud"] = []any{"https://hub.example", "https://hub.example/x"} }, 401),
		tokenRule("exp-missing", "a token without exp is refused", modern, Must,
			func(_, claims object) { delete(claims, "exp") }, 401),
		tokenRule("exp-past", "a token that has ended is refused", each, Must,
			func(_, claims object) { claims["exp"] = hour(-1) }, 401),
		tokenRule("exp-now", "no leeway applies to exp", modern, Must,
			func(_, claims object) { claims["exp"] = time.Now().Add(-2 * time.Second).Unix() }, 401),
		tokenRule("exp-type", "an exp that is no number is refused", modern, Must,
			func(_, claims object) { claims["exp"] = "tomorrow" }, 401),
		tokenRule("exp-far", "a token may last for decades", modern, Must,
			func(_, claims object) { claims["exp"] = int64(4102444800) }, 200),
		tokenRule("nbf-future", "a token that does not hold yet is refused", modern, Must,
			func(_, claims object) { claims["nbf"] = hour(1) }, 401),
		tokenRule("nbf-past", "a token that has begun to hold is taken", modern, Must,
			func(_, claims object) { claims["nbf"] = hour(-1) }, 200),
		tokenRule("optional-claims", "sub, client_id, iat and jti may be there, but need not", modern, Must,
			func(_, claims object) {
				claims["sub"], claims["client_id"], claims["jti"] = "somebody", "some client", random(8)
				claims["iat"] = time.Now().Unix()
			}, 200),
		rule("garbage", "what is no token is refused", each, Must, func(t *probe) {
			t.publish("topic", t.topic("a"))
			good := t.all()
			for _, token := range []string{"x", "a.b.c", "....", good + ".x", "x." + good, good[:len(good)-4]} {
				a := t.do(call{
					method: http.MethodPost, form: fields("topic", t.topic("a")),
					header: http.Header{"Authorization": {"Bearer " + token}},
				})
				t.want(a, "publishing with the token "+short(token), 401, 400)
			}
		}),
	)
}

// compact joins the parts of a token.
func compact(parts ...string) string { return strings.Join(parts, ".") }
