package fanout_test

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

func TestOptionsWithDefaults(t *testing.T) {
	got := fanout.Options{}.WithDefaults()
	want := fanout.Options{
		Shards: runtime.GOMAXPROCS(0), Heartbeat: 15 * time.Second, Stall: time.Minute,
		WindowBytes: 16 << 20, MailboxBytes: 8 << 20, PendingBytes: 64 << 10, ChunkBytes: 256 << 10, KeptBytes: 8 << 20, Readers: 4,
		MaxBehind: 1000, BufferLimit: 280 << 20, NotSentBytes: 128 << 10, ReturnSpread: 4 * time.Second,
		ExpiryWarning: 30 * time.Second,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("WithDefaults() = %+v, want %+v", got, want)
	}
	set := fanout.Options{
		Shards: 1, Heartbeat: 2 * time.Second, Stall: 3 * time.Second,
		WindowBytes: 7, MailboxBytes: 4, PendingBytes: 5, ChunkBytes: 6, KeptBytes: 11, Readers: 8,
		MaxBehind: 9, ReplayRate: 10, BufferLimit: 19, NotSentBytes: 12, ReturnSpread: 13, ExpiryWarning: 14,
	}
	if got := set.WithDefaults(); !reflect.DeepEqual(got, set) {
		t.Errorf("WithDefaults() changes what is set: %+v", got)
	}
	if got := (fanout.Options{WindowBytes: 100}).WithDefaults().MailboxBytes; got != 50 {
		t.Errorf("MailboxBytes = %d, want half of the window", got)
	}
}

func TestOptionsValidate(t *testing.T) {
	tests := []struct {
		name    string
		options fanout.Options
		fields  []string // that the error names; none for no error
	}{
		{"zero", fanout.Options{}, nil},
		{"small", fanout.Options{Shards: 1, WindowBytes: 2, PendingBytes: 1, ChunkBytes: 1, Readers: 1}, nil},
		{"mailbox as large as the window", fanout.Options{WindowBytes: 10, MailboxBytes: 10}, nil},
		{"shards", fanout.Options{Shards: -1}, []string{"Shards"}},
		{"heartbeat", fanout.Options{Heartbeat: -time.Second}, []string{"Heartbeat"}},
		{"heartbeat too short", fanout.Options{Heartbeat: time.Microsecond}, []string{"Heartbeat"}},
		{"stall", fanout.Options{Stall: -time.Second}, []string{"Stall"}},
		{"window", fanout.Options{WindowBytes: -1}, []string{"WindowBytes"}},
		{"mailbox", fanout.Options{MailboxBytes: -1}, []string{"MailboxBytes"}},
		{"pending", fanout.Options{PendingBytes: -1}, []string{"PendingBytes"}},
		{"chunk", fanout.Options{ChunkBytes: -1}, []string{"ChunkBytes"}},
		{"kept", fanout.Options{KeptBytes: -1}, []string{"KeptBytes"}},
		{"readers", fanout.Options{Readers: -1}, []string{"Readers"}},
		{"behind", fanout.Options{MaxBehind: -1}, []string{"MaxBehind"}},
		{"rate", fanout.Options{ReplayRate: -1}, []string{"ReplayRate"}},
		{"budget", fanout.Options{BufferLimit: -1}, []string{"BufferLimit"}},
		{
			"budget of the window and the kept chunks alone",
			fanout.Options{WindowBytes: 10, KeptBytes: 5, BufferLimit: 15},
			[]string{"BufferLimit", "WindowBytes", "KeptBytes"},
		},
		{"budget of a byte more", fanout.Options{WindowBytes: 10, KeptBytes: 5, BufferLimit: 16}, nil},
		{"budget less than the default window", fanout.Options{BufferLimit: 1 << 20}, []string{"BufferLimit", "WindowBytes"}},
		{"not sent", fanout.Options{NotSentBytes: -1}, []string{"NotSentBytes"}},
		{"expiry warning", fanout.Options{ExpiryWarning: -time.Second}, []string{"ExpiryWarning"}},
		{"spread", fanout.Options{ReturnSpread: -time.Second}, []string{"ReturnSpread"}},
		{"spread too short", fanout.Options{ReturnSpread: time.Microsecond}, []string{"ReturnSpread"}},
		{"mailbox larger than the window", fanout.Options{WindowBytes: 10, MailboxBytes: 11}, []string{"MailboxBytes", "WindowBytes"}},
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
				if !strings.Contains(err.Error(), "Options."+field+" ") {
					t.Errorf("Validate() = %q does not name %s", err, field)
				}
			}
			if _, newErr := fanout.New(nil, 0, tt.options); newErr == nil || newErr.Error() != err.Error() {
				t.Errorf("New = %v, Validate = %v", newErr, err)
			}
		})
	}
}

// TestEveryOptionIsChecked: a field that is added is either checked or named here.
func TestEveryOptionIsChecked(t *testing.T) {
	unchecked := map[string]bool{"Observer": true}
	for field := range reflect.TypeFor[fanout.Options]().Fields() {
		if unchecked[field.Name] {
			continue
		}
		var o fanout.Options
		reflect.ValueOf(&o).Elem().FieldByName(field.Name).SetInt(-1)
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), "Options."+field.Name+" ") {
			t.Errorf("Validate of a negative %s = %v", field.Name, err)
		}
	}
}
