package main

import (
	"io"
	"strings"
	"testing"
	"time"
)

func TestFlagsRefused(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"idle", "-scenario"},
		{"-count 0", "-count"},
		{"-out results.txt", "-out"},
		{"-plot -scenario idle", "-plot"},
		{"-plot-subscribers 1,x", "number of subscribers"},
		{"-fast", "-fast"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			s, err := parseFlags(strings.Fields(tt.args), io.Discard)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("settings %+v, error %v; want one that says %q", s, err, tt.want)
			}
		})
	}
}

func TestOutFile(t *testing.T) {
	tests := []struct {
		args string
		want string
	}{
		{"", "m/bench/results/2026-11-22-fanout.md"},
		{"-plot", "m/bench/results/2026-11-22-subscribers.md"},
		{"-scenario idle,tls", "m/bench/results/2026-11-22-idle+tls.md"},
		{"-quick", ""},
		{"-quick -out x.md", "x.md"},
		{"-out x.md", "x.md"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			s, err := parseFlags(strings.Fields(tt.args), io.Discard)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.outFile("m", time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
