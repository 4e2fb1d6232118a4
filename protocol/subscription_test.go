package protocol_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// bearers are who the tests' tokens are of: a token is the name of one.
func bearers(t testing.TB) protocol.Authorizer {
	t.Helper()
	compiler, err := protocol.NewCompiler("")
	if err != nil {
		t.Fatal(err)
	}
	sees := func(texts ...string) topic.Matchers {
		var ms topic.Matchers
		for _, text := range texts {
			m, err := compiler.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			ms = append(ms, m)
		}
		return ms
	}
	const root = protocol.DefaultPath + "/subscriptions"
	all := topic.Matchers{topic.Any()}
	tokens := map[string]*auth.Token{
		"modern": {Dialect: auth.Modern, Grant: topic.All(), Details: []auth.Detail{
			{Subscribe: true, Topics: sees("exact:books"), Payload: json.RawMessage(`{"name": "ann"}`)},
			{Subscribe: true, Topics: all, Payload: json.RawMessage(`{"name":"anybody"}`)},
		}},
		"legacy":   {Dialect: auth.Legacy, Grant: topic.All(), LegacyPayload: json.RawMessage(`["bob", 2]`)},
		"stranger": {Dialect: auth.Modern, Grant: topic.Grant{Subscribe: sees("exact:books"), Publish: all}},
		"books":    {Dialect: auth.Modern, Grant: topic.Grant{Subscribe: sees("urlpattern:" + root + "/exact/books{/:one}?")}},
		"root":     {Dialect: auth.Modern, Grant: topic.Grant{Subscribe: sees("exact:" + root)}},
		"template": {Dialect: auth.Legacy, Grant: topic.Grant{Subscribe: sees("template:" + root + "/{topic}{/one}")}},
	}
	return protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
		name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if name == "" {
			return protocol.Access{}, nil
		}
		token := tokens[name]
		if token == nil {
			return protocol.Access{}, protocol.ErrNoToken
		}
		return protocol.Access{Grant: token.Grant, Token: token, Dialect: token.Dialect}, nil
	})
}

// tell serves a hub that tells who is subscribed.
func tell(t testing.TB, m mode, ho hub.Options, po protocol.Options) *server {
	t.Helper()
	ho.Subscriptions = true
	h := newHub(t, ho)
	po.TakeOver = m == modeTaken
	if po.Authorizer == nil {
		po.Authorizer = bearers(t)
	}
	handler, err := protocol.Handler(h, po)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath, handler)
	mux.Handle(protocol.DefaultPath+"/", handler)
	url, transport := listen(t, m, mux)
	t.Cleanup(func() { h.Close() }) // before the server waits for its handlers
	return &server{hub: h, url: url + protocol.DefaultPath, transport: transport}
}

func as(name string) []string { return []string{"Authorization", "Bearer " + name} }

// arrive opens a stream with signals and returns the subscriber's id.
func (s *server) arrive(t testing.TB, query string, header ...string) (*reader, string) {
	t.Helper()
	r := s.subscribe(t, query+"&signals=1", header...)
	var hello hub.HelloData
	if err := json.Unmarshal([]byte(r.next().Data), &hello); err != nil {
		t.Fatal(err)
	}
	return r, hello.Subscriber
}

// object is a JSON document.
type object = map[string]any

func parse(t testing.TB, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return o
}

// TestSubscriptionEvents: who may know is told in the dialect of who comes and goes, by an update that only such
// readers get.
func TestSubscriptionEvents(t *testing.T) {
	const root = protocol.DefaultPath + "/subscriptions/"
	modern := func(kind, match, path string) object {
		return object{"id": root + path + "/", "type": "subscription", "match_type": kind, "match": match}
	}
	legacy := func(selector, path string) object {
		return object{
			"@context": "https://mercure.rocks/", "id": root + path + "/", "type": "Subscription", "topic": selector,
			"payload": []any{"bob", 2.0},
		}
	}
	with := func(o object, payload any) object {
		o["payload"] = payload
		return o
	}
	ann, anybody := object{"name": "ann"}, object{"name": "anybody"}
	for _, tt := range []struct {
		name, who, query string
		event            string
		want             []object
	}{
		{"exact", "modern", "match=books", "mercure", []object{with(modern("exact", "books", "exact/books"), ann)}},
		{"exact, by its name", "modern", "match_exact=a", "mercure", []object{with(modern("exact", "a", "exact/a"), anybody)}},
		{"everything", "modern", "match_urlpattern=*", "mercure", []object{with(modern("exact", "*", "exact/%2A"), anybody)}},
		{"pattern", "modern", "match_urlpattern=/a/:b", "mercure", []object{with(modern("urlpattern", "/a/:b", "urlpattern/%2Fa%2F%3Ab"), anybody)}},
		{"encoded", "modern", "match=" + url.QueryEscape(`a b/é?%20<"`), "mercure", []object{
			with(modern("exact", `a b/é?%20<"`, "exact/a%20b%2F%C3%A9%3F%2520%3C%22"), anybody),
		}},
		{"several", "modern", "match=a&match=b&match=a", "mercure", []object{
			with(modern("exact", "a", "exact/a"), anybody), with(modern("exact", "b", "exact/b"), anybody),
		}},
		{"without a payload", "stranger", "match=books", "mercure", []object{modern("exact", "books", "exact/books")}},
		{"without a token", "", "match=books", "mercure", []object{modern("exact", "books", "exact/books")}},
		{"selector", "legacy", "topic=books", "", []object{legacy("books", "books")}},
		{"template", "legacy", "topic=" + url.QueryEscape("a/{id}"), "", []object{legacy("a/{id}", "a%2F%7Bid%7D")}},
		{"a modern token, by the parameters of 0.x", "modern", "topic=books", "", []object{with(legacy("books", "books"), ann)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			run(t, func(t *testing.T, m mode) {
				s := tell(t, m, hub.Options{}, protocol.Options{})
				watcher := s.subscribe(t, "match=*", as("modern")...)
				stranger := s.subscribe(t, "match=*", as("stranger")...)
				watcher.next() // itself
				watcher.next() // the stranger
				var header []string
				if tt.who != "" {
					header = as(tt.who)
				}
				visitor, id := s.arrive(t, tt.query, header...)
				check := func(active bool) {
					t.Helper()
					for _, want := range tt.want {
						want = maps.Clone(want)
						want["id"] = want["id"].(string) + id
						want["subscriber"], want["active"] = id, active
						e := watcher.next()
						if e.Type != tt.event {
							t.Errorf("event of type %q, want %q", e.Type, tt.event)
						}
						if diff := cmp.Diff(want, parse(t, e.Data)); diff != "" {
							t.Errorf("active = %t (-want +got):\n%s", active, diff)
						}
					}
				}
				check(true)
				visitor.leave()
				check(false)
				s.post(t, "topic=x&data=public", as("modern")...)
				stranger.want("public")
			})
		})
	}
}

// TestSubscriptionEventsByTopic: the topic of the update is what the document has as its id, and can be asked for by a
// pattern or a template.
func TestSubscriptionEventsByTopic(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		byPattern := s.subscribe(t, "match_urlpattern="+url.QueryEscape(protocol.DefaultPath+"/subscriptions/exact/books/:who"), as("modern")...)
		byTemplate := s.subscribe(t, "topic="+url.QueryEscape(protocol.DefaultPath+"/subscriptions/{topic}/{who}"), as("legacy")...)
		_, modern := s.arrive(t, "match=books", as("modern")...)
		_, legacy := s.arrive(t, "topic=books", as("legacy")...)
		for r, want := range map[*reader]string{byPattern: modern, byTemplate: legacy} {
			e := parse(t, r.next().Data)
			if e["topic"] != "books" && e["match"] != "books" { // the template's own begin
				e = parse(t, r.next().Data)
			}
			if e["subscriber"] != want {
				t.Errorf("%v, want that of %s", e, want)
			}
		}
	})
}

// TestSubscriptionsOff: unless the hub is asked to, it tells nobody, and says so.
func TestSubscriptionsOff(t *testing.T) {
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath+"/", handler)
	address, transport := listen(t, modeHTTP1, mux)
	s := &server{hub: h, url: address + protocol.DefaultPath + "/subscriptions", transport: transport}
	if resp := s.request(t, http.MethodGet, "", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("%s", resp.Status)
	}
}

// TestPresenceQueueFull: a subscriber that others cannot be told of is asked to come back, and told which limit it is.
func TestPresenceQueueFull(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := newStuckLog(t)
		s := tell(t, m, hub.Options{Log: log, Limits: hub.Limits{PresenceQueue: 1}}, protocol.Options{})
		s.subscribe(t, "match=a")
		resp := s.request(t, http.MethodGet, "match=a", "")
		problem := parse(t, readAll(t, resp))
		if resp.StatusCode != http.StatusServiceUnavailable || problem["limit"] != "PresenceQueue" || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s, Retry-After %q: %v", resp.Status, resp.Header.Get("Retry-After"), problem)
		}
		log.release()
	})
}

// TestSubscriptionsPath: each segment is encoded once, as a whole.
func TestSubscriptionsPath(t *testing.T) {
	got := protocol.SubscriptionsPath("/hub", "exact", "https://x.example/a b?é=%2F", "-._~")
	if want := "/hub/subscriptions/exact/https%3A%2F%2Fx.example%2Fa%20b%3F%C3%A9%3D%252F/-._~"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzParseSubscriber: what is read as a subscriber's id is what is written for it.
func FuzzParseSubscriber(f *testing.F) {
	f.Add(fanout.NewSubscriberID().String())
	f.Add("00000000-0000-4000-8000-000000000000")
	f.Add("--------00000000000000000000000000000000")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := protocol.ParseSubscriber(s); ok && id.String() != s {
			t.Errorf("%q is read as %v", s, id)
		}
	})
}
