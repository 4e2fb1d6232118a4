package eventlog_test

import (
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

func TestReadRequestWithDefaults(t *testing.T) {
	tests := []struct {
		name              string
		in                eventlog.ReadRequest
		maxBytes, maxScan int
	}{
		{"zero", eventlog.ReadRequest{}, 256 << 10, 65_536},
		{"negative", eventlog.ReadRequest{MaxBytes: -1, MaxScan: -1}, 256 << 10, 65_536},
		{"set", eventlog.ReadRequest{MaxBytes: 1, MaxScan: 2}, 1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.in.WithDefaults()
			if got.MaxBytes != tt.maxBytes || got.MaxScan != tt.maxScan {
				t.Errorf("WithDefaults() = %+v, want %d bytes and %d records", got, tt.maxBytes, tt.maxScan)
			}
		})
	}
}
