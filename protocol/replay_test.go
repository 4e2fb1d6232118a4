package protocol_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// history publishes what the tests of replay find: a1 b1 a2 c1 a3 b2.
func (s *server) history(t testing.TB) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, data := range []string{"a1", "b1", "a2", "c1", "a3", "b2"} {
		ids[data] = s.publish(t, eventlog.Update{Topics: []string{data[:1]}, Data: data})
	}
	return ids
}

func TestReplay(t *testing.T) {
	tests := []struct {
		name   string
		query  string
		cursor string // the header, by the data of its event
		want   []string
	}{
		{"nothing", "topic=*", "", nil},
		{"latest of one topic", "topic=a&topic=live&replay=latest", "", []string{"a3"}},
		{"latest of some", "topic=b&topic=c&topic=live&replay=latest", "", []string{"c1", "b2"}},
		{"latest of all", "topic=*&replay=latest", "", []string{"c1", "a3", "b2"}},
		{"latest of what there is not", "topic=x&topic=live&replay=latest", "", nil},
		{"newest 1", "match=a&match=live&replay=1", "", []string{"a3"}},
		{"newest 2 of one topic", "topic=a&topic=live&replay=2", "", []string{"a2", "a3"}},
		{"newest 3 of all", "topic=*&replay=3", "", []string{"c1", "a3", "b2"}},
		{"more than there are", "topic=a&topic=live&replay=10000", "", []string{"a1", "a2", "a3"}},
		{"leading zero", "topic=*&replay=01", "", []string{"b2"}},
		{"twice the same", "topic=*&replay=1&replay=1", "", []string{"b2"}},
		{"the header beats latest", "topic=a&topic=live&replay=latest", "a1", []string{"a2", "a3"}},
		{"the header beats a number", "topic=*&replay=5", "a3", []string{"b2"}},
		{"the header beats all of the query", "topic=*&replay=5&last_event_id=earliest", "a3", []string{"b2"}},
		{"an empty cursor is none", "topic=*&replay=1&last_event_id=", "", []string{"b2"}},
		{"gap=skip without a gap", "topic=*&gap=skip", "a3", []string{"b2"}},
		{"gap=skip with replay", "topic=*&gap=skip&replay=1", "", []string{"b2"}},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				for _, signals := range []bool{false, true} {
					s := open(t, m)
					ids := s.history(t)
					query, verdict := tt.query, "fresh"
					var header []string
					if tt.cursor != "" {
						header, verdict = []string{"Last-Event-ID", ids[tt.cursor]}, "resumed"
					}
					if signals {
						query += "&signals=1"
					}
					r := s.subscribe(t, query, header...)
					if signals {
						checkHello(t, r.next().Data, verdict)
					}
					if tt.cursor != "" && r.answer() != ids[tt.cursor] {
						t.Errorf("head says %q, want %q", r.answer(), ids[tt.cursor])
					}
					r.want(tt.want...)
					s.publish(t, eventlog.Update{Topics: []string{"live"}, Data: "live"})
					r.want("live")
				}
			})
		}
	})
}

// TestReplayAnswers: an empty cursor was presented, so that the head says what the stream begins behind, and the
// client that comes back with that misses nothing of it.
func TestReplayAnswers(t *testing.T) {
	tests := []struct {
		name, query, want string // want is the data of the event before the first
	}{
		{"live", "topic=*", "b2"},
		{"newest", "topic=*&replay=2", "c1"},
		{"newest of a topic", "topic=a&replay=2", "b1"},
		{"latest", "topic=*&replay=latest", "a2"},
		{"all", "topic=*&replay=100", ""},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		ids := s.history(t)
		for _, tt := range tests {
			want := eventlog.Earliest
			if tt.want != "" {
				want = ids[tt.want]
			}
			if got := s.subscribe(t, tt.query, "Last-Event-ID", "").answer(); got != want {
				t.Errorf("%s: head says %q, want %q", tt.name, got, want)
			}
			r := s.subscribe(t, tt.query)
			if got := r.response.Header.Values("Last-Event-ID"); len(got) != 0 {
				t.Errorf("%s: no cursor was presented, but the head says %q", tt.name, got)
			}
		}
	})
}

func TestReplayRefuses(t *testing.T) {
	tests := []struct {
		name  string
		query string
		field string
		words []string
	}{
		{"replay=0", "replay=0", "replay", []string{"latest", `"0"`}},
		{"negative", "replay=-1", "replay", []string{`"-1"`}},
		{"signed", "replay=%2B1", "replay", []string{`"+1"`}},
		{"empty", "replay", "replay", []string{`""`}},
		{"in capitals", "replay=Latest", "replay", []string{`"Latest"`}},
		{"fraction", "replay=1.5", "replay", []string{`"1.5"`}},
		{"too many", "replay=10001", "replay", []string{"10001", "10000", "Newest"}},
		{"far too many", "replay=99999999999999999999999", "replay", []string{"10000", "Newest"}},
		{"different values", "replay=1&replay=2", "replay", []string{"different"}},
		{"a number and latest", "replay=1&replay=latest", "replay", []string{"different"}},
		{"with a cursor", "replay=latest&last_event_id=x", "replay", []string{`"x"`, "cursor"}},
		{"with another spelling of a cursor", "replay=5&Last-Event-ID=earliest", "replay", []string{"earliest"}},
		{"gap=1", "gap=1", "gap", []string{"skip", `"1"`}},
		{"gap without value", "gap", "gap", []string{"skip"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				wantProblem(t, s.request(t, http.MethodGet, "topic=a&"+tt.query, ""), 400, tt.field, tt.words...)
				if resp := s.request(t, http.MethodHead, "match=a&"+tt.query, ""); resp.StatusCode != 400 {
					t.Errorf("HEAD: %s", resp.Status)
				}
			})
		}
	})
}

// TestReplayOfAStreamHandler: fixed topics begin like others.
func TestReplayOfAStreamHandler(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.StreamHandler(h, protocol.Options{}, topic.Matchers{topic.Exact("a")})
		if err != nil {
			t.Fatal(err)
		}
		s := &server{hub: h}
		s.url, s.transport = listen(t, m, handler)
		t.Cleanup(func() { h.Close() }) // before the server waits for its handlers
		s.history(t)
		s.subscribe(t, "replay=2&topic=ignored").want("a2", "a3")
		wantProblem(t, s.request(t, http.MethodGet, "replay=10001", ""), 400, "replay", "Newest")
	})
}

// TestLatestBeyondTheLimit: who asked for signals is told that there is more.
func TestLatestBeyondTheLimit(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Limits: hub.Limits{Latest: 2}}, protocol.Options{})
		ids := s.history(t)
		s.subscribe(t, "topic=*&replay=latest").want("a3", "b2")
		r := s.subscribe(t, "topic=*&replay=latest&signals=1")
		checkHello(t, r.next().Data, "fresh")
		e := r.next()
		checkGap(t, e.Type, fanout.GapData{From: eventlog.Earliest, To: ids["b2"], Why: "limit"}, e.Data)
		r.want("a3", "b2")
	})
}

// TestSkipGap: a stream that cannot go on where it was begins now, and says so.
func TestSkipGap(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		ids := s.history(t)
		for _, how := range []struct {
			query  string
			header []string
		}{
			{"topic=*&gap=skip", []string{"Last-Event-ID", "unknown"}},
			{"topic=*&gap=skip&last_event_id=unknown", nil},
			{"topic=*&gap=skip&replay=latest", []string{"Last-Event-ID", "unknown"}},
		} {
			r := s.subscribe(t, how.query+"&signals=1", how.header...)
			if got := r.answer(); got != ids["b2"] {
				t.Errorf("head says %q, want %q", got, ids["b2"])
			}
			checkHello(t, r.next().Data, "gap")
			e := r.next()
			checkGap(t, e.Type, fanout.GapData{From: "unknown", To: ids["b2"], Why: "unknown-id"}, e.Data)
			ids["b2"] = s.publish(t, eventlog.Update{Topics: []string{"b"}, Data: "live"})
			r.want("live")
		}
	})
}

func checkGap(t *testing.T, kind string, want fanout.GapData, data string) {
	t.Helper()
	var gap fanout.GapData
	if err := json.Unmarshal([]byte(data), &gap); err != nil || kind != fanout.SignalGap || gap != want {
		t.Errorf("got %s %s (%v), want a gap %+v", kind, data, err, want)
	}
}
