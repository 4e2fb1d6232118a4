package suite_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

// when says of which requests a mutant makes something else.
type when func(x *exchange) bool

func always(*exchange) bool { return true }

func method(name string) when { return func(x *exchange) bool { return x.r.Method == name } }

func has(values map[string][]string, name, pattern string) bool {
	return slices.ContainsFunc(values[name], regexp.MustCompile(pattern).MatchString)
}

// field is about a field of the form, param about a parameter, asked about a header of the request.
func field(name, pattern string) when {
	return func(x *exchange) bool { return has(x.form, name, pattern) }
}

func param(name, pattern string) when {
	return func(x *exchange) bool { return has(x.query, name, pattern) }
}

func asked(name, pattern string) when {
	return func(x *exchange) bool { return has(x.r.Header, name, pattern) }
}

func rawQuery(pattern string) when {
	return func(x *exchange) bool { return regexp.MustCompile(pattern).MatchString(x.r.URL.RawQuery) }
}

// carries is about the text of a token's header and claims.
func carries(pattern string) when {
	return func(x *exchange) bool {
		head, claims, ok := x.claims()
		a, _ := json.Marshal(head)
		b, _ := json.Marshal(claims)
		return ok && regexp.MustCompile(pattern).MatchString(string(a)+" "+string(b))
	}
}

// lacks is about a name that is not in the token.
func lacks(name string) when {
	return func(x *exchange) bool {
		_, _, ok := x.claims()
		return ok && !carries(`"`+name+`":`)(x)
	}
}

// forged is about tokens that the key has not signed.
func forged(x *exchange) bool {
	body, signature, ok := strings.Cut(x.bearer(), "~")
	if i := strings.LastIndex(x.bearer(), "."); i >= 0 {
		body, signature, ok = x.bearer()[:i], x.bearer()[i+1:], true
	}
	return x.bearer() != "" && (!ok || sign(body) != signature || strings.Count(body, ".") != 1)
}

func sign(body string) string {
	mac := hmac.New(sha256.New, []byte("!ChangeThisMercureHubJWTSecretKey!"))
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func encode(o map[string]any) string {
	text, _ := json.Marshal(o)
	return base64.RawURLEncoding.EncodeToString(text)
}

func mint(head, claims map[string]any) string {
	body := encode(head) + "." + encode(claims)
	return body + "." + sign(body)
}

// full returns a token that may do everything.
func full(legacy bool) string {
	every := []string{"*"}
	if legacy {
		return mint(map[string]any{"alg": "HS256"}, map[string]any{
			"mercure": map[string]any{"publish": every, "subscribe": every},
		})
	}
	return mint(map[string]any{"alg": "HS256", "typ": "at+jwt"}, map[string]any{
		"iss": "https://localhost", "aud": "https://localhost" + hubPath, "exp": 4102444800,
		"authorization_details": []any{map[string]any{
			"type": detailType, "actions": []any{"publish", "subscribe"}, "topics": []any{map[string]any{"match": "*"}},
		}},
	})
}

// use puts a token into a request in place of any other.
func (x *exchange) use(token string) {
	x.r.Header.Del("Cookie")
	if delete(x.query, "authorization"); strings.Contains(x.r.URL.RawQuery, "authorization=") {
		x.altered = true
	}
	x.r.Header.Set("Authorization", "Bearer "+token)
	if token == "" {
		x.r.Header.Del("Authorization")
	}
}

// The mutants' parts.

func asks(w when, change func(x *exchange)) tap {
	return tap{ask: func(x *exchange) {
		if w(x) {
			change(x)
		}
	}}
}

// edits alters a request's query or form.
func edits(w when, change func(x *exchange)) tap {
	return asks(w, func(x *exchange) {
		change(x)
		x.altered = true
	})
}

// admits answers what the hub has refused as if it had not.
func admits(w when) tap {
	return tap{head: func(x *exchange, status *int, h http.Header) {
		if *status >= 400 && w(x) {
			*status = 200
			if x.r.Method != http.MethodPost && x.r.URL.Path == hubPath {
				h.Set("Content-Type", "text/event-stream")
			}
		}
	}}
}

// answers answers with another status.
func answers(w when, from, to int) tap {
	return tap{head: func(x *exchange, status *int, _ http.Header) {
		if (from == 0 || *status == from) && w(x) {
			*status = to
		}
	}}
}

func denies(w when) tap { return answers(w, 0, 400) }

// sets alters a header of answers; without a value it goes.
func sets(name, value string) tap {
	return tap{head: func(_ *exchange, _ *int, h http.Header) {
		h.Del(name)
		if value != "" {
			h.Set(name, value)
		}
	}}
}

// forgives makes of some tokens one that may do everything, rejects one that is none.
func forgives(w when) tap {
	return asks(w, func(x *exchange) { x.use(full(x.legacy())) })
}

func rejects(w when) tap {
	return asks(w, func(x *exchange) {
		if x.bearer() != "" {
			x.use("x." + x.bearer())
		}
	})
}

func anonymous(w when) tap { return asks(w, func(x *exchange) { x.use("") }) }

// remints alters the claims of tokens and signs them again.
func remints(change func(claims map[string]any)) tap {
	return asks(always, func(x *exchange) {
		if head, claims, ok := x.claims(); ok {
			change(claims)
			x.use(mint(head, claims))
		}
	})
}

// details alters each authorization detail.
func details(change func(d map[string]any)) tap {
	return remints(func(claims map[string]any) {
		list, _ := claims["authorization_details"].([]any)
		for _, d := range list {
			change(d.(map[string]any))
		}
	})
}

// widens makes of the first matcher of a name the wildcard.
func widens(list ...string) tap {
	return edits(always, func(x *exchange) {
		for _, name := range list {
			if len(x.query[name]) > 0 {
				x.query[name][0] = "*"
			}
		}
	})
}

func forgetsQuery(list ...string) tap {
	return edits(always, func(x *exchange) {
		for _, name := range list {
			delete(x.query, name)
		}
	})
}

func forgetsForm(list ...string) tap {
	return edits(always, func(x *exchange) {
		for _, name := range list {
			delete(x.form, name)
		}
	})
}

func forgetsHeader(name string) tap {
	return asks(always, func(x *exchange) { x.r.Header.Del(name) })
}

// cursors replaces a cursor; with "" it goes.
func cursors(to string) tap {
	return edits(method("GET"), func(x *exchange) {
		found := len(x.r.Header["Last-Event-Id"]) > 0
		x.r.Header.Del("Last-Event-Id")
		for _, name := range []string{"last_event_id", "lastEventID", "Last-Event-ID"} {
			found = found || len(x.query[name]) > 0
			delete(x.query, name)
		}
		if found && to != "" {
			x.query["last_event_id"] = []string{to}
		}
	})
}

// labels alters the events whose data ends in a label.
func labels(label string, change func(e sse.Event) []sse.Event) tap {
	return tap{event: func(_ *exchange, e sse.Event) []sse.Event {
		if strings.HasSuffix(e.Data, label) && !strings.HasSuffix(e.Data, "end "+label) {
			return change(e)
		}
		return []sse.Event{e}
	}}
}

func drops(label string) tap { return labels(label, func(sse.Event) []sse.Event { return nil }) }

// event alters each event.
func event(change func(e *sse.Event)) tap {
	return tap{event: func(_ *exchange, e sse.Event) []sse.Event {
		change(&e)
		return []sse.Event{e}
	}}
}

// doc alters each member of a JSON document; a nil value removes it.
func doc(name string, value any) tap {
	return docs(func(d map[string]any) {
		if d[name] = value; value == nil {
			delete(d, name)
		}
	})
}

func docs(change func(d map[string]any)) tap {
	return tap{doc: func(_ *exchange, d map[string]any, typ string) string {
		change(d)
		return typ
	}}
}

// hangs never answers some requests.
func hangs(w when) tap { return asks(w, func(x *exchange) { <-x.r.Context().Done() }) }

// both joins two taps that alter different things.
func both(a, b tap) tap {
	if a.ask == nil {
		a.ask = b.ask
	}
	if a.head == nil {
		a.head = b.head
	}
	if a.body == nil {
		a.body = b.body
	}
	return a
}
