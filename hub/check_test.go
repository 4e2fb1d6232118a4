package hub_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// testLimits are small enough to be reached.
var testLimits = hub.Limits{Topics: 3, TopicBytes: 10, IDBytes: 10, TypeBytes: 12, DataBytes: 20, Matchers: 3}

func TestCheckUpdate(t *testing.T) {
	invalid := func(field, reason string) error { return &hub.InvalidError{Field: field, Reason: reason} }
	limit := func(name string, max, got int) error { return &hub.LimitError{Limit: name, Max: max, Got: got} }
	a := []string{"a"}
	tests := []struct {
		name   string
		update eventlog.Update
		want   error
	}{
		{"least", eventlog.Update{Topics: a}, nil},
		{"most", eventlog.Update{
			Topics: []string{"0123456789", "b", "c"}, Private: true, ID: "0123456789",
			Type: "0123456789ab", Data: strings.Repeat("x", 20), Retry: 1,
		}, nil},
		{"data of any text", eventlog.Update{Topics: a, Data: "\x00\r\n\u202e\ufeff"}, nil},
		{"retry at once", eventlog.Update{Topics: a, Retry: -1}, nil},
		{"id with a mark inside", eventlog.Update{Topics: a, ID: "a#1"}, nil},
		{"id with blanks", eventlog.Update{Topics: a, ID: " a b "}, nil},
		{"type like a reserved one", eventlog.Update{Topics: a, Type: "opened"}, nil},
		{"type like the hub's", eventlog.Update{Topics: a, Type: "tidings"}, nil},
		{"type message", eventlog.Update{Topics: a, Type: "message"}, nil},

		{"no topic", eventlog.Update{}, invalid("topic", "is missing")},
		{"empty topic", eventlog.Update{Topics: []string{"a", ""}}, invalid("topic", "is empty")},
		{"wildcard", eventlog.Update{Topics: []string{"*"}}, invalid("topic", `cannot be "*", which stands for every topic`)},
		{"topic of two lines", eventlog.Update{Topics: []string{"a\nb"}}, invalid("topic", "has a forbidden character: forbidden character U+000A at byte 1")},
		{"topic not UTF-8", eventlog.Update{Topics: []string{"\xff"}}, invalid("topic", "has a forbidden character: invalid UTF-8 at byte 0")},
		{"position as id", eventlog.Update{Topics: a, ID: "#abc.1"}, invalid("id", `cannot begin with "#", which marks the hub's own ids`)},
		{"id that clients send back as a position", eventlog.Update{Topics: a, ID: " #abc.1"}, invalid("id", `cannot begin with "#", which marks the hub's own ids`)},
		{"id earliest", eventlog.Update{Topics: a, ID: "earliest"}, invalid("id", `cannot be "earliest", which asks for everything`)},
		{"id that clients send back as earliest", eventlog.Update{Topics: a, ID: " earliest"}, invalid("id", `cannot be "earliest", which asks for everything`)},
		{"blank id", eventlog.Update{Topics: a, ID: "  "}, invalid("id", "cannot be blank")},
		{"id of two lines", eventlog.Update{Topics: a, ID: "a\rb"}, invalid("id", "has a forbidden character: forbidden character U+000D at byte 1")},
		{"id with NUL", eventlog.Update{Topics: a, ID: "a\x00"}, invalid("id", "has a forbidden character: forbidden character U+0000 at byte 1")},
		{"type open", eventlog.Update{Topics: a, Type: "open"}, invalid("type", `"open" is reserved`)},
		{"type error", eventlog.Update{Topics: a, Type: "error"}, invalid("type", `"error" is reserved`)},
		{"type mercure", eventlog.Update{Topics: a, Type: "mercure"}, invalid("type", `"mercure" is reserved`)},
		{"type of the hub's", eventlog.Update{Topics: a, Type: "tidings.gap"}, invalid("type", `"tidings.gap" is reserved`)},
		{"type of the hub's future", eventlog.Update{Topics: a, Type: "tidings."}, invalid("type", `"tidings." is reserved`)},
		{"type of two lines", eventlog.Update{Topics: a, Type: "a\nb"}, invalid("type", "has a forbidden character: forbidden character U+000A at byte 1")},
		{"data not UTF-8", eventlog.Update{Topics: a, Data: "a\xc3"}, invalid("data", "is not valid UTF-8")},
		{"negative retry", eventlog.Update{Topics: a, Retry: -2}, invalid("retry", "is negative")},

		{"too many topics", eventlog.Update{Topics: []string{"a", "b", "c", "d"}}, limit("Topics", 3, 4)},
		{"topic too long", eventlog.Update{Topics: []string{"0123456789a"}}, limit("TopicBytes", 10, 11)},
		{"id too long", eventlog.Update{Topics: a, ID: "0123456789a"}, limit("IDBytes", 10, 11)},
		{"type too long", eventlog.Update{Topics: a, Type: "0123456789abc"}, limit("TypeBytes", 12, 13)},
		{"data too long", eventlog.Update{Topics: a, Data: strings.Repeat("é", 11)}, limit("DataBytes", 20, 22)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := hub.CheckUpdate(&tt.update, testLimits)
			if diff := cmp.Diff(tt.want, err, compareErrors); diff != "" {
				t.Errorf("CheckUpdate (-want +got):\n%s", diff)
			}
		})
	}
}

// compareErrors compares errors by their types and fields.
var compareErrors = cmp.FilterValues(
	func(a, b error) bool { return true },
	cmp.Comparer(func(a, b error) bool {
		if x, ok := errors.AsType[*hub.InvalidError](a); ok {
			y, ok := errors.AsType[*hub.InvalidError](b)
			return ok && *x == *y
		}
		if x, ok := errors.AsType[*hub.LimitError](a); ok {
			y, ok := errors.AsType[*hub.LimitError](b)
			return ok && *x == *y
		}
		return errors.Is(a, b)
	}),
)

// TestAnIDComesBackAsItself: whatever id is not refused is found again by the cursor that clients send for it.
func TestAnIDComesBackAsItself(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, hub.Options{})
	for _, id := range []string{"x", " x1", "x2 ", "a b", "urn:uuid:1", "EARLIEST", "a#b.1", "é", "0"} {
		receipt := r.publish(eventlog.Update{Topics: []string{"a"}, ID: id})[0]
		r.publish(update("later"))
		cursor := eventlog.ParseCursor(strings.Trim(receipt.ID, " "))
		sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a"), Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		want := eventlog.Verdict{Kind: eventlog.Resumed, After: receipt.Position.Offset}
		if sub.Verdict != want || receipt.ID != id {
			t.Errorf("id %q, receipt %q: verdict %+v, want %+v", id, receipt.ID, sub.Verdict, want)
		}
	}
}

func TestSubscribeChecksMatchers(t *testing.T) {
	tests := []struct {
		name     string
		matchers topic.Matchers
		want     error
		reason   hub.RefuseReason
	}{
		{"none", nil, &hub.InvalidError{Field: "matcher", Reason: "is missing"}, hub.RefusedInvalid},
		{"empty", matchers("a", ""), &hub.InvalidError{Field: "matcher", Reason: "is empty"}, hub.RefusedInvalid},
		{"zero", topic.Matchers{{}}, &hub.InvalidError{Field: "matcher", Reason: "is empty"}, hub.RefusedInvalid},
		{
			"forbidden character", matchers("a\x7f"),
			&hub.InvalidError{Field: "matcher", Reason: "has a forbidden character: forbidden character U+007F at byte 1"},
			hub.RefusedInvalid,
		},
		{"too long", matchers("0123456789a"), &hub.LimitError{Limit: "TopicBytes", Max: 10, Got: 11}, hub.RefusedLimit},
		{"too many", matchers("a", "b", "c", "d"), &hub.LimitError{Limit: "Matchers", Max: 3, Got: 4}, hub.RefusedLimit},
	}
	r := newRig(t, eventlog.Retention{}, hub.Options{Limits: testLimits})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: tt.matchers})
			if diff := cmp.Diff(tt.want, err, compareErrors); diff != "" {
				t.Errorf("Subscribe (-want +got):\n%s", diff)
			}
			if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{tt.reason}) {
				t.Errorf("the Observer was told %v, want %v", got, tt.reason)
			}
		})
	}
	if _, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("0123456789", "b", "*")}); err != nil {
		t.Errorf("as many and as long as is allowed: %v", err)
	}
	if got := r.refusals(); len(got) > 0 {
		t.Errorf("the Observer was told %v of what was not refused", got)
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"hub: type \"open\" is reserved":                      &hub.InvalidError{Field: "type", Reason: `"open" is reserved`},
		"hub: limit DataBytes exceeded: 21 is more than 20":   &hub.LimitError{Limit: "DataBytes", Max: 20, Got: 21},
		"hub: publishing to one of the topics is not granted": hub.ErrForbidden,
	} {
		if err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}
