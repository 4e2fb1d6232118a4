package suite_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const detailType = "https://mercure.rocks/authorization-detail"

// token is what a request may do at the fake hub. The zero token may do nothing.
type token struct {
	legacy             bool
	publish, subscribe []*match
	details            []payloads // of subscribers, in their order
	payload            json.RawMessage
	exp                time.Time
	sub                string
}

type payloads struct {
	matchers []*match
	payload  json.RawMessage
}

func (t *token) grants(list []*match, topics []string) bool {
	return slices.ContainsFunc(topics, func(topic string) bool {
		return slices.ContainsFunc(list, func(m *match) bool { return m.matches(topic) })
	})
}

// refusal is why a request is refused.
type refusal struct {
	status int
	code   string // of the challenge
}

// authorize returns the token of a request, nil if it has none.
func (f *fake) authorize(r *http.Request) (*token, *refusal) {
	if values := r.Header.Values("Authorization"); len(values) > 0 {
		scheme, text, _ := strings.Cut(values[0], " ")
		switch {
		case !strings.EqualFold(scheme, "Bearer"):
			return nil, nil
		case len(values) > 1, text == "", strings.Contains(text, " "):
			return nil, &refusal{400, "invalid_request"}
		}
		return f.verify(text, true, true)
	}
	if values := query(r.URL.RawQuery)["authorization"]; len(values) > 0 {
		return f.verify(values[0], false, true)
	}
	for name, legacy := range map[string]bool{"__Secure-mercure_access_token": false, "mercureAuthorization": true} {
		if c, err := r.Cookie(name); err == nil {
			if r.Method == http.MethodPost && !f.sameOrigin(r) {
				return nil, &refusal{403, "insufficient_scope"}
			}
			return f.verify(c.Value, !legacy, legacy)
		}
	}
	return nil, nil
}

// sameOrigin reports whether a request comes from the hub's own origin, or one that it lets in.
func (f *fake) sameOrigin(r *http.Request) bool {
	from := r.Header.Get("Origin")
	if from == "" {
		u, err := url.Parse(r.Header.Get("Referer"))
		if err != nil || u.Host == "" {
			return false
		}
		from = u.Scheme + "://" + u.Host
	}
	return from == f.base.scheme+"://"+f.base.authority || from == f.origin
}

func (f *fake) verify(text string, modern, legacy bool) (*token, *refusal) {
	invalid := &refusal{401, "invalid_token"}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > 64<<10 {
		return nil, invalid
	}
	var head struct{ Alg, Typ string }
	var claims struct {
		Iss          *string
		Aud          json.RawMessage
		Exp, Nbf     *float64
		Sub          string
		Details      json.RawMessage `json:"authorization_details"`
		Mercure      *legacyClaim
		MercureRocks *legacyClaim `json:"https://mercure.rocks/"`
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	mac := hmac.New(sha256.New, []byte(f.key))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) || !decodePart(parts[0], &head) || head.Alg != "HS256" ||
		!decodePart(parts[1], &claims) {
		return nil, invalid
	}
	t := &token{sub: claims.Sub}
	typ := strings.TrimPrefix(strings.ToLower(head.Typ), "application/")
	t.legacy = typ != "at+jwt"
	now := float64(time.Now().UnixMilli()) / 1000
	required := !t.legacy
	switch {
	case t.legacy && !legacy, !t.legacy && !modern,
		claims.Iss == nil && required, claims.Iss != nil && *claims.Iss != f.issuer,
		claims.Aud == nil && required, claims.Aud != nil && !contains(claims.Aud, f.resource),
		claims.Exp == nil && required, claims.Exp != nil && *claims.Exp <= now,
		claims.Nbf != nil && *claims.Nbf > now:
		return nil, invalid
	}
	if claims.Exp != nil {
		t.exp = time.Unix(int64(*claims.Exp), 0)
	}
	if !t.legacy {
		if claims.Details != nil && !f.readDetails(t, claims.Details) {
			return nil, invalid
		}
		return t, nil
	}
	claim := claims.Mercure
	if claims.MercureRocks != nil {
		claim = claims.MercureRocks
	}
	if claim != nil {
		t.payload = claim.Payload
		for _, s := range claim.Publish {
			t.publish = append(t.publish, newMatch(f.base, "template", s))
		}
		for _, s := range claim.Subscribe {
			t.subscribe = append(t.subscribe, newMatch(f.base, "template", s))
		}
	}
	return t, nil
}

type legacyClaim struct {
	Publish, Subscribe []string
	Payload            json.RawMessage
}

func decodePart(text string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(b, into) == nil
}

// contains reports whether a claim is a text or has it in its list.
func contains(raw json.RawMessage, want string) bool {
	var one string
	var many []string
	return json.Unmarshal(raw, &one) == nil && one == want ||
		json.Unmarshal(raw, &many) == nil && slices.Contains(many, want)
}

// readDetails reads authorization details and reports whether they are well formed.
func (f *fake) readDetails(t *token, raw json.RawMessage) bool {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) > f.maxMatchers {
		return false
	}
	total := 0
	for _, one := range list {
		var kind struct{ Type string }
		if json.Unmarshal(one, &kind) != nil || kind.Type != detailType {
			continue
		}
		var d struct {
			Actions []*string
			Topics  []struct {
				Match *string
				Type  *string `json:"match_type"`
			}
			Payload json.RawMessage
		}
		var object map[string]any
		if json.Unmarshal(one, &d) != nil || len(d.Actions) == 0 || len(d.Topics) == 0 ||
			d.Payload != nil && json.Unmarshal(d.Payload, &object) != nil {
			return false
		}
		var matchers []*match
		for _, m := range d.Topics {
			kind := "exact"
			if m.Type != nil {
				kind = *m.Type
			}
			if m.Match == nil || kind != "exact" && kind != "urlpattern" || !clean(*m.Match) || len(*m.Match) > f.maxPattern {
				return false
			}
			matcher := newMatch(f.base, kind, *m.Match)
			if total++; matcher == nil || total > f.maxMatchers {
				return false
			}
			matchers = append(matchers, matcher)
		}
		for _, action := range d.Actions {
			switch {
			case action == nil:
				return false
			case *action == "publish":
				t.publish = append(t.publish, matchers...)
			case *action == "subscribe":
				t.subscribe = append(t.subscribe, matchers...)
				t.details = append(t.details, payloads{matchers, d.Payload})
			}
		}
	}
	return true
}
