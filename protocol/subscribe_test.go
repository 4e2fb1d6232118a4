package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

func TestSubscribe(t *testing.T) {
	// Every stream ends with the update to "end", so that what must not arrive is seen not to.
	tests := []struct {
		name  string
		query string
		want  []string
	}{
		{"topic", "topic=a&topic=end", []string{"a"}},
		{"match", "match=a&match=end", []string{"a"}},
		{"match_exact", "match_exact=a&match=end", []string{"a"}},
		{"several", "topic=a&topic=b;c&topic=end", []string{"a", "b;c"}},
		{"several matchers of one update", "topic=one&topic=two&topic=end", []string{"one and two"}},
		{"alternate topic", "match=two&match=end", []string{"one and two"}},
		{"everything, 0.x", "topic=*", []string{"a", "A", "b;c", "b", "é ü", "one and two"}},
		{"everything, 1.0", "match=*", []string{"a", "A", "b;c", "b", "é ü", "one and two"}},
		{"everything and one", "match=a&match_exact=*", []string{"a", "A", "b;c", "b", "é ü", "one and two"}},
		{"twice the same", "topic=a&topic=a&topic=end", []string{"a"}},
		{"escapes", "topic=%c3%A9+%C3%BC&topic=end", []string{"é ü"}},
		{"names are case-sensitive", "Topic=a&topic=end", nil},
		{"escaped name", "t%6Fpic=a&topic=end", []string{"a"}},
		{"other parameters", "topic=a&foo=bar&tmatch=x&topic=end&signal=2", []string{"a"}},
		{"a matcher of 1.0 is taken literally", "match={a}&match=end", nil},
		{"URI Template", "topic={x}&topic=end", []string{"a", "A", "b", "one and two"}},
		{"selector that is no template", "topic={x&topic=end", nil},
		{"URL Pattern", "match_urlpattern=/.well-known/:x(a|b)&match=end", []string{"a", "b"}},
		{"everything, as a pattern", "match_urlpattern=*", []string{"a", "A", "b;c", "b", "é ü", "one and two"}},
		{"all kinds of 1.0", "match=A&match_exact=b&match_urlpattern=:x(a)&match=end", []string{"a", "A", "b"}},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := open(t, m)
				r := s.subscribe(t, tt.query)
				for _, name := range []string{"a", "A", "b;c", "b", "é ü"} {
					s.publish(t, eventlog.Update{Topics: []string{name}, Data: name})
				}
				s.publish(t, eventlog.Update{Topics: []string{"one", "two"}, Data: "one and two"})
				s.publish(t, eventlog.Update{Topics: []string{"end"}, Data: "end"})
				var got []string
				for e := r.next(); e.Data != "end"; e = r.next() {
					got = append(got, e.Data)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestSubscribeRefuses(t *testing.T) {
	long := strings.Repeat("x", 4097)
	tests := []struct {
		name  string
		query string
		field string
		words []string
	}{
		{"no matcher", "", "topic", []string{`"topic"`, `"match"`}},
		{"other parameters only", "foo=bar", "topic", []string{`"topic"`}},
		{"empty topic", "topic=", "topic", []string{`"topic"`, "empty"}},
		{"empty match", "match", "match", []string{`"match"`, "empty"}},
		{"both dialects", "topic=a&match=b", "match", []string{`"topic"`, `"match"`, "mixed"}},
		{"both dialects, other order", "match_exact=a&topic=b", "topic", []string{"mixed"}},
		{"no URL Pattern", "match_urlpattern=https://example.com/(open", "match", []string{"urlpattern", "(open"}},
		{"no URL Pattern among good ones", "match=a&match_urlpattern=https://example.com/:a/:a", "match", []string{"urlpattern"}},
		{"control character in a pattern", "match_urlpattern=/a%00", "match", []string{"U+0000"}},
		{"long pattern", "match_urlpattern=/" + long, "match", []string{"TopicBytes", "4098"}},
		{"costly template", "topic=" + url.QueryEscape(strings.Repeat("{+a,b,c}", 500)), "topic", []string{"template"}},
		{"unknown matcher type", "match_regexp=a", "match_regexp", []string{`"match_regexp"`}},
		{"match in capitals", "Match=a", "Match", []string{`"Match"`}},
		{"name that begins with match", "topic=a&matchx=b", "matchx", []string{`"matchx"`}},
		{"escaped name that begins with match", "m%61tchExact=b", "matchExact", []string{`"matchExact"`}},
		{"control character", "topic=a%0Ab", "topic", []string{`"topic"`, "U+000A", "byte 1"}},
		{"format character", "match=a%E2%80%8Db", "match", []string{`"match"`, "U+200D"}},
		{"invalid UTF-8", "topic=%ff", "topic", []string{`"topic"`, "UTF-8"}},
		{"long topic", "topic=" + long, "topic", []string{"TopicBytes", "4096", "4097"}},
		{"too many matchers", manyTopics(101), "topic", []string{"Matchers", "101", "100"}},
		{"too many matchers of 1.0", strings.ReplaceAll(manyTopics(250), "topic", "match"), "match", []string{"Matchers", "250"}},
		{"long name", "match" + strings.Repeat("%E2%98%83", 100), "match" + strings.Repeat("☃", 31) + "…", []string{"☃☃☃…"}},
		{"signals=0", "topic=a&signals=0", "signals", []string{`"signals"`, `"0"`}},
		{"signals without value", "topic=a&signals", "signals", []string{`"signals"`}},
		{"signals twice", "topic=a&signals=1&signals=true", "signals", []string{`"true"`}},
		{"different cursors", "topic=a&last_event_id=1&lastEventID=2", "last_event_id", []string{`"1"`, `"2"`}},
		{"long cursor", "topic=a&last_event_id=" + long, "last_event_id", []string{"4097", "4096"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				resp := s.request(t, http.MethodGet, tt.query, "")
				wantProblem(t, resp, http.StatusBadRequest, tt.field, tt.words...)
				resp = s.request(t, http.MethodHead, tt.query, "")
				if resp.StatusCode != http.StatusBadRequest {
					t.Errorf("HEAD: %s", resp.Status)
				}
			})
		}
	})
}

func manyTopics(n int) string {
	query := make(url.Values)
	for i := range n {
		query.Add("topic", strings.Repeat("x", i+1))
	}
	return query.Encode()
}

func TestDuplicateMatchersCountOnce(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, strings.Repeat("topic=a&", 300))
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "2"})
		r.want("1", "2")
	})
}

func TestMatcherLimitsAreTheHubs(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Limits: hub.Limits{Matchers: 2, TopicBytes: 5}}, protocol.Options{})
		p := wantProblem(t, s.request(t, http.MethodGet, "match=a&match=b&match=c", ""), 400, "match", "3")
		if p.Limit != "Matchers" || p.Max != 2 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		p = wantProblem(t, s.request(t, http.MethodGet, "topic=abcdef", ""), 400, "topic", "6")
		if p.Limit != "TopicBytes" || p.Max != 5 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		s.subscribe(t, "topic=a&topic=abcde")
		s.subscribe(t, "match=*&match_exact=*&match_urlpattern=*&match=a") // the wildcard is one, however it is asked for
		// What is too much is refused before anything is compiled, and so before what is wrong with it is seen.
		p = wantProblem(t, s.request(t, http.MethodGet, "match_urlpattern=/(&match_urlpattern=/)&match=c", ""), 400, "match")
		if p.Limit != "Matchers" {
			t.Errorf("refused for %q", p.Detail)
		}
	})
}

func TestPrivateUpdates(t *testing.T) {
	granted := func(grants ...string) protocol.Authorizer {
		return protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
			if r.Method == http.MethodPost {
				return protocol.Access{Grant: topic.All()}, nil
			}
			var g topic.Grant
			for _, name := range grants {
				g.Subscribe = append(g.Subscribe, topic.Exact(name))
			}
			return protocol.Access{Grant: g}, nil
		})
	}
	tests := []struct {
		name       string
		authorizer protocol.Authorizer
		want       []string
	}{
		{"nobody", granted(), []string{"public"}},
		{"no authorizer", nil, []string{"public"}},
		{"other topic", granted("c"), []string{"public"}},
		{"the topic", granted("a"), []string{"private a", "private a and b", "public"}},
		{"one of the topics, not asked for", granted("b"), []string{"private a and b", "public"}},
		{"all", protocol.AllowAll(), []string{"private a", "private a and b", "public"}},
	}
	updates := []eventlog.Update{
		{Topics: []string{"a"}, Data: "private a", Private: true},
		{Topics: []string{"a", "b"}, Data: "private a and b", Private: true},
		{Topics: []string{"a"}, Data: "public"},
		{Topics: []string{"a"}, Data: "private a", Private: true},
		{Topics: []string{"end"}, Data: "end"},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := serve(t, m, hub.Options{}, protocol.Options{Authorizer: tt.authorizer})
				want := slices.Clone(tt.want)
				if slices.Contains(want, "private a") {
					want = append(want, "private a")
				}
				check := func(how string, r *reader) {
					t.Helper()
					var got []string
					for e := r.next(); e.Data != "end"; e = r.next() {
						got = append(got, e.Data)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", how, diff)
					}
				}
				live := s.subscribe(t, "topic=a&topic=end")
				for _, u := range updates {
					s.publish(t, u)
				}
				check("live", live)
				check("replay", s.subscribe(t, "topic=a&topic=end&last_event_id=earliest"))
				check("after a gap", s.subscribe(t, "topic=a&topic=end&last_event_id=unknown"))
			})
		}
	})
}

// TestGapNamesNoPrivateEvent: what follows a gap is counted over what the reader may see, and the head names a
// position, never the id of somebody's private event.
func TestGapNamesNoPrivateEvent(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{GapReplay: 2}, protocol.Options{})
		for _, data := range []string{"1", "2", "3"} {
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: data})
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "secret", ID: "secret-" + data, Private: true})
		}
		r := s.subscribe(t, "topic=a&last_event_id=unknown")
		if got := r.answer(); strings.Contains(got, "secret") || !strings.HasPrefix(got, "#") {
			t.Errorf("head names %q", got)
		}
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "live"})
		r.want("2", "3", "live")
	})
}

func TestAuthorizerRefuses(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var logged bytes.Buffer // written before the answer, read after it
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) {
				return protocol.Access{Grant: topic.All()}, http.ErrNoCookie
			}),
			Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		})
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			resp := s.request(t, method, "topic=a", "topic=a")
			p := wantProblem(t, resp, http.StatusUnauthorized, "")
			if strings.Contains(p.Detail, http.ErrNoCookie.Error()) {
				t.Errorf("%s: the reason is shown: %s", method, p.Detail)
			}
			if got := resp.Header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
				t.Errorf("%s: WWW-Authenticate %q", method, got)
			}
			if got := logged.String(); !strings.Contains(got, http.ErrNoCookie.Error()) || !strings.Contains(got, method) {
				t.Errorf("%s: logged %s", method, got)
			}
			logged.Reset()
		}
	})
}

// blindLog is a log that cannot judge cursors.
type blindLog struct{ eventlog.Log }

func (blindLog) Verdict(context.Context, eventlog.Cursor, *eventlog.Filter) (eventlog.Verdict, error) {
	return eventlog.Verdict{}, errors.New("disk on fire at a secret place")
}

func TestSubscribeFails(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var logged bytes.Buffer
		s := serve(t, m, hub.Options{Log: blindLog{newMemory(t, eventlog.Retention{})}},
			protocol.Options{Logger: slog.New(slog.NewTextHandler(&logged, nil))})
		p := wantProblem(t, s.request(t, http.MethodGet, "topic=a", ""), http.StatusInternalServerError, "")
		if strings.Contains(p.Detail, "secret") {
			t.Errorf("the cause is shown: %s", p.Detail)
		}
		if !strings.Contains(logged.String(), "secret place") {
			t.Errorf("logged %s", &logged)
		}
	})
}
