package hub_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// TestSubscribeVerdicts: a log that holds the updates 6 to 15 of 15; only every other one is of the topic "a".
func TestSubscribeVerdicts(t *testing.T) {
	const lastID = 12 // offset of the update with a publisher's id
	tests := []struct {
		name      string
		cursor    string // "<epoch>" stands for the present one
		gapReplay int
		verdict   eventlog.Verdict
		lastEvent string
		data      []string
	}{
		{"none", "", 0, eventlog.Verdict{Kind: eventlog.Fresh, After: 15}, "#<epoch>.15", nil},
		{"earliest", "earliest", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: 5, Told: 5}, "earliest", []string{"7", "9", "11", "13", "15"}},
		{"an update", "#<epoch>.9", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: 9}, "#<epoch>.9", []string{"11", "13", "15"}},
		{"an update of another topic", "#<epoch>.10", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: 10}, "#<epoch>.10", []string{"11", "13", "15"}},
		{"a publisher's id", " own ", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: lastID}, "own", []string{"13", "15"}},
		{"the head", "#<epoch>.15", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: 15}, "#<epoch>.15", nil},
		{"just above what was dropped", "#<epoch>.5", 0, eventlog.Verdict{Kind: eventlog.Resumed, After: 5}, "#<epoch>.5", []string{"7", "9", "11", "13", "15"}},

		{"dropped", "#<epoch>.4", 0, eventlog.Verdict{Kind: eventlog.Gap, After: 5, Told: 5, Why: eventlog.GapRetention}, "earliest", []string{"7", "9", "11", "13", "15"}},
		{"dropped, few replayed", "#<epoch>.4", 2, eventlog.Verdict{Kind: eventlog.Gap, After: 12, Told: 5, Why: eventlog.GapRetention}, "#<epoch>.12", []string{"13", "15"}},
		{"dropped, as many replayed as are left", "#<epoch>.4", 5, eventlog.Verdict{Kind: eventlog.Gap, After: 6, Told: 5, Why: eventlog.GapRetention}, "#<epoch>.6", []string{"7", "9", "11", "13", "15"}},
		{"dropped, none replayed", "#<epoch>.4", -1, eventlog.Verdict{Kind: eventlog.Gap, After: 15, Told: 5, Why: eventlog.GapRetention}, "#<epoch>.15", nil},
		{"above the head", "#<epoch>.16", 1, eventlog.Verdict{Kind: eventlog.Gap, After: 14, Told: 5, Why: eventlog.GapLineage}, "#<epoch>.14", []string{"15"}},
		{"another history", "#elsewhere2.9", 1, eventlog.Verdict{Kind: eventlog.Gap, After: 14, Told: 5, Why: eventlog.GapLineage}, "#<epoch>.14", []string{"15"}},
		{"unknown id", "never", 1, eventlog.Verdict{Kind: eventlog.Gap, After: 14, Told: 5, Why: eventlog.GapUnknownID}, "#<epoch>.14", []string{"15"}},
	}
	for _, tt := range tests {
		for _, signals := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, signals %v", tt.name, signals), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, eventlog.Retention{MaxRecords: 10}, hub.Options{GapReplay: tt.gapReplay})
					for i := 1; i <= 15; i++ {
						u := update(fmt.Sprint(i), []string{"b", "a"}[i%2])
						if i == lastID {
							u.ID = "own"
						}
						r.publish(u)
					}
					epoch := string(r.log.Lineage().Current())
					cursor := eventlog.ParseCursor(replaceEpoch(tt.cursor, epoch))
					sub, reader := r.subscribe(hub.Request{Matchers: matchers("a"), Cursor: cursor, Signals: signals})
					if diff := cmp.Diff(tt.verdict, sub.Verdict); diff != "" {
						t.Errorf("verdict (-want +got):\n%s", diff)
					}
					if want := replaceEpoch(tt.lastEvent, epoch); sub.LastEventID != want {
						t.Errorf("LastEventID = %q, want %q", sub.LastEventID, want)
					}
					synctest.Wait()
					events := reader.events(t)
					if signals {
						events = events[checkGreeting(t, r, sub, cursor, events):]
					}
					var data []string
					for _, e := range events {
						data = append(data, e.Data)
					}
					if diff := cmp.Diff(tt.data, data); diff != "" {
						t.Errorf("updates (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

func replaceEpoch(text, epoch string) string {
	const mark = "#<epoch>"
	if len(text) > len(mark) && text[:len(mark)] == mark {
		return "#" + epoch + text[len(mark):]
	}
	return text
}

// TestGapOfAnEmptiedLog: nothing is left, so nothing precedes what comes.
func TestGapOfAnEmptiedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, replay := range []int{0, -1} {
			r := newRig(t, eventlog.Retention{MaxAge: time.Hour}, hub.Options{GapReplay: replay})
			r.publish(update("1"), update("2"))
			time.Sleep(2 * time.Hour)
			sub, reader := r.subscribe(hub.Request{Matchers: matchers("a"), Cursor: eventlog.ParseCursor("never")})
			want := eventlog.Verdict{Kind: eventlog.Gap, After: 2, Told: 2, Why: eventlog.GapUnknownID}
			if sub.Verdict != want || sub.LastEventID != "earliest" {
				t.Errorf("verdict %+v, LastEventID %q; want %+v, earliest", sub.Verdict, sub.LastEventID, want)
			}
			r.publish(update("3"))
			synctest.Wait()
			if diff := cmp.Diff([]string{"3"}, reader.data(t)); diff != "" {
				t.Errorf("updates (-want +got):\n%s", diff)
			}
		}
	})
}

// TestPrivate is judged wherever updates are sent or counted: live, on a replay, and for what follows a gap.
func TestPrivate(t *testing.T) {
	tests := []struct {
		name  string
		grant topic.Grant
		sees  bool
	}{
		{"no grant", topic.Grant{}, false},
		{"a grant to publish", topic.Grant{Publish: matchers("*")}, false},
		{"grant of another topic", topic.Grant{Subscribe: matchers("c")}, false},
		{"grant of the topic", topic.Grant{Subscribe: matchers("a")}, true},
		{"grant of an alternate topic", topic.Grant{Subscribe: matchers("b")}, true},
		{"everything", topic.All(), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, eventlog.Retention{}, hub.Options{GapReplay: 4})
				ask := func(cursor string) *sink {
					_, s := r.subscribe(hub.Request{Matchers: matchers("a"), Grant: tt.grant, Cursor: eventlog.ParseCursor(cursor)})
					return s
				}
				live := ask("")
				synctest.Wait()
				var all, public []string
				for i := range 10 {
					u := update(fmt.Sprint(i), "a", "b")
					if u.Private = i >= 5; !u.Private {
						public = append(public, u.Data)
					}
					all = append(all, u.Data)
					r.publish(u)
				}
				replayed, gap := ask("earliest"), ask("never")
				synctest.Wait()
				want, newest := public, public[1:]
				if tt.sees {
					want, newest = all, all[6:]
				}
				if diff := cmp.Diff(want, live.data(t)); diff != "" {
					t.Errorf("live (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(want, replayed.data(t)); diff != "" {
					t.Errorf("replay (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(newest, gap.data(t)); diff != "" {
					t.Errorf("the newest 4 after a gap (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// checkGreeting checks the signals that a stream begins with, and returns how many they are.
func checkGreeting(t *testing.T, r *rig, sub *hub.Subscription, cursor eventlog.Cursor, events []sse.Event) int {
	t.Helper()
	if len(events) == 0 || events[0].Type != fanout.SignalHello {
		t.Fatalf("the stream begins with %+v", events)
	}
	at := r.log.Lineage().At(sub.Verdict.After).String()
	last := 0
	if sub.Verdict.Kind == eventlog.Gap {
		last = 1 // else who is cut off behind the hello would not be told when he comes back
	}
	for i, e := range events[:min(last+1, len(events))] {
		if want := map[bool]string{true: at}[i == last]; e.ID != want {
			t.Errorf("the signal %s has the id %q, want %q", e.Type, e.ID, want)
		}
	}
	var hello hub.HelloData
	if err := json.Unmarshal([]byte(events[0].Data), &hello); err != nil {
		t.Fatal(err)
	}
	want := hub.HelloData{
		Subscriber: sub.ID.String(), Epoch: string(r.log.Lineage().Current()), Position: at, Verdict: sub.Verdict.Kind.String(),
		Heartbeat: 15_000, Limits: hub.HelloLimit{Matchers: 100, MatcherBytes: 4096},
	}
	if diff := cmp.Diff(want, hello); diff != "" {
		t.Errorf("hello (-want +got):\n%s", diff)
	}
	if sub.Verdict.Kind != eventlog.Gap {
		return 1
	}
	if len(events) == 1 || events[1].Type != fanout.SignalGap {
		t.Fatalf("a gap, but behind hello comes %+v", events[1:])
	}
	var gap fanout.GapData
	if err := json.Unmarshal([]byte(events[1].Data), &gap); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fanout.GapData{From: cursor.String(), To: at, Why: sub.Verdict.Why.String()}, gap); diff != "" {
		t.Errorf("gap (-want +got):\n%s", diff)
	}
	return 2
}

// TestQuietStreamResumes: a stream that never had an event resumes exactly by the id of its hello.
func TestQuietStreamResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		r.publish(update("before"))
		_, quiet := r.subscribe(hub.Request{Matchers: matchers("a"), Signals: true})
		synctest.Wait()
		hello := quiet.events(t)[0]
		quiet.fail()
		r.publish(update("missed 1"), update("missed 2"))
		_, back := r.subscribe(hub.Request{Matchers: matchers("a"), Cursor: eventlog.ParseCursor(hello.ID)})
		synctest.Wait()
		if diff := cmp.Diff([]string{"missed 1", "missed 2"}, back.data(t)); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
	})
}

func TestSubscribeToALogThatFails(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, hub.Options{})
	fire := errors.New("disk on fire")
	r.log.set(nil, fire)
	if _, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a")}); !errors.Is(err, fire) {
		t.Errorf("Subscribe: %v", err)
	}
	if got := r.refusals(); len(got) > 0 {
		t.Errorf("the Observer was told %v: a failure is no refusal", got)
	}
	r.log.set(nil, nil)
}
