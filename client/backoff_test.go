package client_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/client"
)

// waitsOf runs a source in virtual time until it has waited n times, and returns the states of waiting. Each
// wait must have been as long as was said.
func waitsOf(t *testing.T, tr *transport, o client.Options, n int) states {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen states
	var due time.Time // when the next attempt must come
	o.HTTPClient = tr.client()
	o.OnState = func(s client.State) {
		if s.Phase == client.Connecting && !due.IsZero() && !time.Now().Equal(due) {
			t.Errorf("attempt %d is %v late", s.Attempt, time.Since(due))
		}
		if seen.add(s); s.Phase == client.Waiting {
			due = time.Now().Add(s.RetryIn)
			if len(seen.waits()) == n {
				cancel()
			}
		}
	}
	var last error
	for _, last = range newSource(t, "http://hub.test/", o).Events(ctx) {
	}
	if last != context.Canceled {
		t.Fatalf("ended with %v", last)
	}
	return seen.waits()
}

// repeat returns answer n times.
func repeat(n int, answer roundTrip) []roundTrip {
	return slices.Repeat([]roundTrip{answer}, n)
}

// The wait is anything between nothing and a bound that doubles.
func TestBackoff(t *testing.T) {
	bounds := []time.Duration{1, 2, 4, 8, 16, 30, 30, 30, 30}
	synctest.Test(t, func(t *testing.T) {
		const runs = 300
		least, most := make([]time.Duration, len(bounds)), make([]time.Duration, len(bounds))
		for run := range runs {
			for i, s := range waitsOf(t, &transport{answers: repeat(len(bounds), fail)}, client.Options{}, len(bounds)) {
				if !errors.Is(s.Err, errNetwork) || s.Attempt != i+1 {
					t.Fatalf("state %+v, want attempt %d", s, i+1)
				}
				if run == 0 {
					least[i] = math.MaxInt64
				}
				least[i], most[i] = min(least[i], s.RetryIn), max(most[i], s.RetryIn)
			}
		}
		for i, bound := range bounds {
			bound *= time.Second
			// That none of 300 falls into a tenth of the range has a probability of 2 in 10¹⁴.
			if least[i] > bound/10 || most[i] < bound-bound/10 || most[i] > bound {
				t.Errorf("wait %d was between %v and %v, want between 0 and %v", i+1, least[i], most[i], bound)
			}
		}
	})
}

// What counts as a first failure again.
func TestBackoffResets(t *testing.T) {
	event := part{text: "data: x\n\n"}
	after := func(d time.Duration, p part) part {
		p.pause = d
		return p
	}
	for _, tt := range []struct {
		name   string
		stream []part
		reset  bool
	}{
		{"no stream", nil, false},
		{"cut at once", []part{cut}, false},
		{"ended at once", []part{end}, false},
		{"cut behind an event", []part{event, cut}, false},
		{"ended behind an event", []part{event, end}, true},
		{"cut too early", []part{after(10*time.Second-1, cut)}, false},
		{"cut after a while", []part{after(10*time.Second, cut)}, true},
		{"said bye", []part{{text: "event: tidings.bye\ndata: {}\n\n"}, cut}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answers := repeat(5, fail)
				if tt.stream != nil {
					answers[3] = stream(tt.stream...)
				}
				waits := waitsOf(t, &transport{answers: answers}, client.Options{Signals: true}, 5)
				want := []int{1, 2, 3, 4, 5}
				if tt.reset {
					want[4] = 2
				}
				var got []int
				for _, s := range waits {
					got = append(got, s.Attempt)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("attempts (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// The server's time is never undercut within the bounds, and chance comes on top of it.
func TestServerSaysWhen(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	for _, tt := range []struct {
		name   string
		answer func() roundTrip
		o      client.Options
		want   time.Duration
	}{
		{"retry", func() roundTrip { return stream(part{text: "retry: 3000\n"}, end) }, client.Options{}, 3 * time.Second},
		{"retry 0", func() roundTrip { return stream(part{text: "retry: 0\n"}, cut) }, client.Options{}, 0},
		{"retry below the minimum", func() roundTrip { return stream(part{text: "retry: 3\n"}, cut) }, client.Options{MinRetry: time.Second}, time.Second},
		{"retry above the maximum", func() roundTrip { return stream(part{text: "retry: 900000\n"}, cut) }, client.Options{}, 5 * time.Minute},
		{"no retry", func() roundTrip { return stream(cut) }, client.Options{MinRetry: 2 * time.Second}, 2 * time.Second},
		{"seconds", func() roundTrip { return answer(503, "Retry-After", " 7") }, client.Options{}, 7 * time.Second},
		{"too many seconds", func() roundTrip { return answer(429, "Retry-After", "86400") }, client.Options{MaxRetry: time.Hour}, time.Hour},
		{"absurd seconds", func() roundTrip { return answer(429, "Retry-After", "99999999999999999999") }, client.Options{}, 0},
		{"date", func() roundTrip { return answer(503, "Retry-After", date(90*time.Second)) }, client.Options{}, 90 * time.Second},
		{"date in the past", func() roundTrip { return answer(503, "Retry-After", date(-time.Hour)) }, client.Options{}, 0},
		{"negative seconds", func() roundTrip { return answer(503, "Retry-After", "-3") }, client.Options{}, 0},
		{"nonsense", func() roundTrip { return answer(503, "Retry-After", "soon") }, client.Options{}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for range 20 {
					tr := &transport{answers: append(repeat(1, tt.answer()), fail)}
					got := waitsOf(t, tr, tt.o, 1)[0].RetryIn
					if got < tt.want || got > tt.want+time.Second {
						t.Fatalf("waits %v, want between %v and a second more", got, tt.want)
					}
				}
			})
		})
	}
}

// A reconnection time holds for all connections that follow, Retry-After for one.
func TestRetryIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answers: append(
			repeat(1, stream(part{text: "retry: 3000\n"}, end)),
			answer(503, "Retry-After", "60"), fail, stream(part{text: "retry: x\n"}, end))}
		for i, s := range waitsOf(t, tr, client.Options{Backoff: 1, MaxBackoff: 1}, 4) {
			want := []time.Duration{3 * time.Second, 60 * time.Second, 3 * time.Second, 3 * time.Second}[i]
			if s.RetryIn < want || s.RetryIn > want+1 {
				t.Errorf("wait %d is %v, want %v", i+1, s.RetryIn, want)
			}
		}
	})
}

func TestByeSpreadsTheReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const runs = 300
		var waits []time.Duration
		for range runs {
			var told client.Bye
			tr := &transport{answers: repeat(1, stream(
				part{text: "event: tidings.bye\ndata: {\"reason\":\"draining\",\"retry\":10000}\n\n"}, end))}
			o := client.Options{Signals: true, Backoff: 1, MaxBackoff: 1, OnBye: func(b client.Bye) { told = b }}
			waits = append(waits, waitsOf(t, tr, o, 1)[0].RetryIn)
			if want := (client.Bye{Reason: "draining", Retry: 10 * time.Second}); told != want {
				t.Fatalf("told %+v, want %+v", told, want)
			}
		}
		if least, most := slices.Min(waits), slices.Max(waits); least < 10*time.Second || least > 11*time.Second ||
			most < 19*time.Second || most > 20*time.Second+1 {
			t.Errorf("%d subscribers come back between %v and %v, want all over 10 s to 20 s", runs, least, most)
		}
	})
}

func TestMaxFailures(t *testing.T) {
	event := part{text: "data: x\n\n"}
	for _, tt := range []struct {
		name    string
		max     int
		answers []roundTrip
		want    error
		tried   int
	}{
		{"one", 1, repeat(9, fail), errNetwork, 1},
		{"one that was open", 1, repeat(9, stream(event, part{pause: time.Hour, err: cut.err})), cut.err, 1},
		{"end in good order", 1, repeat(9, stream(event, end)), client.ErrEnded, 1},
		{"three", 3, repeat(9, fail), errNetwork, 3},
		{"reset between", 3, append(append(repeat(2, fail), stream(event, end)), repeat(9, fail)...), errNetwork, 5},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr := &transport{answers: tt.answers}
				var last error
				for _, err := range newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client(), MaxFailures: tt.max}).Events(t.Context()) {
					last = err
				}
				if !errors.Is(last, tt.want) || len(tr.requests) != tt.tried {
					t.Errorf("ended with %v after %d attempts, want %v after %d", last, len(tr.requests), tt.want, tt.tried)
				}
			})
		})
	}
}
