package server_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/internal/server"
)

// TestFailuresAreSaidOnce: while updates cannot be kept that is said once a minute, and that they are kept again as soon
// as they are, but no more than once a minute either.
func TestFailuresAreSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		observer := server.LogUpdates(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{
			ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
				if a.Key == slog.TimeKey || a.Key == "since" {
					return slog.Attr{}
				}
				return a
			},
		})))
		full := errors.New("full")
		fail := func(times int) {
			for range times {
				observer.Failed(2, full)
			}
		}
		want := func(when string, lines ...string) {
			t.Helper()
			got := strings.Split(strings.TrimSuffix(logged.String(), "\n"), "\n")
			if logged.Len() == 0 {
				got = nil
			}
			if diff := cmp.Diff(lines, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", when, diff)
			}
			logged.Reset()
		}
		observer.Committed(1)
		want("while all is well")
		fail(100)
		want("in the beginning", `level=ERROR msg="updates could not be kept" updates=2 before=0 error=full`)
		time.Sleep(time.Minute)
		fail(3)
		want("a minute later", `level=ERROR msg="updates could not be kept" updates=2 before=198 error=full`)
		observer.Committed(1)
		observer.Committed(1)
		want("when it is over", `level=INFO msg="updates are kept again" failed=206`)
		for range 50 { // now and then there is a little room
			fail(1)
			observer.Committed(1)
		}
		want("while it comes and goes")
		time.Sleep(time.Minute)
		fail(1)
		observer.Committed(1)
		want("a minute after that",
			`level=ERROR msg="updates could not be kept" updates=2 before=100 error=full`,
			`level=INFO msg="updates are kept again" failed=102`)
	})
}
