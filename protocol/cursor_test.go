package protocol_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// TestResume: whoever comes back with a cursor, in whatever spelling, gets exactly what was missed, and the head
// echoes the cursor.
func TestResume(t *testing.T) {
	spellings := []struct {
		name   string
		query  func(id string) string
		header bool
	}{
		{"header", func(string) string { return "" }, true},
		{"last_event_id", func(id string) string { return "&last_event_id=" + id }, false},
		{"lastEventID", func(id string) string { return "&lastEventID=" + id }, false},
		{"Last-Event-ID in the query", func(id string) string { return "&Last-Event-ID=" + id }, false},
		{"two spellings", func(id string) string { return "&lastEventID=" + id + "&Last-Event-ID=" + id }, false},
		{"header and query agree", func(id string) string { return "&last_event_id=" + id }, true},
		{"header beats query", func(string) string { return "&last_event_id=earliest" }, true},
		{"header beats a query that contradicts itself", func(string) string { return "&last_event_id=x&lastEventID=y" }, true},
		{"blanks around it", func(id string) string { return "&last_event_id=+" + id + "%09" }, false},
	}
	ids := []struct{ name, id string }{
		{"generated id", ""},
		{"plain id", "mine"},
		{"quotes, brackets and UTF-8", `id-["é☃𝄞"]; a=b, "c"`},
		{"blanks around the id", " padded "},
		{"percent sign", "100%25"},
	}
	run(t, func(t *testing.T, m mode) {
		for _, kind := range ids {
			t.Run(kind.name, func(t *testing.T) {
				s := open(t, m)
				s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "seen"})
				r := s.subscribe(t, "topic=a")
				s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "last", ID: kind.id})
				last := r.next()
				r.leave()
				s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "missed 1"})
				s.publish(t, eventlog.Update{Topics: []string{"b"}, Data: "not asked for"})
				s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "missed 2", ID: "own"})
				for _, sp := range spellings {
					t.Run(sp.name, func(t *testing.T) {
						var header []string
						if sp.header {
							header = []string{"Last-Event-ID", last.ID}
						}
						r := s.subscribe(t, "topic=a&topic="+url.QueryEscape(sp.name)+sp.query(url.QueryEscape(last.ID)), header...)
						if got, want := r.answer(), strings.TrimSpace(last.ID); got != want {
							t.Errorf("resumed at %q, but the head says %q", want, got)
						}
						s.publish(t, eventlog.Update{Topics: []string{sp.name}, Data: "live"})
						r.want("missed 1", "missed 2", "live")
						r.leave()
					})
				}
			})
		}
	})
}

// TestResumeGoesOnLive: between what was missed and what comes now there is no seam.
func TestResumeGoesOnLive(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		first := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "first"})
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "missed"})
		r := s.subscribe(t, "topic=a", "Last-Event-ID", first)
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "live"})
		r.want("missed", "live")
	})
}

// TestResumeByHello: the id of the hello is a cursor, so that a stream that never had an event resumes exactly.
func TestResumeByHello(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		for _, history := range []int{0, 3} {
			s := open(t, m)
			for range history {
				s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "before"})
			}
			r := s.subscribe(t, "topic=a&signals=1")
			hello := r.next()
			checkHello(t, hello.Data, "fresh")
			r.leave()
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "missed 1"})
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "missed 2"})
			r = s.subscribe(t, "topic=a&signals=1", "Last-Event-ID", hello.ID)
			if got := r.answer(); got != hello.ID {
				t.Errorf("%d before: resumed at %q, but the head says %q", history, hello.ID, got)
			}
			again := r.next()
			checkHello(t, again.Data, "resumed")
			if again.ID != hello.ID {
				t.Errorf("%d before: the second hello stands at %s, want %s", history, again.ID, hello.ID)
			}
			r.want("missed 1", "missed 2")
		}
	})
}

func checkHello(t *testing.T, data, verdict string) {
	t.Helper()
	var hello hub.HelloData
	if err := json.Unmarshal([]byte(data), &hello); err != nil {
		t.Fatalf("hello %s: %v", data, err)
	}
	if hello.Verdict != verdict || hello.Subscriber == "" || hello.Epoch == "" || hello.Heartbeat != 15000 {
		t.Errorf("hello %+v, want verdict %s", hello, verdict)
	}
}

func TestEarliest(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, "topic=a&last_event_id=earliest")
		if got := r.answer(); got != eventlog.Earliest {
			t.Errorf("head says %q", got)
		}
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "2"})
		r.want("1", "2")
		r = s.subscribe(t, "topic=a", "Last-Event-ID", "earliest")
		if got := r.answer(); got != eventlog.Earliest {
			t.Errorf("head says %q", got)
		}
		r.want("1", "2")
	})
}

// TestGap: a cursor that cannot be honoured is answered with another id in the head and, with signals, in the
// stream; then come the newest updates, as many as the hub is told to send, and what is live.
func TestGap(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := newMemory(t, eventlog.Retention{MaxRecords: 5})
		s := serve(t, m, hub.Options{Log: log, GapReplay: 3}, protocol.Options{})
		first := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		own := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "2", ID: "own"})
		for _, data := range []string{"3", "4", "5", "6", "7"} {
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: data})
		}
		other := eventlog.Position{Epoch: eventlog.NewEpoch(), Offset: 7}.String()
		for _, tt := range []struct{ name, cursor, why string }{
			{"dropped position", first, "retention"},
			{"dropped id", own, "unknown-id"},
			{"unknown id", "no such id", "unknown-id"},
			{"other history", other, "lineage"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				want := eventlog.Position{Epoch: log.Lineage().Current(), Offset: 4}.String()
				r := s.subscribe(t, "topic=a", "Last-Event-ID", tt.cursor)
				if got := r.answer(); got != want {
					t.Errorf("head says %q, want %q", got, want)
				}
				r.want("5", "6", "7")

				r = s.subscribe(t, "topic=a&signals=1", "Last-Event-ID", tt.cursor)
				if got := r.answer(); got != want {
					t.Errorf("with signals: head says %q, want %q", got, want)
				}
				hello := r.next()
				checkHello(t, hello.Data, "gap")
				if hello.ID != "" {
					t.Errorf("hello stands at %q, though the gap has not been told", hello.ID)
				}
				e := r.next()
				if e.ID != want {
					t.Errorf("the gap stands at %q, want %q", e.ID, want)
				}
				var gap fanout.GapData
				if err := json.Unmarshal([]byte(e.Data), &gap); err != nil || e.Type != fanout.SignalGap {
					t.Fatalf("got %+v, want a gap: %v", e, err)
				}
				if gap.From != tt.cursor || gap.To != want || gap.Why != tt.why {
					t.Errorf("gap %+v, want from %q to %q because of %s", gap, tt.cursor, want, tt.why)
				}
				r.want("5", "6", "7")
			})
		}
	})
}

// TestGapWithNothingLeft: if all that the log holds follows, there is no event before it.
func TestGapWithNothingLeft(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		r := s.subscribe(t, "topic=a", "Last-Event-ID", "unknown")
		if got := r.answer(); got != eventlog.Earliest {
			t.Errorf("head says %q", got)
		}
		r.want("1")
	})
}

// TestEmptyCursor: an empty one is none, but was presented, so that the head says where the stream begins.
func TestEmptyCursor(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		if got := s.subscribe(t, "topic=a", "Last-Event-ID", "").answer(); got != eventlog.Earliest {
			t.Errorf("no history: head says %q", got)
		}
		last := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "before"})
		for _, tt := range []struct {
			query  string
			header []string
		}{
			{"topic=a", []string{"Last-Event-ID", ""}},
			{"topic=a&last_event_id=", nil},
			{"topic=a&lastEventID", []string{"Last-Event-ID", ""}},
		} {
			r := s.subscribe(t, tt.query, tt.header...)
			if got := r.answer(); got != last {
				t.Errorf("%v: head says %q, want %q", tt, got, last)
			}
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "live"})
			r.want("live")
			last = s.hub.Head().String()
		}
		r := s.subscribe(t, "topic=a&last_event_id=earliest", "Last-Event-ID", "")
		r.want("before") // an empty header does not beat the query
	})
}

// TestCursorNeverBecomesAHeader: what cannot be a header's value is an unknown id.
func TestCursorNeverBecomesAHeader(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, cursor := range []string{"x%0D%0AX-Evil:+1", "%00", "%ff", "%0A"} {
			r := s.subscribe(t, "topic=a&signals=1&last_event_id="+cursor)
			if got := r.answer(); got != eventlog.Earliest {
				t.Errorf("cursor %s: head says %q", cursor, got)
			}
			if got := r.response.Header.Get("X-Evil"); got != "" {
				t.Errorf("cursor %s became a header", cursor)
			}
			checkHello(t, r.next().Data, "gap")
			if e := r.next(); e.Type != fanout.SignalGap {
				t.Errorf("cursor %s: got %+v, want a gap", cursor, e)
			}
		}
	})
}

func TestContradictingHeaders(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}})
		get := func(values ...string) *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"?topic=a", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header["Last-Event-Id"] = values
			resp, err := s.transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		wantProblem(t, get("1", "2"), http.StatusBadRequest, "Last-Event-ID", `"1"`, `"2"`)
		wantProblem(t, get(strings.Repeat("x", 5000)), http.StatusBadRequest, "Last-Event-ID", "5000")
		if got := get(id, "", id).Header.Get("Mercure-Last-Event-ID"); got != id {
			t.Errorf("head says %q, want %q", got, id)
		}
	})
}

// TestLongIDsAreCursors: the limit for cursors follows that for ids.
func TestLongIDsAreCursors(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Limits: hub.Limits{IDBytes: 10_000}}, protocol.Options{})
		id := strings.Repeat("x", 10_000)
		s.publish(t, eventlog.Update{Topics: []string{"a"}, ID: id})
		if got := s.subscribe(t, "topic=a", "Last-Event-ID", id).answer(); got != id {
			t.Errorf("head says %.20q", got)
		}
	})
}
