package disk

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// TestRepeatedErrors: what pebble comes upon again and again is said once a minute, and so is each other thing.
func TestRepeatedErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		listener := new(engine).listener(&repeated{logger: slog.New(slog.NewTextHandler(&logged, nil))})
		want := func(n int, texts ...string) {
			t.Helper()
			if got := strings.Count(logged.String(), "\n"); got != n {
				t.Errorf("%d lines, want %d:\n%s", got, n, &logged)
			}
			for _, text := range texts {
				if !strings.Contains(logged.String(), text) {
					t.Errorf("no %q in\n%s", text, &logged)
				}
			}
			logged.Reset()
		}
		again := func(times int, files ...string) {
			for range times {
				for _, file := range files {
					err := fmt.Errorf("%s: checksum mismatch", file)
					listener.DataCorruption(pebble.DataCorruptionInfo{Path: file, Details: err})
					listener.BackgroundError(err)
				}
			}
		}
		again(1000, "7.sst", "8.sst")
		want(3, `msg="a file of the log is damaged" file=7.sst error="7.sst: checksum mismatch" before=0`,
			`msg="a file of the log is damaged" file=8.sst error="8.sst: checksum mismatch" before=0`,
			`msg="work in the background has failed" error="7.sst: checksum mismatch" before=0`)
		time.Sleep(time.Minute)
		again(2, "7.sst")
		want(2, "before=999", "before=1999")
		time.Sleep(time.Minute)
		for i := range 1000 { // nor is it a flood if each is another one
			listener.BackgroundError(errors.New(strings.Repeat("x", i)))
		}
		want(repeatedMost)
		time.Sleep(time.Minute)
		again(1, "9.sst")
		want(2, "file=9.sst")
	})
}
