package ssetest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/ssetest"
)

// fetch sends a request and reads the answer to its end.
func fetch(t *testing.T, server *ssetest.Server, method, body string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/path?q=1", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test", "yes")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp, string(text), err
}

func TestServerFollowsTheScript(t *testing.T) {
	open := make(chan struct{})
	close(open)
	tests := []struct {
		name   string
		script ssetest.Script
		status int
		body   string
		err    error
	}{
		{"nothing", ssetest.Script{}, 200, "", nil},
		{"stream", ssetest.Script{ssetest.Send("a"), ssetest.Drip("bcd"), ssetest.Pause(time.Millisecond), ssetest.Await(open), ssetest.Send("e")}, 200, "abcde", nil},
		{"answer", ssetest.Script{ssetest.Answer(503, "Retry-After", "3")}, 503, "", nil},
		{"end", ssetest.Script{ssetest.Send("a"), ssetest.End(), ssetest.Send("b")}, 200, "a", nil},
		{"cut", ssetest.Script{ssetest.Send("a"), ssetest.Cut()}, 200, "a", io.ErrUnexpectedEOF},
		{"half close", ssetest.Script{ssetest.Send("a"), ssetest.HalfClose()}, 200, "a", io.ErrUnexpectedEOF},
		{"reset", ssetest.Script{ssetest.Answer(200), ssetest.Reset()}, 200, "", syscall.ECONNRESET},
		{"raw", ssetest.Script{ssetest.Raw("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\n\r\nab")}, 200, "ab", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body, err := fetch(t, ssetest.NewServer(t, tt.script), http.MethodGet, "")
			if tt.err == syscall.ECONNRESET && err != nil && resp == nil {
				return // it came before the head was read
			}
			if !errors.Is(err, tt.err) || resp == nil || resp.StatusCode != tt.status || body != tt.body {
				t.Fatalf("answered %v with %q, %v", resp, body, err)
			}
			if want := map[bool]string{true: "3"}[tt.status == 503]; resp.Header.Get("Retry-After") != want {
				t.Errorf("Retry-After is %q, want %q", resp.Header.Get("Retry-After"), want)
			}
		})
	}
}

func TestServerCountsRequests(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("one")}, ssetest.Script{ssetest.Send("two")})
	for i, want := range []string{"one", "two", ""} {
		resp, body, err := fetch(t, server, http.MethodPost, "the body")
		if err != nil || body != want || (resp.StatusCode == http.StatusNoContent) != (i == 2) {
			t.Errorf("request %d: %v, %q, %v", i+1, resp, body, err)
		}
	}
	r := server.Wait(3)
	if r.Method != "POST" || r.Target != "/path?q=1" || r.Body != "the body" || r.Header.Get("X-Test") != "yes" {
		t.Errorf("received %+v", r)
	}
	if n := len(server.Requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

// A server that is closed leaves nothing behind, wherever its scripts are.
func TestServerCloses(t *testing.T) {
	for name, step := range map[string]ssetest.Step{
		"stall": ssetest.Stall(), "pause": ssetest.Pause(time.Hour), "await": ssetest.Await(nil), "half close": ssetest.HalfClose(),
	} {
		t.Run(name, func(t *testing.T) {
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("a"), step})
			ended := make(chan error, 1)
			go func() {
				_, _, err := fetch(t, server, http.MethodGet, "")
				ended <- err
			}()
			server.Wait(1)
			server.Close()
			server.Close()
			if err := <-ended; err == nil {
				t.Error("the stream ended in good order")
			}
		})
	}
}
