package protocol_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

func TestDialectNames(t *testing.T) {
	for _, d := range []protocol.Dialects{protocol.BothDialects, protocol.OnlyModern, protocol.OnlyLegacy} {
		text, err := d.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back protocol.Dialects
		if err := back.UnmarshalText(text); err != nil || back != d {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	var d protocol.Dialects
	for _, name := range []string{"", "2.0", "BOTH", "1"} {
		if err := d.UnmarshalText([]byte(name)); err == nil {
			t.Errorf("%q is %v", name, d)
		}
	}
	if _, err := protocol.Handler(newHub(t, hub.Options{}), protocol.Options{Dialect: 7}); err == nil {
		t.Error("no error for a dialect that there is not")
	}
}

// TestCursorSpellings: each holds for both dialects, and both answers are given.
func TestCursorSpellings(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "2"})
		for _, param := range []string{"topic", "match"} {
			for _, name := range []string{"last_event_id", "lastEventID", "Last-Event-ID"} {
				r := s.subscribe(t, param+"=a&"+name+"="+url.QueryEscape(id))
				if got := r.answer(); got != id {
					t.Errorf("%s with %s: the head says %q", param, name, got)
				}
				r.want("2")
				r.leave()
				if got := s.subscribe(t, param+"=a&"+name+"=").answer(); got == "" {
					t.Errorf("%s with an empty %s: no answer", param, name)
				}
			}
		}
	})
}

// TestLegacyPublishing is about what publishers of protocol 0.x may do beyond 1.0 (section 1.14): leave retry empty.
func TestLegacyPublishing(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		a := serveTokens(t, m)
		r := a.subscribe(t, "topic=a")
		a.post(t, "topic=a&data=1&retry=&id=&type=", bearer(a.legacy(all, nil))...)
		wantProblem(t, a.request(t, http.MethodPost, "", "topic=a&retry=", bearer(a.token(all, nil))...), 400, "retry")
		a.post(t, "topic=a&data=2&retry=5", bearer(a.legacy(all, nil))...)
		r.want("1", "2")
	})
}

// TestPublicURL: relative patterns and topics are relative to it, and its path is the hub's own.
func TestPublicURL(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{Authorizer: protocol.AllowAll(), PublicURL: "https://hub.example/live/hub"})
		r := s.subscribe(t, "match_urlpattern=/x/:id&match_urlpattern=:id(word)")
		for _, topic := range []string{"https://hub.example/x/1", "/x/2", "../x/3", "https://other.example/x/4", "word", "https://hub.example/live/word"} {
			s.post(t, "topic="+url.QueryEscape(topic)+"&data="+url.QueryEscape(topic))
		}
		r.want("https://hub.example/x/1", "/x/2", "../x/3", "word", "https://hub.example/live/word")
		for _, topic := range []string{"/live/hub", "hub/x", "https://other.example/live/hub", "/.well-known/mercure"} {
			wantProblem(t, s.request(t, http.MethodPost, "", "topic="+url.QueryEscape(topic)), 400, "topic", "namespace")
		}
	})
	for _, u := range []string{"hub.example", "ftp://hub.example/x", "https://hub.example", "https://u:p@hub.example/x", "https://hub.example/x?y", "https://hub.example/x#y", "https://[/"} {
		if _, err := protocol.Handler(newHub(t, hub.Options{}), protocol.Options{PublicURL: u}); err == nil {
			t.Errorf("no error for the public URL %q", u)
		}
	}
}
