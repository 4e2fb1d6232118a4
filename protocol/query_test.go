package protocol_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
)

// query opens a stream by the method QUERY.
func (s *server) query(t testing.TB, query, form string, header ...string) *reader {
	t.Helper()
	header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
	resp := s.request(t, "QUERY", query, form, header...)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("QUERY ?%s %s: %s %s", query, form, resp.Status, readAll(t, resp))
	}
	return &reader{t: t, response: resp, decoder: sse.NewDecoder(resp.Body, sse.Options{})}
}

// TestQuery is about the method QUERY (section 1.2): its parameters are those of the query and the body.
func TestQuery(t *testing.T) {
	tests := []struct {
		name        string
		query, body string
		cursor      string // the header
		want        []string
	}{
		{"body", "", "match=a&last_event_id=1", "", []string{"a2", "a3"}},
		{"query", "match=a&last_event_id=1", "", "", []string{"a2", "a3"}},
		{"union", "match=a", "match=b&last_event_id=1", "", []string{"b1", "a2", "a3", "b2"}},
		{"0.x", "topic=a", "topic={x}&lastEventID=2", "", []string{"b1", "a2", "c1", "a3", "b2"}},
		{"the same twice", "match=a", "match=a&last_event_id=2", "", []string{"a2", "a3"}},
		{"the query's cursor beats the body's", "match=a&last_event_id=3", "last_event_id=earliest", "", []string{"a3"}},
		{"in another spelling", "match=a&lastEventID=3", "last_event_id=earliest", "", []string{"a3"}},
		{"an empty one does not", "match=a&last_event_id=", "last_event_id=3", "", []string{"a3"}},
		{"the header beats both", "match=a&last_event_id=earliest", "last_event_id=earliest", "3", []string{"a3"}},
		{"replay in the body", "match=a", "replay=2", "", []string{"a2", "a3"}},
		{"envelope and signals", "", "match=a&signals=1&envelope=1&replay=1", "", []string{"a3"}},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := open(t, m)
				ids := map[string]string{"earliest": "earliest"}
				for i, data := range []string{"a1", "a1b", "b1", "a2", "c1", "a3", "b2"} {
					topic := data[:1]
					if data == "a1b" {
						topic = "x/y"
					}
					id := s.publish(t, eventlog.Update{Topics: []string{topic}, Data: data})
					ids[[]string{"1", "2", "-", "3", "-", "-", "-"}[i]] = url.QueryEscape(id)
				}
				fill := strings.NewReplacer("ID=1", "ID="+ids["1"], "ID=2", "ID="+ids["2"], "ID=3", "ID="+ids["3"],
					"id=1", "id="+ids["1"], "id=2", "id="+ids["2"], "id=3", "id="+ids["3"]).Replace
				var header []string
				if tt.cursor != "" {
					id, err := url.QueryUnescape(ids[tt.cursor])
					if err != nil {
						t.Fatal(err)
					}
					header = []string{"Last-Event-ID", id}
				}
				r := s.query(t, fill(tt.query), fill(tt.body), header...)
				for _, want := range tt.want {
					e := r.next()
					for e.Type == "tidings.hello" || e.Type == "tidings.ping" {
						e = r.next()
					}
					if e.Data != want && !(e.Type == "tidings.update" && strings.Contains(e.Data, want)) {
						t.Fatalf("got %+v, want %s", e, want)
					}
				}
				live := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "live"})
				if e := r.next(); e.ID != live {
					t.Errorf("then got %+v", e)
				}
			})
		}
	})
}

func TestQueryRefuses(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{MaxQueryBytes: 100})
		ask := func(query, form string, header ...string) *http.Response {
			header = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)
			return s.request(t, "QUERY", query, form, header...)
		}
		wantProblem(t, ask("", ""), 400, "topic")
		wantProblem(t, ask("match=a", "matchx=b"), 400, "matchx")
		wantProblem(t, ask("match=a", "topic=b"), 400, "topic", "mixed")
		wantProblem(t, ask("", "Match_exact=b"), 400, "Match_exact")
		wantProblem(t, ask("match=a&replay=1", "last_event_id=x"), 400, "replay")
		wantProblem(t, ask("match=a", "signals=2"), 400, "signals")
		wantProblem(t, ask("match=a", "last_event_id=1&lastEventID=2"), 400, "last_event_id")
		long := "match=a&x=" + strings.Repeat("x", 90)
		s.query(t, "", long)
		p := wantProblem(t, ask("", long+"x"), 413, "", "MaxQueryBytes")
		if p.Limit != "MaxQueryBytes" || p.Max != 100 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		for _, kind := range []string{"", "application/json", "application/x-ndjson", "application/x-www-form-urlencoded; charset=latin1"} {
			resp := ask("", "match=a", "Content-Type", kind)
			wantProblem(t, resp, 415, "Content-Type", "application/x-www-form-urlencoded")
			if got := resp.Header.Get("Accept-Query"); got != "application/x-www-form-urlencoded" {
				t.Errorf("Accept-Query %q", got)
			}
		}
		// Without a body its type does not matter, and the body of a GET is none.
		resp := s.request(t, "QUERY", "match=a", "")
		if resp.StatusCode != http.StatusOK {
			t.Errorf("without a body: %s", resp.Status)
		}
	})
}
