package config_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/tidings-hub/tidings/internal/config"
)

func TestBytes(t *testing.T) {
	tests := []struct {
		text string
		want config.Bytes
		back string
	}{
		{"0", 0, "0"},
		{"1", 1, "1"},
		{"512B", 512, "512"},
		{"1024", 1024, "1KiB"},
		{"64KiB", 64 << 10, "64KiB"},
		{"64kib", 64 << 10, "64KiB"},
		{"1000KiB", 1000 << 10, "1000KiB"},
		{"1024KiB", 1 << 20, "1MiB"},
		{"16MiB", 16 << 20, "16MiB"},
		{"3GiB", 3 << 30, "3GiB"},
		{"0GiB", 0, "0"},
		{strconv.Itoa(math.MaxInt64), math.MaxInt64, strconv.Itoa(math.MaxInt64)},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			var got config.Bytes
			if err := got.UnmarshalText([]byte(tt.text)); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("parsed as %d, want %d", int64(got), int64(tt.want))
			}
			if got.String() != tt.back {
				t.Errorf("written as %q, want %q", got, tt.back)
			}
		})
	}
}

func TestBytesRefused(t *testing.T) {
	for _, text := range []string{
		"", "B", "KiB", "-1", "+1", "1.5MiB", "1 MiB", "1MB", "1M", "1TiB", "x", "1KiBB", "0x10", "1_000",
		"9223372036854775808", "9007199254740992KiB", "8589934592GiB",
	} {
		t.Run(text, func(t *testing.T) {
			got := config.Bytes(7)
			if err := got.UnmarshalText([]byte(text)); err == nil {
				t.Errorf("parsed as %d, want an error", int64(got))
			}
			if got != 7 {
				t.Errorf("the value became %d although the text was refused", int64(got))
			}
		})
	}
}

func FuzzBytes(f *testing.F) {
	for _, seed := range []string{"0", "16MiB", "1GiB", "9223372036854775807", "-1", "1.5KiB", "gib"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var first, second config.Bytes
		if first.UnmarshalText([]byte(text)) != nil {
			return
		}
		if first < 0 {
			t.Fatalf("%q was parsed as %d", text, int64(first))
		}
		written, err := first.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.UnmarshalText(written); err != nil || second != first {
			t.Fatalf("%q was parsed as %d, written as %q and read back as %d, %v",
				text, int64(first), written, int64(second), err)
		}
	})
}
