package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/demo"
	"github.com/tidings-hub/tidings/hub"
)

type reading struct{ Zone, Abbr, ISO, Date, Time, Offset string }

func TestASecondIsThreeEvents(t *testing.T) {
	tests := []struct {
		name string
		at   time.Time
		want []reading
	}{
		{"winter", time.Date(2026, 11, 22, 11, 1, 2, 0, time.UTC), []reading{
			{"UTC", "UTC", "2026-11-22T11:01:02+00:00", "2026-11-22", "11:01:02", "+00:00"},
			{"America/New_York", "EST", "2026-11-22T06:01:02-05:00", "2026-11-22", "06:01:02", "-05:00"},
			{"America/Los_Angeles", "PST", "2026-11-22T03:01:02-08:00", "2026-11-22", "03:01:02", "-08:00"},
		}},
		{"summer, and three dates", time.Date(2026, 7, 1, 2, 59, 59, 0, time.UTC), []reading{
			{"UTC", "UTC", "2026-07-01T02:59:59+00:00", "2026-07-01", "02:59:59", "+00:00"},
			{"America/New_York", "EDT", "2026-06-30T22:59:59-04:00", "2026-06-30", "22:59:59", "-04:00"},
			{"America/Los_Angeles", "PDT", "2026-06-30T19:59:59-07:00", "2026-06-30", "19:59:59", "-07:00"},
		}},
		{"New York has set its clocks back, Los Angeles not yet", time.Date(2026, 11, 1, 7, 0, 0, 0, time.UTC), []reading{
			{"UTC", "UTC", "2026-11-01T07:00:00+00:00", "2026-11-01", "07:00:00", "+00:00"},
			{"America/New_York", "EST", "2026-11-01T02:00:00-05:00", "2026-11-01", "02:00:00", "-05:00"},
			{"America/Los_Angeles", "PDT", "2026-11-01T00:00:00-07:00", "2026-11-01", "00:00:00", "-07:00"},
		}},
		{"a server elsewhere", time.Date(2026, 1, 1, 5, 29, 59, 0, time.FixedZone("IST", 19800)), []reading{
			{"UTC", "UTC", "2025-12-31T23:59:59+00:00", "2025-12-31", "23:59:59", "+00:00"},
			{"America/New_York", "EST", "2025-12-31T18:59:59-05:00", "2025-12-31", "18:59:59", "-05:00"},
			{"America/Los_Angeles", "PST", "2025-12-31T15:59:59-08:00", "2025-12-31", "15:59:59", "-08:00"},
		}},
	}
	everyProtocol(t, func(t *testing.T, s *site) {
		st := s.clocks("")
		for _, test := range tests {
			s.tick(test.at)
			events := st.events(3)
			var types []string
			var got []reading
			for _, event := range events {
				types = append(types, event.Type)
				var r reading
				if err := json.Unmarshal([]byte(event.Data), &r); err != nil {
					t.Fatal(err)
				}
				got = append(got, r)
			}
			if diff := cmp.Diff([]string{"", "est", "pdt"}, types); diff != "" {
				t.Errorf("%s: types (-want +got):\n%s", test.name, diff)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: data (-want +got):\n%s", test.name, diff)
			}
		}
	})
}

func TestNextSecondIsOnTheSecond(t *testing.T) {
	for _, test := range []struct {
		name string
		into time.Duration // into a second, as it is called
		wait time.Duration
	}{
		{"on the second", 0, time.Second},
		{"just after it", time.Millisecond, 999 * time.Millisecond},
		{"just before the next", 999 * time.Millisecond, time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(test.into)
				before := time.Now()
				got, err := demo.NextSecond(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(before); waited != test.wait {
					t.Errorf("waited %v, want %v", waited, test.wait)
				}
				if want := before.Add(test.wait); !got.Equal(want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

func TestNextSecondEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := demo.NextSecond(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A whole minute of a demo, in virtual time.
func TestClocksTickOncePerSecondUntilShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, err := demo.New(demo.Options{})
		if err != nil {
			t.Fatal(err)
		}
		published := func() int {
			recorder := httptest.NewRecorder()
			d.Handler().ServeHTTP(recorder, httptest.NewRequest("GET", "/stats", nil))
			var got stats
			if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			return got.Published
		}
		time.Sleep(time.Minute + time.Millisecond)
		synctest.Wait()
		const want = 60*3 + 60/5
		if got := published(); got != want {
			t.Errorf("%d events in a minute, want %d", got, want)
		}
		for range 2 {
			if err := d.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if got := published(); got != want {
			t.Errorf("%d events after the shutdown", got-want)
		}
	})
}

func TestOptionsAreValidated(t *testing.T) {
	_, err := demo.New(demo.Options{Hub: hub.Options{TrimInterval: -1}})
	if err == nil {
		t.Fatal("a negative interval was accepted")
	}
	const want = "demo: Options.Hub: hub: Options.TrimInterval is negative: -1ns"
	if err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}
