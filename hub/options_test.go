package hub_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

func TestOptionsWithDefaults(t *testing.T) {
	got := hub.Options{}.WithDefaults()
	want := hub.Options{
		Fanout:       fanout.Options{}.WithDefaults(),
		GapReplay:    1000,
		TrimInterval: 10 * time.Second,
		Limits: hub.Limits{
			Topics: 100, TopicBytes: 4096, IDBytes: 1024, TypeBytes: 256, DataBytes: 1_000_000,
			KeyBytes: 512, Matchers: 100, Latest: 10_000, Newest: 10_000, QueueBytes: 64 << 20,
			PresenceQueue: 100_000,
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("WithDefaults() = %+v, want %+v", got, want)
	}
	set := hub.Options{GapReplay: -1, TrimInterval: 1, Limits: hub.Limits{
		Topics: 1, TopicBytes: 2, IDBytes: 3, TypeBytes: 4, DataBytes: 5, KeyBytes: 8, Matchers: 6, Latest: 9, Newest: 10,
		QueueBytes: 700, PresenceQueue: 11,
	}}
	if got := set.WithDefaults(); got.Limits != set.Limits || got.GapReplay != -1 || got.TrimInterval != 1 {
		t.Errorf("WithDefaults() changes what is set: %+v", got)
	}
}

func TestOptionsValidate(t *testing.T) {
	tests := []struct {
		name    string
		options hub.Options
		fields  []string // that the error names; none for no error
	}{
		{"zero", hub.Options{}, nil},
		{"no gap replay", hub.Options{GapReplay: -1}, nil},
		{"a queue of exactly one update", hub.Options{Limits: hub.Limits{Topics: 2, TopicBytes: 10, IDBytes: 5, TypeBytes: 5, DataBytes: 60, KeyBytes: 10, QueueBytes: 100}}, nil},
		{
			"a queue of less than one update",
			hub.Options{Limits: hub.Limits{Topics: 2, TopicBytes: 10, IDBytes: 5, TypeBytes: 5, DataBytes: 60, KeyBytes: 10, QueueBytes: 99}},
			[]string{"Limits.QueueBytes (99)", "(100)"},
		},
		{"trim interval", hub.Options{TrimInterval: -1}, []string{"Options.TrimInterval"}},
		{"fan-out", hub.Options{Fanout: fanout.Options{Shards: -1}}, []string{"fanout: Options.Shards"}},
		{"several", hub.Options{TrimInterval: -1, Limits: hub.Limits{Topics: -1, Matchers: -1}}, []string{
			"Options.TrimInterval", "Options.Limits.Topics", "Options.Limits.Matchers",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.options.Validate()
			if len(tt.fields) == 0 {
				if err != nil {
					t.Errorf("Validate() = %v", err)
				}
				return
			}
			if err == nil {
				t.Fatal("Validate() = nil")
			}
			for _, field := range tt.fields {
				if !strings.Contains(err.Error(), field) {
					t.Errorf("Validate() = %q does not name %s", err, field)
				}
			}
			if _, newErr := hub.New(tt.options); newErr == nil || newErr.Error() != err.Error() {
				t.Errorf("New: %v, Validate: %v", newErr, err)
			}
		})
	}
}

// TestEveryLimitIsChecked: a limit that is added is checked.
func TestEveryLimitIsChecked(t *testing.T) {
	for field := range reflect.TypeFor[hub.Limits]().Fields() {
		var o hub.Options
		reflect.ValueOf(&o.Limits).Elem().FieldByName(field.Name).SetInt(-1)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "Limits."+field.Name+" ") {
			t.Errorf("Validate of a negative %s = %v", field.Name, err)
		}
	}
}

// TestHubOptions: what is in force can be looked at.
func TestHubOptions(t *testing.T) {
	h, err := hub.New(hub.Options{GapReplay: 7})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if o := h.Options(); o.GapReplay != 7 || o.Limits.Topics != 100 || o.Fanout.Heartbeat != 15*time.Second {
		t.Errorf("Options() = %+v", o)
	}
}
