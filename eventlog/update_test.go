package eventlog_test

import (
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

func TestUpdateSize(t *testing.T) {
	tests := []struct {
		name   string
		update eventlog.Update
		want   int
	}{
		{"zero", eventlog.Update{}, 0},
		{"one topic", eventlog.Update{Topics: []string{"abc"}}, 3},
		{"everything", eventlog.Update{Topics: []string{"a", "bc"}, Private: true, ID: "123", Type: "note", Data: "é", Retry: 1}, 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.update.Size(); got != tt.want {
				t.Errorf("Size() = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestRecordEventID(t *testing.T) {
	r := eventlog.Record{Position: at("abc", 7)}
	if got := r.EventID(); got != "#abc.7" {
		t.Errorf("without an id of its own it is seen as %q", got)
	}
	r.ID = "own"
	if got := r.EventID(); got != "own" {
		t.Errorf("with an id of its own it is seen as %q", got)
	}
}

func TestFilter(t *testing.T) {
	a, b := topic.Matchers{topic.Exact("a")}, topic.Matchers{topic.Exact("b")}
	public := &eventlog.Update{Topics: []string{"a", "b"}}
	private := &eventlog.Update{Topics: []string{"a", "b"}, Private: true}
	tests := []struct {
		name          string
		filter        eventlog.Filter
		update        *eventlog.Update
		match, allows bool
	}{
		{"public, asked for", eventlog.Filter{Matchers: a}, public, true, true},
		{"public, not asked for", eventlog.Filter{Matchers: topic.Matchers{topic.Exact("c")}}, public, false, true},
		{"public, nothing asked for", eventlog.Filter{}, public, false, true},
		{"private, no grant", eventlog.Filter{Matchers: a}, private, false, false},
		{"private, the same granted", eventlog.Filter{Matchers: a, Grant: topic.Grant{Subscribe: a}}, private, true, true},
		{"private, another of its topics granted", eventlog.Filter{Matchers: a, Grant: topic.Grant{Subscribe: b}}, private, true, true},
		{"private, granted to publish", eventlog.Filter{Matchers: a, Grant: topic.Grant{Publish: a}}, private, false, false},
		{"private, granted, not asked for", eventlog.Filter{Grant: topic.All()}, private, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.filter.Match(tt.update); got != tt.match {
				t.Errorf("Match = %v, want %v", got, tt.match)
			}
			if got := tt.filter.Allows(tt.update); got != tt.allows {
				t.Errorf("Allows = %v, want %v", got, tt.allows)
			}
		})
	}
}
