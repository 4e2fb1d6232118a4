package suite

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"
)

// object is a JSON object.
type object map[string]any

// detailType is the type of the authorization details that are the protocol's.
const detailType = "https://mercure.rocks/authorization-detail"

// mint returns a JWT, signed with HS256 whatever its header says.
func mint(header, claims object, key string) string {
	body := part(header) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func part(o object) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // the rules' own texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// matcher returns a matcher object of a token.
func matcher(kind, value string) object { return object{"match": value, "match_type": kind} }

// exactly returns matcher objects of the default type.
func exactly(values ...string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = object{"match": v}
	}
	return list
}

// detail returns an authorization detail.
func detail(action string, topics ...any) object {
	return object{"type": detailType, "actions": []any{action}, "topics": topics}
}

// header returns the header of a 1.0 token.
func header() object { return object{"alg": "HS256", "typ": "at+jwt"} }

// claims returns the claims of a 1.0 token with details; those that a hub need not look at are left out.
func (t *probe) claims(details ...object) object {
	list := []any{}
	for _, d := range details {
		list = append(list, d)
	}
	return object{
		"iss": t.config.Issuer, "aud": t.config.Resource, "exp": time.Now().Add(time.Hour).Unix(),
		"authorization_details": list,
	}
}

// modernToken returns a 1.0 token with details.
func (t *probe) modernToken(details ...object) string {
	return mint(header(), t.claims(details...), t.config.Key)
}

// legacyToken returns a 0.x token with an object as its claim.
func (t *probe) legacyToken(claim object) string {
	return mint(object{"alg": "HS256"}, object{"mercure": claim}, t.config.LegacyKey)
}

// grant returns a token of the dialect for exact topics.
func (t *probe) grant(publish, subscribe []string) string {
	if t.is(Legacy) {
		claim := object{"publish": publish, "subscribe": subscribe}
		if publish == nil {
			delete(claim, "publish")
		}
		if subscribe == nil {
			delete(claim, "subscribe")
		}
		return t.legacyToken(claim)
	}
	var details []object
	if len(publish) > 0 {
		details = append(details, detail("publish", exactly(publish...)...))
	}
	if len(subscribe) > 0 {
		details = append(details, detail("subscribe", exactly(subscribe...)...))
	}
	return t.modernToken(details...)
}

// all returns a token of the dialect that may do everything.
func (t *probe) all() string { return t.grant([]string{"*"}, []string{"*"}) }

// reader returns a token that may receive private updates of topics.
func (t *probe) reader(topics ...string) string { return t.grant(nil, topics) }

// writer returns a token that may publish to topics.
func (t *probe) writer(topics ...string) string { return t.grant(topics, nil) }

// full returns the claims of a token of the dialect that may do everything, with its header and its key.
func (t *probe) full() (head, claims object, key string) {
	if t.is(Legacy) {
		every := []string{"*"}
		return object{"alg": "HS256"}, object{"mercure": object{"publish": every, "subscribe": every}}, t.config.LegacyKey
	}
	return header(), t.claims(detail("publish", exactly("*")...), detail("subscribe", exactly("*")...)), t.config.Key
}

// changed returns the token that may do everything after a change.
func (t *probe) changed(change func(head, claims object)) string {
	head, claims, key := t.full()
	change(head, claims)
	return mint(head, claims, key)
}

// soon is how long a token is still valid whose end is to be seen.
const soon = 2 * time.Second
