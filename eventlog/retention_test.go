package eventlog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

func TestRetentionValidate(t *testing.T) {
	tests := []struct {
		name  string
		rules eventlog.Retention
		field string // that the error names; "" for no error
	}{
		{"zero", eventlog.Retention{}, ""},
		{"all", eventlog.Retention{MaxAge: time.Hour, MaxBytes: 1, MaxRecords: 1}, ""},
		{"age", eventlog.Retention{MaxAge: -1}, "MaxAge"},
		{"bytes", eventlog.Retention{MaxBytes: -1}, "MaxBytes"},
		{"records", eventlog.Retention{MaxRecords: -1}, "MaxRecords"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.rules.Validate()
			if tt.field == "" {
				if err != nil {
					t.Errorf("Validate() = %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "Retention."+tt.field+" ") {
				t.Errorf("Validate() = %v, want an error that names %s", err, tt.field)
			}
		})
	}
}
