package server_test

import (
	"testing"

	"github.com/tidings-hub/tidings/internal/server"
)

func TestCeiling(t *testing.T) {
	tests := []struct {
		name                     string
		descriptors, connections int
		want                     int
		reason                   server.RefuseReason
		text                     string
	}{
		{"no limit", 0, 0, 0, server.RefusedDescriptors, "any number of connections"},
		{"no limit but its own", 0, 7, 7, server.RefusedConnections, "at most 7 connections"},
		{"few", 100, 0, 50, server.RefusedDescriptors, "at most 50 connections (descriptor limit 100)"},
		{"usual", 1024, 0, 768, server.RefusedDescriptors, "at most 768 connections (descriptor limit 1024)"},
		{"2 %", 1_000_000, 0, 980_000, server.RefusedDescriptors, "at most 980000 connections (descriptor limit 1000000)"},
		{"its own is lower", 1024, 7, 7, server.RefusedConnections, "at most 7 connections (descriptor limit 1024)"},
		{"its own is as high", 1024, 768, 768, server.RefusedDescriptors, "at most 768 connections (descriptor limit 1024)"},
		{"its own is higher", 1024, 5000, 768, server.RefusedDescriptors, "at most 768 connections (descriptor limit 1024)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := server.NewCeiling(tt.descriptors, tt.connections)
			if c.Connections != tt.want || c.Descriptors != tt.descriptors || c.Reason != tt.reason || c.String() != tt.text {
				t.Errorf("%+v because of %v, %q", c, c.Reason, c)
			}
		})
	}
}

func TestRefuseReasonNames(t *testing.T) {
	seen := map[string]bool{"unknown": true}
	for i, r := range server.RefuseReasons() {
		if int(r) != i || seen[r.String()] {
			t.Errorf("number %d of the list is reason %d, %q", i, r, r)
		}
		seen[r.String()] = true
	}
	if beyond := server.RefuseReason(len(server.RefuseReasons())); beyond.String() != "unknown" {
		t.Errorf("reason %q is not in the list", beyond)
	}
}
