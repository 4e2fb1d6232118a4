package fanout_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// TestEnvelope: an update in its envelope says all that it is, and its event has the id and retry that it has without.
func TestEnvelope(t *testing.T) {
	updates := []eventlog.Update{
		{Topics: []string{"a"}, Data: "plain"},
		{Topics: []string{"a", "https://example.com/?x=<1>&y=é"}, ID: "own", Type: "kind", Data: "two\nlines\r\nand \"<&>\"", Retry: 3 * time.Second},
		{Topics: []string{"a"}, Data: strings.Repeat("long ", 100)},
		{Topics: []string{"a"}},
	}
	for _, form := range []fanout.Form{fanout.FormEnvelope, fanout.FormEnvelope | fanout.FormChunk} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, eventlog.Retention{}, fanout.Options{})
			plain, sealed := newFake(-1), newFake(-1)
			sealed.form = form
			without, with := r.attach(subscriptionOf("a"), plain), r.attach(subscriptionOf("a"), sealed)
			synctest.Wait()
			r.publishUpdates(updates...)
			synctest.Wait()
			events, enveloped := without.events(), with.events()
			if len(events) != len(updates) || len(enveloped) != len(updates) {
				t.Fatalf("%d events, %d in envelopes, want %d", len(events), len(enveloped), len(updates))
			}
			for i, u := range updates {
				var got fanout.Envelope
				if err := json.Unmarshal([]byte(enveloped[i].Data), &got); err != nil {
					t.Fatal(err)
				}
				want := fanout.Envelope{Offset: uint64(i + 1), Topics: u.Topics, Type: u.Type, Data: u.Data}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("update %d (-want +got):\n%s", i, diff)
				}
				if e := enveloped[i]; e.Type != fanout.TypeUpdate || e.ID != events[i].ID || e.Retry != events[i].Retry {
					t.Errorf("update %d: %+v, want id and retry of %+v", i, e, events[i])
				}
			}
		})
	}
}

// TestEnvelopeIsMadeOnce: everybody who wants it has the same bytes, and signals have no envelope.
func TestEnvelopeIsMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{Heartbeat: time.Second})
		var sinks []*fakeSink
		for range 3 {
			s := newFake(-1)
			s.form = fanout.FormEnvelope
			o := subscriptionOf("a")
			o.Signals = true
			r.attach(o, s)
			sinks = append(sinks, s)
		}
		synctest.Wait()
		r.publish(2)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		for _, s := range sinks {
			if s.stream() != sinks[0].stream() || !strings.Contains(s.stream(), "event: "+fanout.SignalPing+"\n") {
				t.Errorf("streams differ, or have no ping: %q", s.stream())
			}
		}
	})
}
