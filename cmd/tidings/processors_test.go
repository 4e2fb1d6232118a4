package main

import "testing"

func TestProcessorsFor(t *testing.T) {
	for _, tt := range []struct{ processors, shards, want int }{
		{1, 1, 2}, {2, 2, 3}, {4, 4, 6}, {64, 64, 96}, {8, 1, 9}, {4, 3, 6},
	} {
		if got := processorsFor(tt.processors, tt.shards); got != tt.want {
			t.Errorf("%d processors, %d shards: %d, want %d", tt.processors, tt.shards, got, tt.want)
		}
	}
}
