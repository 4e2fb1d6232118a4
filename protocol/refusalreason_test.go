package protocol_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// TestRefusalsAreTold: the observer is told of each request that is refused, once, whoever refuses it, and the log says
// the same reason.
func TestRefusalsAreTold(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	authorizer := protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
		switch r.Header.Get("Authorization") {
		case "Bearer nobody":
			return protocol.Access{}, protocol.ErrNoToken
		case "Bearer torn":
			return protocol.Access{}, &protocol.PresentationError{Reason: "two tokens"}
		case "Bearer reader":
			return protocol.Access{Scope: "reader"}, nil
		}
		return protocol.AllowAll().Authorize(r)
	})
	tests := []struct {
		name          string
		method, query string
		body          string
		header        []string
		status        int
		want          hub.RefuseReason
	}{
		{"no token", "GET", "topic=a", "", []string{"Authorization", "Bearer nobody"}, 401, hub.RefusedCredentials},
		{"two tokens", "GET", "topic=a", "", []string{"Authorization", "Bearer torn"}, 400, hub.RefusedCredentials},
		{"a stranger's page", "POST", "", "topic=a&data=x", []string{"Content-Type", form, "Origin", "https://stranger.example"}, 403, hub.RefusedOrigin},
		{"another method", "DELETE", "", "", nil, 405, hub.RefusedRequest},
		{"a parameter of another kind", "GET", "topic=a&replay=many", "", nil, 400, hub.RefusedRequest},
		{"another form", "POST", "", "x", []string{"Content-Type", "text/css"}, 415, hub.RefusedRequest},
		{"nothing selected", "GET", "", "", nil, 400, hub.RefusedRequest},
		{"too many topics", "GET", "topic=a&topic=b&topic=c", "", nil, 400, hub.RefusedLimit},
		{"a topic of the reserved kind", "POST", "", "topic=*&data=x", []string{"Content-Type", form}, 400, hub.RefusedInvalid},
		{"too much", "POST", "", "topic=a&data=" + strings.Repeat("x", 5000), []string{"Content-Type", form}, 413, hub.RefusedLimit},
		{"a body too long to be read", "POST", "", "topic=a&data=" + strings.Repeat("x", 50_000), []string{"Content-Type", form}, 413, hub.RefusedLimit},
		{"not granted", "POST", "", "topic=a&data=x", []string{"Content-Type", form, "Authorization", "Bearer reader"}, 403, hub.RefusedForbidden},
	}
	run(t, func(t *testing.T, m mode) {
		var told refusals
		logged := new(records)
		s := serve(t, m, hub.Options{Observer: told.observer(), Limits: hub.Limits{Matchers: 2, DataBytes: 4000}},
			protocol.Options{Authorizer: authorizer, MaxBodyBytes: 20_000, Logger: slog.New(logged)})
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				logged.take()
				resp := s.request(t, tt.method, tt.query, tt.body, tt.header...)
				if resp.StatusCode != tt.status {
					t.Errorf("%s, want %d", resp.Status, tt.status)
				}
				told.want(t, tt.want)
				lines := logged.take()
				if len(lines) != 1 || lines[0]["reason"] != tt.want.String() {
					t.Errorf("logged %v, want the reason %v once", lines, tt.want)
				}
			})
		}
	})
}

// TestRefusedLinesAreTold: of a body of several updates each that is refused is told of, whoever refuses it. A body that is
// refused as a whole is one refusal.
func TestRefusedLinesAreTold(t *testing.T) {
	lines := []string{
		`not JSON`,
		`{"topic":"*"}`,
		`{"topic":"a","data":"` + strings.Repeat("x", 5000) + `"}`,
		`{"topic":"a"}`,
		`{"topic":"` + protocol.DefaultPath + `/subscriptions"}`,
	}
	run(t, func(t *testing.T, m mode) {
		var told refusals
		logged := new(records)
		log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
		s := serve(t, m, hub.Options{Log: log, Observer: told.observer(), Limits: hub.Limits{DataBytes: 4000}},
			protocol.Options{Authorizer: protocol.AllowAll(), Logger: slog.New(logged), MaxLines: len(lines)})
		s.results(t, lines...)
		told.want(t, hub.RefusedInvalid, hub.RefusedLimit, hub.RefusedRequest, hub.RefusedRequest)
		if got := logged.take(); len(got) != 1 || got[0]["refused"] != "4" || got[0]["reason"] != "request" {
			t.Errorf("logged %v, want four refused lines, the first for its form", got)
		}
		wantProblem(t, s.postLines(t, append(lines, lines[0])...), 413, "", "MaxLines")
		told.want(t, hub.RefusedLimit)
		s.results(t, lines[3])
		told.want(t)
	})
}

// TestHubWithoutALog: a log that somebody has closed is a hub that shuts down.
func TestHubWithoutALog(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var told refusals
		logged := new(records)
		log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
		s := serve(t, m, hub.Options{Log: log, Observer: told.observer()},
			protocol.Options{Authorizer: protocol.AllowAll(), Logger: slog.New(logged)})
		log.fail(eventlog.ErrClosed)
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=a"), 503, "", "shutting down")
		told.want(t, hub.RefusedClosed)
		wantProblem(t, s.postLines(t, `not JSON`, `{"topic":"a"}`), 503, "", "shutting down")
		told.want(t, hub.RefusedClosed)
		wantProblem(t, s.request(t, http.MethodGet, "topic=a", ""), 503, "", "shutting down")
		told.want(t, hub.RefusedClosed)
		lines := logged.take()
		for _, line := range lines {
			if line["reason"] != "closed" {
				t.Errorf("logged %v", line)
			}
		}
		if len(lines) != 3 {
			t.Errorf("%d lines, want 3", len(lines))
		}
	})
}

// TestFailuresAreNoRefusals: what is the hub's own fault, or its program's, is logged as such and not counted.
func TestFailuresAreNoRefusals(t *testing.T) {
	var told refusals
	logged := new(records)
	log := &brokenLog{Log: newMemory(t, eventlog.Retention{})}
	handler, err := protocol.Handler(newHub(t, hub.Options{Log: log, Observer: told.observer()}),
		protocol.Options{Authorizer: protocol.AllowAll(), Logger: slog.New(logged)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		err    error
		status int
	}{
		{"middleware hides flushing", nil, 500},
		{"the log is being opened anew", eventlog.ErrUnavailable, 503},
		{"the log has failed", errors.New("for a test"), 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log.mend()
			if tt.err != nil {
				log.fail(tt.err)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(hidden{w}, httptest.NewRequest(http.MethodGet, "/?topic=a", nil))
			told.want(t)
			lines := logged.take()
			if w.Code != tt.status || len(lines) != 1 || lines[0]["level"] != "ERROR" || lines[0]["reason"] != "" {
				t.Errorf("status %d, logged %v; want %d and an error without a reason", w.Code, lines, tt.status)
			}
		})
	}
}
