package config_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/config"
)

// reach says by which flag a field of the hub is set.
type reach struct {
	flag, value string
	want        any
}

// flagOf is the flag of each field, by the field's type and name.
var flagOf = map[string]reach{
	"hub.Options.GapReplay":    {"--gap-replay", "7", 7},
	"hub.Options.TrimInterval": {"--trim-interval", "7s", 7 * time.Second},

	"hub.Options.MaxAge": {"--max-connection-age", "7s", 7 * time.Second},

	"hub.Options.Subscriptions": {"--subscriptions", "", true},
	"hub.Limits.PresenceQueue":  {"--max-presence-queue", "7", 7},

	"hub.Limits.Topics":     {"--max-topics", "7", 7},
	"hub.Limits.TopicBytes": {"--max-topic-bytes", "7KiB", 7 << 10},
	"hub.Limits.IDBytes":    {"--max-id-bytes", "7KiB", 7 << 10},
	"hub.Limits.TypeBytes":  {"--max-type-bytes", "7KiB", 7 << 10},
	"hub.Limits.DataBytes":  {"--max-data-bytes", "7KiB", 7 << 10},
	"hub.Limits.KeyBytes":   {"--max-key-bytes", "7KiB", 7 << 10},
	"hub.Limits.Latest":     {"--max-latest", "7", 7},
	"hub.Limits.Newest":     {"--max-newest", "7", 7},
	"hub.Limits.Matchers":   {"--max-matchers", "7", 7},
	"hub.Limits.QueueBytes": {"--max-queue-bytes", "7MiB", 7 << 20},

	"hub.Limits.Subscribers": {"--max-subscribers", "7", 7},

	"fanout.Options.Shards":       {"--shards", "7", 7},
	"fanout.Options.Heartbeat":    {"--heartbeat", "7s", 7 * time.Second},
	"fanout.Options.Stall":        {"--stall", "7s", 7 * time.Second},
	"fanout.Options.WindowBytes":  {"--window-bytes", "7MiB", 7 << 20},
	"fanout.Options.MailboxBytes": {"--mailbox-bytes", "7MiB", 7 << 20},
	"fanout.Options.PendingBytes": {"--pending-bytes", "7KiB", 7 << 10},
	"fanout.Options.ChunkBytes":   {"--chunk-bytes", "7KiB", 7 << 10},
	"fanout.Options.KeptBytes":    {"--kept-bytes", "7KiB", 7 << 10},
	"fanout.Options.Readers":      {"--readers", "7", 7},
	"fanout.Options.MaxBehind":    {"--max-behind", "7", 7},
	"fanout.Options.ReplayRate":   {"--replay-rate", "7KiB", 7 << 10},
	"fanout.Options.BufferLimit":  {"--buffer-limit", "7GiB", 7 << 30},
	"fanout.Options.NotSentBytes": {"--notsent", "7KiB", 7 << 10},
	"fanout.Options.ReturnSpread": {"--return-spread", "7s", 7 * time.Second},

	"fanout.Options.ExpiryWarning": {"--expiry-warning", "7s", 7 * time.Second},

	"eventlog.Retention.MaxAge":     {"--retain-age", "7s", 7 * time.Second},
	"eventlog.Retention.MaxBytes":   {"--retain-bytes", "7KiB", int64(7 << 10)},
	"eventlog.Retention.MaxRecords": {"--retain-count", "7", 7},

	"disk.Options.Sync":         {"--sync", "never", disk.SyncNever},
	"disk.Options.SyncInterval": {"--sync-interval", "7s", 7 * time.Second},
	"disk.Options.Reserve":      {"--disk-reserve", "7MiB", int64(7 << 20)},
	"disk.Options.CacheBytes":   {"--cache-bytes", "7MiB", int64(7 << 20)},
	"disk.Options.OpenFiles":    {"--log-files", "77", 77},
}

// notSettings are the fields that no flag can set: parts with fields of their own, and what code plugs in.
var notSettings = map[string]bool{
	"hub.Options.Log":         true,
	"hub.Options.Fanout":      true,
	"hub.Options.Limits":      true,
	"hub.Options.Observer":    true,
	"fanout.Options.Observer": true,
	"disk.Options.Retention":  true,
	"disk.Options.Rules":      true, // TestRetain
	"disk.Options.Logger":     true,
}

func TestEveryFieldOfTheHubHasAFlag(t *testing.T) {
	structs := func(s *config.Serve) []any {
		o := s.HubOptions()
		return []any{o, o.Limits, o.Fanout, s.Retention(), s.DiskOptions()}
	}
	before := structs(parsed[config.Serve](t, "--dev"))
	seen := map[string]bool{}
	for i, structure := range before {
		kind := reflect.TypeOf(structure)
		for field := range kind.Fields() {
			name := kind.String() + "." + field.Name
			if notSettings[name] || !field.IsExported() {
				continue
			}
			seen[name] = true
			t.Run(name, func(t *testing.T) {
				by, ok := flagOf[name]
				if !ok {
					t.Fatal("no flag sets this field: give it one, and a line in flagOf")
				}
				if reflect.ValueOf(structure).FieldByIndex(field.Index).Interface() == by.want {
					t.Fatalf("%v is the default, so that the flag changes nothing", by.want)
				}
				args := []string{"--dev", by.flag, by.value}
				if by.value == "" {
					args = args[:2]
				}
				after := structs(parsed[config.Serve](t, args...))
				got := reflect.ValueOf(after[i]).FieldByIndex(field.Index).Interface()
				if got != by.want {
					t.Errorf("%s %s makes it %v, want %v", by.flag, by.value, got, by.want)
				}
			})
		}
	}
	for name := range flagOf {
		if !seen[name] {
			t.Errorf("there is no field %s", name)
		}
	}
}

func TestDefaultsAreThoseOfTheHub(t *testing.T) {
	s := parsed[config.Serve](t, "--dev")
	if diff := cmp.Diff(hub.Options{}.WithDefaults(), s.HubOptions().WithDefaults()); diff != "" {
		t.Errorf("hub's options (-its own default +ours):\n%s", diff)
	}
	if diff := cmp.Diff(disk.DefaultRetention(), s.Retention()); diff != "" {
		t.Errorf("retention (-its own default +ours):\n%s", diff)
	}
	inMemory := parsed[config.Serve](t, "--dev", "--data", "memory")
	if diff := cmp.Diff(eventlog.DefaultMemoryRetention(), inMemory.Retention()); diff != "" {
		t.Errorf("retention in memory (-its own default +ours):\n%s", diff)
	}
	want, got := disk.Options{}.WithDefaults(), s.DiskOptions().WithDefaults()
	if got.Sync != want.Sync || got.SyncInterval != want.SyncInterval || got.Reserve != want.Reserve ||
		got.CacheBytes != want.CacheBytes || got.Retention != want.Retention || len(got.Rules) != 0 {
		t.Errorf("disk options are %+v, want %+v", got, want)
	}
	// What is left to the hub is left to it, not copied.
	if got, want := s.HubOptions().Fanout, (fanout.Options{}); got.Shards != want.Shards || got.MailboxBytes != want.MailboxBytes {
		t.Errorf("shards and mailbox are %d and %d, want 0 for the hub's own choice", got.Shards, got.MailboxBytes)
	}
}

func TestNoGapReplay(t *testing.T) {
	if got := parsed[config.Serve](t, "--dev", "--gap-replay", "0").HubOptions().GapReplay; got >= 0 {
		t.Errorf("--gap-replay 0 gives the hub %d, which stands for its default; want a negative number for none", got)
	}
}

func TestNoDiskReserve(t *testing.T) {
	if got := parsed[config.Serve](t, "--dev", "--disk-reserve", "0").DiskOptions().Reserve; got >= 0 {
		t.Errorf("--disk-reserve 0 gives the log %d, which stands for its default; want a negative number for none", got)
	}
}
