package client_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/ssetest"
)

// A request is made anew for each connection, with its method, header and body.
func TestRequestIsRepeated(t *testing.T) {
	bodies := 0
	for name, o := range map[string]client.Options{
		"Body": {Method: "REPORT", Body: []byte("the body")},
		"GetBody": {Method: "REPORT", GetBody: func() (io.ReadCloser, error) {
			bodies++
			return io.NopCloser(strings.NewReader("the body")), nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			aim := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n")})
			server := ssetest.NewServer(t,
				ssetest.Script{ssetest.Send("id: 1\ndata: x\n\n")},
				ssetest.Script{ssetest.Answer(307, "Location", aim.URL)},
			)
			o.Header = http.Header{"X-Test": {"a", "b"}, "Accept": {"text/event-stream, application/json"}}
			if _, err := all(t.Context(), newSource(t, server.URL+"/?q", soon(o))); err != nil {
				t.Fatal(err)
			}
			for i, r := range append(server.Requests(), aim.Requests()...) {
				if r.Method != "REPORT" || r.Body != "the body" || strings.Join(r.Header["X-Test"], ",") != "a,b" ||
					strings.Join(r.Header["Accept"], ";") != "text/event-stream, application/json" {
					t.Errorf("request %d: %+v", i+1, r)
				}
			}
			if n := len(server.Requests()) + len(aim.Requests()); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
		})
	}
	if bodies != 4 {
		t.Errorf("GetBody was called %d times, want 4", bodies)
	}
}

// What changes between connections is asked for before each; a failure there is one of the attempt.
func TestPrepare(t *testing.T) {
	errNoToken := errors.New("no token")
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n")})
	tokens := 0
	var seen states
	source := newSource(t, server.URL, soon(client.Options{
		OnState: seen.add,
		Prepare: func(r *http.Request) error {
			if tokens++; tokens == 2 {
				return errNoToken
			}
			r.Header.Set("Authorization", strconv.Itoa(tokens))
			return r.Context().Err()
		},
	}))
	if _, err := all(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range server.Requests() {
		got = append(got, r.Header.Get("Authorization"))
	}
	if diff := cmp.Diff([]string{"1", "3"}, got); diff != "" {
		t.Errorf("tokens (-want +got):\n%s", diff)
	}
	if waits := seen.waits(); len(waits) != 2 || !errors.Is(waits[1].Err, errNoToken) {
		t.Errorf("waited %+v", waits)
	}
}

func TestGetBodyFails(t *testing.T) {
	errBody := errors.New("no body")
	server := ssetest.NewServer(t)
	_, err := all(t.Context(), newSource(t, server.URL, client.Options{
		Method: "POST", MaxFailures: 1, GetBody: func() (io.ReadCloser, error) { return nil, errBody },
	}))
	if !errors.Is(err, errBody) || len(server.Requests()) != 0 {
		t.Errorf("%v after %d requests", err, len(server.Requests()))
	}
}

func TestStatesAndLog(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(503)}, ssetest.Script{ssetest.Send("data: x\n\n")})
	var seen states
	var log strings.Builder
	_, err := all(context.Background(), newSource(t, strings.Replace(server.URL, "//", "//me:secret@", 1), soon(client.Options{
		OnState: seen.add,
		Logger:  slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range seen {
		text := s.Phase.String() + " " + strconv.Itoa(s.Attempt)
		if s.Err != nil {
			text += " " + s.Err.Error()
		}
		if (s.Phase == client.Waiting) != (s.RetryIn > 0) && s.RetryIn != 0 {
			t.Errorf("%s: waits %v", text, s.RetryIn)
		}
		got = append(got, text)
	}
	want := []string{
		"connecting 1", "waiting 1 client: the server answered 503 Service Unavailable",
		"connecting 2", "open 2", "waiting 2 client: the server ended the stream", "connecting 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
	if n := strings.Count(log.String(), "level=INFO"); n != 2 || strings.Contains(log.String(), "secret") ||
		!strings.Contains(log.String(), "503 Service Unavailable") {
		t.Errorf("logged\n%s", log.String())
	}
	if got := client.Phase(0).String(); got != "unknown" {
		t.Errorf("phase 0 is %q", got)
	}
}
