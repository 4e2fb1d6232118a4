package protocol_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// brokenLog is a log that fails with an error, once it has one.
type brokenLog struct {
	eventlog.Log
	broken atomic.Pointer[error]
}

func (l *brokenLog) fail(err error) { l.broken.Store(&err) }
func (l *brokenLog) mend()          { l.broken.Store(nil) }

func (l *brokenLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	if err := l.broken.Load(); err != nil {
		return nil, *err
	}
	return l.Log.Append(ctx, batch)
}

func (l *brokenLog) Verdict(ctx context.Context, c eventlog.Cursor, f *eventlog.Filter) (eventlog.Verdict, error) {
	if err := l.broken.Load(); err != nil {
		return eventlog.Verdict{}, *err
	}
	return l.Log.Verdict(ctx, c, f)
}

// TestPublishFails: what a log's failure means is said by the status, and whether to try again by Retry-After.
func TestPublishFails(t *testing.T) {
	secret := errors.New("disk on fire at a secret place")
	tests := []struct {
		name       string
		err        error
		status     int
		words      string
		retryAfter string
	}{
		{"no space", fmt.Errorf("%w: %w", eventlog.ErrNoSpace, secret), 507, "nothing was published", ""},
		{"unavailable", fmt.Errorf("%w: %w", eventlog.ErrUnavailable, secret), 503, "nothing was done", "1"},
		{"outcome unknown", fmt.Errorf("%w: %w", eventlog.ErrOutcomeUnknown, secret), 503, "outcome unknown", ""},
		{"closed", fmt.Errorf("%w: %w", eventlog.ErrClosed, secret), 503, "shutting down", "3"},
		{"otherwise", secret, 500, "failed", ""},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var logged bytes.Buffer // written before the answer, read after it
				log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
				s := serve(t, m, hub.Options{Log: log}, protocol.Options{
					Authorizer: protocol.AllowAll(), Logger: slog.New(slog.NewTextHandler(&logged, nil)),
				})
				s.post(t, "topic=a")
				log.fail(tt.err)
				check := func(resp *http.Response) {
					t.Helper()
					p := wantProblem(t, resp, tt.status, "", tt.words)
					if strings.Contains(p.Detail, "secret") {
						t.Errorf("the cause is shown: %s", p.Detail)
					}
					if got := resp.Header.Get("Retry-After"); got != tt.retryAfter {
						t.Errorf("Retry-After %q, want %q", got, tt.retryAfter)
					}
				}
				check(s.request(t, http.MethodPost, "", "topic=a"))
				if !errors.Is(tt.err, eventlog.ErrClosed) && !strings.Contains(logged.String(), "secret place") {
					t.Errorf("logged %q", &logged)
				}
				check(s.postLines(t, `{"topic":"a"}`, `not JSON`, `{"topic":"b"}`))
			})
		}
	})
}

// TestSubscribeWhileUnavailable: a subscriber whose cursor cannot be judged now is asked to come back.
func TestSubscribeWhileUnavailable(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
		s := serve(t, m, hub.Options{Log: log}, protocol.Options{})
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "1"})
		log.fail(fmt.Errorf("%w: for a test", eventlog.ErrUnavailable))
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp := s.request(t, method, "topic=a&last_event_id=earliest", "")
			if got := resp.Header.Get("Retry-After"); resp.StatusCode != 503 || got != "1" {
				t.Errorf("%s: %s, Retry-After %q", method, resp.Status, got)
			}
			if method == http.MethodGet {
				wantProblem(t, resp, 503, "", "log")
			}
		}
		log.mend()
		s.subscribe(t, "topic=a&last_event_id=earliest").want("1")
	})
}

// TestPublisherLeaves: a publisher that does not wait for the answer is no failure of the hub's.
func TestPublisherLeaves(t *testing.T) {
	var logged bytes.Buffer
	log := &slowLog{Log: newMemory(t, eventlog.Retention{}), begun: make(chan struct{}, 1), gate: make(chan struct{})}
	h := newHub(t, hub.Options{Log: log})
	handler, err := protocol.Handler(h, protocol.Options{
		Authorizer: protocol.AllowAll(), Logger: slog.New(slog.NewTextHandler(&logged, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, protocol.DefaultPath, strings.NewReader("topic=a"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		handler.ServeHTTP(w, r)
	}()
	wait(t, log.begun, "Append")
	cancel()
	wait(t, done, "end of the request")
	close(log.gate)
	wantProblem(t, w.Result(), 503, "", "outcome unknown")
	if logged.Len() > 0 {
		t.Errorf("logged %s", &logged)
	}
}

// TestFailuresDoNotFloodTheLog: while the log cannot take anything, that is an error once a minute for each kind of
// failure, with the number of those before, and debug output for each.
func TestFailuresDoNotFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := new(records)
		log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
		h := newHub(t, hub.Options{Log: log})
		defer h.Close()
		handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll(), Logger: slog.New(logged)})
		if err != nil {
			t.Fatal(err)
		}
		fail := func(err error, times int, before ...string) {
			t.Helper()
			log.fail(err)
			for range times {
				r := httptest.NewRequest(http.MethodPost, protocol.DefaultPath, strings.NewReader("topic=a"))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				handler.ServeHTTP(httptest.NewRecorder(), r)
			}
			lines, errs := logged.take(), []string(nil)
			for _, l := range lines {
				if l["request"] == "" {
					t.Errorf("a failure is logged without its request: %v", l)
				}
				if l["level"] == "ERROR" {
					errs = append(errs, l["before"])
				}
			}
			if len(lines) != times || !slices.Equal(errs, before) {
				t.Errorf("%d lines for %d failures, the errors say %q before, want %q", len(lines), times, errs, before)
			}
		}
		fail(eventlog.ErrNoSpace, 5, "")
		fail(eventlog.ErrOutcomeUnknown, 2, "") // another kind
		time.Sleep(59 * time.Second)
		fail(eventlog.ErrNoSpace, 5)
		time.Sleep(time.Second)
		fail(eventlog.ErrNoSpace, 5, "9")
		time.Sleep(time.Minute)
		fail(eventlog.ErrNoSpace, 1, "4")
		fail(errors.New("what nobody expects"), 2, "", "")
	})
}
