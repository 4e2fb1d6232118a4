package disk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog/disk"
)

// TestValidate: settings that cannot work are refused by name, and no log is made with them.
func TestValidate(t *testing.T) {
	tests := []struct {
		name    string
		options disk.Options
		field   string // "" for none
	}{
		{"zero value", disk.Options{}, ""},
		{"the least", disk.Options{SyncInterval: time.Millisecond, CacheBytes: 1 << 20, OpenFiles: 74}, ""},
		{"unknown policy", disk.Options{Sync: 3}, "Options.Sync"},
		{"no time between syncs", disk.Options{SyncInterval: time.Microsecond}, "Options.SyncInterval"},
		{"small cache", disk.Options{CacheBytes: 1<<20 - 1}, "Options.CacheBytes"},
		{"few files", disk.Options{OpenFiles: 73}, "Options.OpenFiles"},
		{"negative number of files", disk.Options{OpenFiles: -1}, "Options.OpenFiles"},
		{"rule for nothing", disk.Options{Rules: []disk.Rule{{}}}, "Options.Rules[0].Topics"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.options.Validate()
			if tt.field == "" {
				if err != nil {
					t.Errorf("Validate: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.field+" ") {
				t.Errorf("Validate: %v, want an error that names %s", err, tt.field)
			}
			if l, err := disk.Open(t.TempDir(), tt.options); err == nil {
				closeLog(t, l)
				t.Error("Open takes them")
			}
		})
	}
}
